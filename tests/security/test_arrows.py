"""Who may import whom: the arrows of the architecture."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "diffusers", "tokenizers"}

# Layer -> the layers of the engine that it may import. Discovery of the labs is the one thing that
# core does with the name engine.labs; it imports no lab by name.
ALLOWED = {
    "engine.core": {"engine.core"},
    "engine.figures": {"engine.figures", "engine.core"},
    "engine.io": {"engine.io", "engine.core"},
    "engine.store": {"engine.store", "engine.core"},
    "engine.runtime": {"engine.runtime", "engine.store", "engine.core"},
    "engine.models": {"engine.models", "engine.io", "engine.core"},
    "engine.labs": {
        "engine.labs",
        "engine.models",
        "engine.figures",
        "engine.io",
        "engine.core",
    },
}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, at_import_time: bool = False) -> Iterator[str]:
    """Every module that ``path`` imports; with ``at_import_time`` only those that load with it."""

    def walk(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
        for node in nodes:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                continue
            if at_import_time and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            yield node
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
                    yield from walk([child])

    package = name_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in walk(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            if module in ("engine", "engine.labs"):
                yield from (f"{module}.{alias.name}" for alias in node.names)


def layer(module: str) -> str:
    return ".".join(module.split(".")[:2])


@pytest.mark.parametrize("path", modules("engine"), ids=name_of)
def test_the_engine_keeps_its_arrows(path):
    own = layer(name_of(path))
    for module in imports(path):
        root = module.split(".")[0]
        assert root not in {"streamlit", "pages", "tests", "benchmarks"}, module
        if own in ALLOWED and root == "engine" and layer(module) in ALLOWED:
            discovery = own == "engine.core" and module == "engine.labs"
            assert discovery or layer(module) in ALLOWED[own], f"{name_of(path)} -> {module}"


@pytest.mark.parametrize("path", modules("engine/labs"), ids=name_of)
def test_a_lab_never_imports_another(path):
    own = name_of(path).split(".")[:3]
    for module in imports(path):
        parts = module.split(".")
        if parts[:2] == ["engine", "labs"] and len(parts) > 2:
            assert parts[:3] == own, module


def light_files() -> list[Path]:
    found = []
    for lab in (ROOT / "engine" / "labs").iterdir():
        for name in ("__init__.py", "config.py", "views.py"):
            found += [lab / name] if (lab / name).is_file() else []
        found += sorted([*(lab / "views").rglob("*.py"), *(lab / "config").rglob("*.py")])
    return found


@pytest.mark.parametrize("path", light_files(), ids=name_of)
def test_config_and_views_never_import_torch(path):
    assert not HEAVY & {module.split(".")[0] for module in imports(path)}


@pytest.mark.parametrize("path", modules("pages"), ids=name_of)
def test_pages_import_nothing_heavy_and_the_kit_knows_no_page(path):
    found = set(imports(path))
    assert not HEAVY & {module.split(".")[0] for module in found}
    if name_of(path).startswith("pages.kit"):
        assert not [m for m in found if m.startswith("pages.") and not m.startswith("pages.kit")]
        assert not [m for m in found if m.startswith("engine.labs.")], "the kit knows no lab"


def test_a_page_process_never_loads_torch():
    script = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
pages = Path("pages")
app = AppTest.from_file("pages/frame.py", default_timeout=60).run()
assert not app.exception, app.exception
for page in sorted(pages.glob("*.py")):
    if page.stem not in ("frame", "__init__"):
        app.switch_page(page.name).run()
        assert not app.exception, (page, app.exception)
heavy = {"torch", "transformers", "diffusers", "tokenizers"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
