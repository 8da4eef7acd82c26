"""A hostile file through every upload of every page: told in words, and the page stays whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from typing import cast

import pytest
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.testing.v1 import AppTest

from engine.core import BadInput, labs
from engine.labs.memory_graph import Memory
from pages.kit import uploads
from pages.kit.control import Control
from pages.kit.links import field_key
from pages.kit.uploads import Take
from pages.panels.memory_graph import own_acts
from pages.panels.memory_graph.own_memory import Own
from tests.app.test_pages import LABS, ROOT, texts, visit
from tests.hostile_files import MARKUP, refused_or_read
from tests.security.test_html import check

pytestmark = pytest.mark.usefixtures("runner_off")

ENDINGS = {"source": "upload", "documents": "files", "file": "file"}
# What a page must be set to for all uploads of its views to be in sight.
SHOWN = {
    "diffusion": {"diffusion.bench": "cut", "diffusion.reference": "own"},
    "memory_graph": {"memory_graph.tab": "hiagent", "memory_graph.bench": "memories"},
    "memory_hardware": {"memory_hardware.part": "runs"},
    "motion": {"motion.clip_from": "file", "motion.beside": "file"},
}


def views(lab: str) -> list[str]:
    """The names of a page's views in a link."""
    for path in (ROOT / "pages" / f"{lab}.py", ROOT / "pages" / "panels" / lab / "views.py"):
        if not path.is_file():
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "VIEWS":
                assert isinstance(node.value, ast.Dict)
                return [ast.literal_eval(key) for key in node.value.keys if key is not None]
    return [""]


def declared(lab_name: str) -> set[str]:
    """The keys of the uploads that a lab's settings declare."""
    lab = labs()[lab_name]
    return {
        f"{field_key(lab, experiment, name)}#{ENDINGS[kind]}"
        for experiment in lab.experiments
        for name in experiment.config.model_fields
        if (kind := Control(experiment.config, name, name).kind) in ENDINGS
    }


def whole(app: AppTest) -> None:
    """Nothing failed on the page, and no markup of the file is rendered."""
    assert not app.exception and not app.error
    assert "Something went wrong" not in texts(app)
    check(app)


def bring(app: AppTest, key: str, data: bytes) -> None:
    """Upload ``data`` under a hostile name."""
    app.file_uploader(key=key).upload(f"{MARKUP}.txt", data, "text/plain").run()
    whole(app)


def fields_of(lab: str) -> Iterator[tuple[AppTest, str]]:
    """Every upload of a page once, in a view that has it."""
    met: set[str] = set()
    for view in views(lab):
        app = visit(lab, **{f"{lab}.view": view}, **SHOWN.get(lab, {}))
        for key in [str(one.key) for one in app.file_uploader]:
            if key not in met:
                met.add(key)
                yield app, key


@pytest.mark.parametrize("lab", LABS)
def test_a_hostile_file_in_every_upload_of_a_page(lab: str) -> None:
    words = refused_or_read()["markup"]
    met = set()
    for app, key in fields_of(lab):
        met.add(key)
        assert 0 < app.file_uploader(key=key).proto.max_upload_size_mb <= 20
        bring(app, key, b"")
        assert app.warning, f"{key}: nothing is said of an empty file"
        bring(app, key, words)
    assert declared(lab) <= met


@pytest.mark.parametrize(
    ("ending", "take"),
    [
        ("upload", partial(uploads._one_text, most=1)),
        ("file", uploads._one_file),
        ("files", uploads._files),
        ("folder", uploads._folder),
    ],
)
def test_a_file_that_the_server_has_lost_is_asked_for_again(
    ending: str, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart a browser still names what it sent to the server before."""
    lost = DeletedFile("a file of another time")
    held = [lost] if ending in ("files", "folder") else lost
    monkeypatch.setattr(uploads.st, "session_state", {f"lab.field#{ending}": held})
    with pytest.raises(BadInput, match="bring it again"):
        take("lab.field")


def test_a_lost_memory_is_not_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = DeletedFile("a file of another time")
    monkeypatch.setattr(own_acts.st, "session_state", {f"{own_acts.WRITING}merge": lost})
    with Memory.open() as memory, pytest.raises(BadInput, match="bring it again"):
        own_acts.merge(cast(Own, None), memory)
