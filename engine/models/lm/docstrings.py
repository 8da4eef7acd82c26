"""Reference documents of an installation: one per module, read from source without importing it.

A document is the module's name and docstring, then each class and function as a signature line
with its docstring below. Paragraphs that were already read anywhere are dropped, so a parameter
list that generated code repeats a thousand times is learnt once.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.models.lm.document import Document

PACKAGE_BYTES = 450_000  # so that the largest packages do not drown the rest
MODULE_BYTES = 40_000
SOURCE_BYTES = 1_500_000
MIN_DOCSTRING, MAX_DOCSTRING = 40, 12_000
SIGNATURE_CHARACTERS = 200
SKIPPED_FOLDERS = {
    "test", "tests", "idle_test", "_vendor", "vendor", "vendored", "externals", "extern",
    "site-packages", "__pycache__", "graph_objs", "validators", "lib2to3", "pydoc_data",
    "conftest", "benchmarks", "_pyinstaller",
}  # fmt: skip
# Our own package must not read itself: the text would change with every edit of this file.
SKIPPED_PACKAGES = {"engine", "pip"}


def topic_documents() -> list[Document]:
    """The language reference that ``help("topics")`` shows."""
    from pydoc_data.topics import topics

    return [
        Document("python-docs", f"topic {name}", text.strip().replace("\r\n", "\n"))
        for name, text in sorted(topics.items())
    ]


def installed_documents(roots: Iterable[Path] | None = None) -> list[Document]:
    """Docstring documents of every package under ``roots``, in an order that only names decide."""
    if roots is None:
        paths = sysconfig.get_paths()
        roots = (Path(paths["stdlib"]), Path(paths["purelib"]))
    seen: set[bytes] = set()
    return [document for root in roots for document in _root_documents(root, seen)]


def _root_documents(root: Path, seen: set[bytes]) -> Iterator[Document]:
    packages: dict[str, list[Path]] = {}
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).parts
        package = parts[0].removesuffix(".py")
        if package not in SKIPPED_PACKAGES and not SKIPPED_FOLDERS.intersection(parts[:-1]):
            packages.setdefault(package, []).append(path)
    for package in sorted(packages):
        left = PACKAGE_BYTES
        # Hash order spreads a capped package's share over all of its modules.
        for path in sorted(packages[package], key=lambda p: _name_hash(p.relative_to(root))):
            if left <= 0:
                break
            text = module_text(path, ".".join(path.relative_to(root).with_suffix("").parts), seen)
            if text:
                yield Document("python-docs", str(path.relative_to(root)), text)
                left -= len(text)


def _name_hash(path: Path) -> str:
    return hashlib.sha256(path.as_posix().encode()).hexdigest()


def module_text(path: Path, name: str, seen: set[bytes]) -> str:
    """The document of one source file, or "" when it holds no prose; ``seen`` is updated."""
    if path.name.startswith("test_") or path.stat().st_size > SOURCE_BYTES:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        return ""
    module = name.removesuffix(".__init__")
    parts = []
    size = 0
    for signature, docstring in _entries(tree, module):
        body = _prose(docstring, seen)
        if body and size < MODULE_BYTES:
            parts.append(f"{signature}\n\n{body}")
            size += len(parts[-1])
    return "\n\n".join(parts)


def _entries(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    yield f"module {module}", _docstring(tree)
    pending: list[tuple[ast.AST, str]] = [(node, "") for node in tree.body]
    while pending:
        node, owner = pending.pop(0)
        if isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in node.bases)
            yield f"class {node.name}({bases})"[:SIGNATURE_CHARACTERS], _docstring(node)
            pending[:0] = [(inner, f"{node.name}.") for inner in node.body]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            signature = f"{owner}{node.name}({ast.unparse(node.args)})"
            yield signature[:SIGNATURE_CHARACTERS], _docstring(node)


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return inspect.cleandoc(ast.get_docstring(node, clean=False) or "")


def _prose(docstring: str, seen: set[bytes]) -> str:
    """The paragraphs worth learning: long enough, mostly letters, and not read before."""
    text = docstring.replace("\r\n", "\n").replace("\t", "    ")
    if not MIN_DOCSTRING <= len(text) <= MAX_DOCSTRING or "\x00" in text:
        return ""
    kept = []
    for paragraph in re.split(r"\n\s*\n", text):
        paragraph = paragraph.rstrip()
        flat = " ".join(paragraph.split())
        key = hashlib.sha256(flat.encode("utf-8", "replace")).digest()[:12]
        repeated = key in seen and len(flat) > 20
        seen.add(key)
        if not repeated and _is_text(paragraph):
            kept.append(paragraph)
    body = "\n\n".join(kept)
    return body if len(body) >= MIN_DOCSTRING else ""


def _is_text(paragraph: str) -> bool:
    visible = [c for c in paragraph if not c.isspace()]
    if not visible or max(map(len, paragraph.split("\n"))) > 400:
        return False
    ascii_letters = sum(c.isascii() and c.isalpha() for c in visible)
    return ascii_letters >= 0.6 * len(visible) or paragraph.lstrip().startswith(">>>")
