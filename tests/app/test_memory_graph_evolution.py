"""The view of A-MEM's evolution without a browser: steps, notes, switches, hostile words."""

from __future__ import annotations

import json

import pytest

from engine.core import get_lab
from engine.core.context import QuietContext
from engine.labs.memory_graph import run
from engine.labs.memory_graph.config import EvolutionConfig
from engine.store import Store
from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")
VIEW = {"memory_graph.view": "evolution"}
SCRIPT = "<script>window.__x=1</script> Genoa harbour **bold** $x^2$ painted"


def stored(config: EvolutionConfig) -> None:
    """Put a result where the page looks for it."""
    lab = get_lab("memory_graph")
    experiment = lab.experiment("evolution")
    store = Store.open()
    found = run.evolution(config, QuietContext(store.inputs.get))
    digest = experiment.digest(lab.name, config)
    store.results.save(digest, found, {"lab": lab.name, "experiment": experiment.name})


def test_the_first_visit_shows_a_step_that_changes_notes() -> None:
    app = visit("memory_graph", **VIEW)
    said = texts(app)
    assert "rule-based analyst, no language model" in said
    assert "Decision: strengthen, update_neighbor." in said
    assert "139 notes made 200 links and 52 edits" in said
    assert "Their F1 is another measure" in said and "45.85" in said
    assert any("Half way in the ledger" in table.value["Note"].to_string()
               or "Dorothea" in table.value["Note"].to_string()
               for table in app.dataframe if "Note" in table.value)  # fmt: skip


def test_a_step_and_a_note_of_the_link_are_shown() -> None:
    app = visit("memory_graph", **VIEW, **{"memory_graph.arrival": "0", "memory_graph.note": "5"})
    said = texts(app)
    assert "The first note: there is nothing yet" in said
    assert "This note comes in step 6; step 1 is shown." in said
    assert any("Step 1: what this note did" in header.value for header in app.header)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_graph.arrival", "9999"),
        ("memory_graph.arrival", "x"),
        ("memory_graph.note", "-7"),
        ("memory_graph.conversation", "3"),
        ("memory_graph.notes", "100000"),
    ],
)
def test_a_bad_value_gets_at_most_one_sentence_and_figures_stay(name: str, value: str) -> None:
    app = visit("memory_graph", **VIEW, **{name: value})
    assert len(app.warning) <= 1
    assert app.get("plotly_chart")


def test_the_next_change_is_a_click_away() -> None:
    app = visit("memory_graph", **VIEW, **{"memory_graph.arrival": "0"})
    app.button(key="memory_graph.arrival#Next change").click().run()
    assert not app.exception
    assert any("Step 31: what this note did" in header.value for header in app.header)
    assert app.button(key="memory_graph.arrival#Previous change").disabled, "it is the first"


def test_the_switch_of_places_names_the_notes_that_it_edited_wrongly() -> None:
    app = visit("memory_graph", **VIEW, **{"memory_graph.ranks_as_positions": "true"})
    assert not app.warning
    tables = [table.value for table in app.dataframe if "Times" in table.value]
    assert len(tables) == 1 and len(tables[0]) == 5
    assert "1. A green notebook" in set(tables[0]["Note"])
    switches = next(table.value for table in app.dataframe if "In history" in table.value)
    assert switches.set_index("Memory").loc["(b) Ranks as places", "Wrong"] == 5
    assert switches.set_index("Memory").loc["(c) No history", "In history"] == "0 of 177"


def test_notes_with_markup_stay_text_and_conversations_can_be_chosen() -> None:
    rows = [
        {
            "conv": conversation,
            "dia_id": f"D1:{i}",
            "speaker": "<b>Ada</b>",
            "text": f"{SCRIPT} number {i % 3}",
            "datetime": f"1:56 pm on {i + 1} May, 2023",
        }
        for conversation in ("one", "<i>two</i>")
        for i in range(9)
    ]
    data = "\n".join(map(json.dumps, rows)).encode()
    address = Store.open().inputs.put(data, "talk.jsonl")
    stored(EvolutionConfig(corpus=address))
    app = visit("memory_graph", **VIEW, **{"memory_graph.corpus": address})
    assert not app.warning
    raw = [element.value for element in app.markdown if "script\\>" in element.value]
    assert raw and all("\\<script" in value for value in raw)
    assert "came without questions whose gold" in texts(app)
    menus = {menu.label: menu.options for menu in app.selectbox}
    assert menus["Conversation"] == ["1. one", "2. <i>two</i>"]


def test_another_memory_begins_with_a_step_of_its_own() -> None:
    rows = [{"id": i, "title": f"Day {i}", "text": f"harbour {i // 2} painted"} for i in range(60)]
    data = "\n".join(map(json.dumps, rows)).encode()
    address = Store.open().inputs.put(data, "days.jsonl")
    stored(EvolutionConfig(corpus=address))
    app = visit("memory_graph", **VIEW, **{"memory_graph.arrival": "50"})
    assert any("Step 51" in header.value for header in app.header)
    app.session_state["memory_graph.corpus"] = address
    app.run()
    assert not app.exception and not app.warning
    first = next(header.value for header in app.header if header.value.startswith("Step"))
    assert first != "Step 51: what this note did"
    assert "memory_graph.arrival" not in app.query_params
    assert "60 notes made" in texts(app)
