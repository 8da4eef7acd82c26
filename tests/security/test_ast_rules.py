"""What no file of the project may do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "pages", "benchmarks")
SOURCES = sorted(
    [ROOT / "app.py", *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))]
)
ALL_PYTHON = sorted([*SOURCES, *(ROOT / "tests").rglob("*.py")])
SCRIPTS = sorted(path for ending in ("*.js", "*.html") for path in (ROOT / "pages").rglob(ending))
CACHES = {"cache_data", "cache_resource"}
BOUNDS = {"max_entries", "max_size"}


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def called(node: ast.Call) -> str:
    """The dotted name of what is called, as far as it is one."""
    return ast.unparse(node.func)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def forbidden(path: Path) -> list[str]:
    found = []
    for node in ast.walk(tree(path)):
        where = f"line {getattr(node, 'lineno', '?')}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            module = getattr(node, "module", None) or ""
            for name in (module, *names):
                if name.split(".")[0] in {"pickle", "cPickle", "dill", "cloudpickle", "shelve"}:
                    found.append(f"{where}: imports {name}")
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in {"eval", "exec", "yaml.load", "marshal.loads", "pd.read_pickle"}:
            found.append(f"{where}: calls {name}")
        if name.endswith("torch.load") and not _is_true(keywords.get("weights_only")):
            found.append(f"{where}: torch.load without weights_only=True")
        if "allow_pickle" in keywords and not _is_false(keywords["allow_pickle"]):
            found.append(f"{where}: allow_pickle")
        for flag in ("unsafe_allow_html", "unsafe_allow_javascript", "shell"):
            if flag in keywords and not _is_false(keywords[flag]):
                found.append(f"{where}: {flag}")
    return found


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_nothing_forbidden_is_called(path):
    assert forbidden(path) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "torch.load(path)",
        "torch.load(path, weights_only=flag)",
        "np.load(path, allow_pickle=True)",
        "st.markdown(text, unsafe_allow_html=True)",
        "yaml.load(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_rules_find_what_they_forbid(text, tmp_path):
    path = tmp_path / "sample.py"
    path.write_text(text)
    assert forbidden(path)


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_streamlit_caches_are_bounded(path):
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(call).split(".")[-1] in CACHES:
                assert isinstance(decorator, ast.Call), f"{node.name}: unbounded cache"
                assert BOUNDS & {keyword.arg for keyword in decorator.keywords}, node.name


@pytest.mark.parametrize("path", SCRIPTS, ids=label)
def test_components_write_text_and_never_markup(path):
    text = path.read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in text, word
    assert "new Function" not in text
    assert not re.search(r"""(?:src|href)\s*=\s*["']https?:""", text), "content of another host"


@pytest.mark.parametrize("path", ALL_PYTHON, ids=label)
def test_no_file_needs_a_scroll_bar(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 600
    if path.name == "app.py" and path.parent == ROOT:
        assert lines <= 60
    if path.parent == ROOT / "pages":
        assert lines <= 200, "a page is prose and panels; move the rest to views or the kit"


@pytest.mark.parametrize("path", ALL_PYTHON, ids=label)
def test_nothing_is_left_for_later(path):
    # The words are put together here, so that this file does not contain them.
    for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX"):
        assert not re.search(rf"\b{word}\b", path.read_text(encoding="utf-8")), word
