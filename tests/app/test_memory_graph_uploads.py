"""A memory of the visitor's own, from files, pasted words or rows, in every view."""

from __future__ import annotations

import json

import pytest

from engine.core.context import QuietContext
from engine.io.pack import pack_files
from engine.labs.memory_graph import run
from engine.labs.memory_graph.config import DuelConfig, WavefrontConfig
from engine.store import Store
from tests.app.test_pages import texts, visit

NOTES = [
    ("Heron Bridge.md", b"---\ndate: 2024-05-01\n---\n\nAda Marsh built the Heron Bridge."),
    ("Ada Marsh.md", b"# Ada Marsh\n\nAda Marsh was born in Wodnica, see [[Heron Bridge]]."),
    ("rest.txt", b"The ferry to Wodnica was closed when the Heron Bridge opened."),
]  # fmt: skip


def brought(data: bytes, name: str = "notes.zip") -> tuple[str, QuietContext]:
    inputs = Store.open().inputs
    return inputs.put(data, name), QuietContext(inputs.get)


def test_notes_become_a_graph_that_walks() -> None:
    address, context = brought(pack_files(NOTES))
    found = run.wavefront(WavefrontConfig(corpus=address, ask="Who built Heron Bridge?"), context)
    titles = [passage["title"] for passage in found.notes["passages"]]
    assert titles == ["Ada Marsh", "Heron Bridge", "rest"]
    assert found.notes["passages"][1]["when"] == "2024-05-01"
    assert found.notes["questions"] == []
    assert titles[found.array("top")[-1, -1]] == "rest"  # it says nothing of a builder


def test_a_memory_without_questions_is_asked_about_its_commonest_name() -> None:
    address, context = brought(pack_files(NOTES))
    found = run.wavefront(WavefrontConfig(corpus=address), context)
    assert found.notes["question"] == "What is known about Heron Bridge?"
    assert found.notes["made"]


def test_rows_with_ids_take_questions_of_their_own() -> None:
    rows = [
        {"idx": i, "title": name, "text": data.decode()} for i, (name, data) in enumerate(NOTES)
    ]
    corpus, context = brought("\n".join(map(json.dumps, rows)).encode(), "rows.jsonl")
    asked, _ = brought(b'{"question": "Who built Heron Bridge?", "gold": [0]}', "q.jsonl")
    found = run.duel(DuelConfig(corpus=corpus, questions=asked), context)
    assert found.metrics["bm25 recall@2"] == 100


def test_the_language_reference_of_this_interpreter_is_a_memory() -> None:
    context = QuietContext(Store.open().inputs.get)
    config = WavefrontConfig(corpus="python-topics", ask="What does UnboundLocalError mean?")
    grounded = config.grounded(Store.open().inputs.put)
    assert grounded.corpus.startswith("input:")
    found = run.wavefront(grounded, context)
    assert len(found.notes["passages"]) > 1000
    best = found.notes["passages"][int(found.array("top")[-1, 0])]
    assert "UnboundLocalError" in best["text"]


@pytest.mark.parametrize("view", ["wavefront", "duel", "why"])
def test_a_link_to_a_file_that_is_gone_keeps_the_figures(view: str) -> None:
    query = {"memory_graph.view": view, "memory_graph.corpus": "input:0123456789abcdef"}
    app = visit("memory_graph", **query)
    assert len(app.warning) == 1 and "bring the file again" in app.warning[0].value
    assert app.get("plotly_chart")


@pytest.mark.usefixtures("runner_off")  # a full queue of other tests' runs would be told too
def test_an_upload_is_taken_and_an_empty_one_refused() -> None:
    app = visit("memory_graph")
    uploader = app.file_uploader[0]
    uploader.upload("empty.md", b"  \n", "text/markdown").run()
    assert len(app.warning) == 1 and "empty" in app.warning[0].value
    app.file_uploader[0].upload("day.md", b"# Day\n\nAda Marsh met Bo Lind.", "text/markdown").run()
    memory = next(box for box in app.selectbox if box.label == "Memory")
    assert [warning.value for warning in app.warning] == []
    assert memory.options[-1] == "Your own: day.md"


def test_pasted_words_are_a_memory() -> None:
    app = visit("memory_graph")
    area = next(area for area in app.text_area if area.label == "Or paste words")
    area.input("Ada Marsh built the Heron Bridge.").run()
    next(button for button in app.button if button.label == "Take these words").click().run()
    memory = next(box for box in app.selectbox if box.label == "Memory")
    assert memory.options[-1] == "Your own: pasted words"


@pytest.mark.usefixtures("runner_off")
def test_settings_of_a_view_outlive_its_absence() -> None:
    app = visit("memory_graph", **{"memory_graph.damping": "0.3"})
    assert "damping" in texts(app).lower()
    app.session_state["memory_graph.view"] = "duel"
    app.run()
    app.session_state["memory_graph.view"] = "wavefront"
    app.run()
    assert next(s for s in app.slider if s.label == "Damping").value == 0.3
