"""The ten-minute path to a new lab: one command writes it, and menu, gallery and CLI have it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from math import log
from pathlib import Path

import pytest

from engine.core import BadInput, EngramError
from engine.scaffold import build_lab

ROOT = Path(__file__).parents[2]
NAME = "echo_chamber"
TITLE = "Echo chamber"
VISIT = f"""
from streamlit.testing.v1 import AppTest

app = AppTest.from_file("pages/frame.py", default_timeout=90).run()
assert not app.exception and not app.error
assert "{TITLE}" in [heading.value for heading in app.subheader], "the gallery has its card"
from engine.core import labs
from pages.kit import shown_labs
assert "{NAME}" in [lab.name for lab in shown_labs()], "the menu has its page"
app.switch_page("{NAME}.py").run()
assert not app.exception and not app.error and not app.warning
assert app.title[0].value == "{TITLE}"
assert app.get("plotly_chart"), "the page paints at once"
assert any("Half is gone after 3.5 days" in text.value for text in app.markdown)
app.query_params["papers.lab"] = "{NAME}"
app.switch_page("papers.py").run()
assert not app.exception and [heading.value for heading in app.header] == ["{TITLE}"]
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with nothing of its assets but links to them."""
    copy = tmp_path_factory.mktemp("checkout")
    without = shutil.ignore_patterns("__pycache__")
    for folder in ("engine", "pages", ".streamlit"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=without)
    for file in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / file, copy / file)
    for part in (ROOT / "assets").iterdir():
        linked = copy / "assets" / part.name
        linked.parent.mkdir(exist_ok=True)
        if part.name != "results":
            linked.symlink_to(part)
            continue
        linked.mkdir()
        for lab in part.iterdir():
            (linked / lab.name).symlink_to(lab)
    return copy


def python(checkout: Path, home: Path, *words: str, path: str = "") -> str:
    environment = {**os.environ, "ENGRAM_HOME": str(home), "ENGRAM_RUNNER": "off"}
    environment["PYTHONPATH"] = path
    done = subprocess.run(
        [sys.executable, *words],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_a_lab_that_one_command_wrote_is_everywhere(checkout, own_home):
    def run(*words: str, path: str = "") -> str:
        return python(checkout, own_home, *words, path=path)

    answer = json.loads(run("-m", "engine", "new-lab", NAME, "--json"))
    assert (checkout / "pages" / f"{NAME}.py").is_file()
    assert f"engine/labs/{NAME}/config.py" in answer["files"]
    # As CONTRIBUTING.md goes on: ship what is shown on a first visit, and run the test.
    run("-m", "engine.runtime.ship", NAME)
    assert "passed" in run("-m", "pytest", "-q", f"tests/unit/test_{NAME}.py")
    listed = json.loads(run("-m", "engine", "--json"))["labs"]
    assert listed[NAME]["title"] == TITLE
    told = run("-m", "engine", NAME, "curve", "--strength", "5", "--json")
    metrics = json.loads(told.splitlines()[-1])["metrics"]
    assert metrics["half_life_days"] == pytest.approx(5 * log(2))
    run("-c", VISIT)
    assert "half is gone after 0.7 days" in run(f"examples/{NAME}.py", path=str(checkout))
    own = [path for path in answer["files"] if path.endswith(".py")]
    run("-m", "ruff", "check", *own)
    run("-m", "ruff", "format", "--check", *own)


@pytest.mark.parametrize(
    "name", ["", "a", "Lab", "1lab", "my-lab", "class", "../x", "motion", "about"]
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(tmp_path, name):
    (tmp_path / "pages").mkdir()
    for page in ("frame", "about"):
        (tmp_path / "pages" / f"{page}.py").touch()
    with pytest.raises(BadInput, match="name"):
        build_lab(tmp_path, name)
    assert sorted(path.name for path in tmp_path.rglob("*.py")) == ["about.py", "frame.py"]


@pytest.mark.parametrize("title", [" ", 'a "quote"', "two\nlines", "{x}", "<b>"])
def test_a_title_that_would_break_a_file_is_refused(tmp_path, title):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "frame.py").touch()
    with pytest.raises(BadInput, match="title"):
        build_lab(tmp_path, "fresh", title)


def test_outside_a_checkout_there_is_a_sentence(tmp_path):
    with pytest.raises(EngramError, match="checkout"):
        build_lab(tmp_path, "fresh")
