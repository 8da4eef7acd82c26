"""Fixtures that every ring of tests shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Processes share the files, but one of them alone drives Chromium.

    A page with its server and its browser is more than a core carries: two at once wait for each
    other until something runs out of patience.
    """
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class OneBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            browser = nodeid.startswith("tests/browser/")
            return "tests/browser" if browser else str(super()._split_scope(nodeid))

    return OneBrowser(config, log)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference data beside the checkout; see the README in each of its folders."""
    folder = Path(os.environ.get("ENGRAM_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if folder.is_dir():
        return folder
    reason = f"needs the reference data in {folder}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of its own for every test: nothing is read from or written to the user's."""
    home = tmp_path_factory.mktemp("engram-home")
    monkeypatch.setenv("ENGRAM_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """Streamlit puts its page in the place of ``__main__``, which spawned processes import."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
