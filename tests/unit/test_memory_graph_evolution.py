"""A-MEM note by note: what the run reports is what the memories hold."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from engine.core import BadInput, Result, get_lab
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.memory_graph import run
from engine.labs.memory_graph.config import MOST_NOTES, EvolutionConfig
from engine.labs.memory_graph.evolution import evolution
from engine.labs.memory_graph.living.analyst import Analysis, Evolution
from engine.labs.memory_graph.living.words import TfIdf
from engine.labs.memory_graph.loading import load
from engine.labs.memory_graph.views import evolution as growth
from engine.labs.memory_graph.views import evolution_step as stepping
from engine.labs.memory_graph.views import evolution_switches as switching

STILL = {"link_from": 1.0, "link_named_from": 1.0, "rewrite_from": 1.0}


@cache
def result(**values: object) -> Result:
    config = get_lab("memory_graph").experiment("evolution").config.build(dict(values))
    return run.evolution(config, QuietContext())


def trial(found: Result, name: str) -> dict:
    return next(row for row in found.notes["trials"] if row["name"] == name)


def uploaded(rows: list[dict], questions: list[dict] = (), **values: object) -> Result:
    files = {
        name: "\n".join(map(json.dumps, lines)).encode()
        for name, lines in (("input:c", rows), ("input:q", questions))
    }
    asked = {"questions": "input:q"} if questions else {}
    config = EvolutionConfig(corpus="input:c", **asked, **values)
    return run.evolution(config, QuietContext(files.__getitem__))


def turns(conversation: str, texts: list[str]) -> list[dict]:
    return [
        {
            "conv": conversation,
            "session": 1,
            "datetime": "1:56 pm on 8 May, 2023",
            "dia_id": f"D1:{i + 1}",
            "speaker": "Ada" if i % 2 else "Ben",
            "text": text,
        }
        for i, text in enumerate(texts)
    ]


def test_counts_of_the_steps_are_those_of_the_ledger() -> None:
    found = result()
    changes = found.notes["changes"]
    others = [c for c in changes if c["note"] != c["cause"]]
    assert found.array("edits").sum() == len(others) == found.number("edits") > 0
    assert found.number("changed notes") == len({c["note"] for c in others})
    links = found.array("link")
    assert len(links) == found.array("links_made").sum() == found.number("links") > 0
    assert (links[:, 0] > links[:, 1]).all(), "a note links to older ones"
    assert all(c["cause"] == c["step"] for c in changes), "a step is the arrival of its note"
    near = found.array("near")
    assert (near < np.arange(len(near))[:, None]).all() and (near[0] == -1).all()
    cosine = found.array("cosine")
    assert (np.diff(cosine[5:]) <= 1e-6).all(), "nearest first"


def test_a_note_said_before_a_change_what_the_change_says_it_did() -> None:
    found = result()
    for change in found.notes["changes"]:
        if change["field"] == "links":
            continue
        note, step, field = change["note"], change["step"], change["field"]
        assert stepping.described(found, note, step)[field] == change["after"]
        assert stepping.described(found, note, step - 1)[field] == change["before"]


def test_a_step_shows_every_changed_note_and_only_those() -> None:
    found = result()
    step = stepping.busiest_step(found)
    diffs = stepping.step_diffs(found, step)
    changed = {c["note"] for c in stepping.changes_at(found, step) if c["field"] != "links"}
    assert diffs[0].note == step and {diff.note for diff in diffs} == changed
    assert all(any(p.sign != "=" for _, parts in d.rows for p in parts) for d in diffs)
    assert {d.note for d in diffs} - {step} == set(stepping.changed_notes(found)[step])
    rows = stepping.neighbour_table(found, step)
    assert len(rows) == 5 and sum("rewritten" in row["Done"] for row in rows) == len(diffs) - 1
    quiet = int(np.flatnonzero(found.array("links_made") == 0)[1])
    assert "Nothing is near enough" in stepping.decision(found, quiet)
    assert "first note" in stepping.decision(found, 0)


def test_the_history_of_a_note_names_step_and_cause_of_every_change() -> None:
    found = result()
    note = stepping.most_changed(found)
    rows = list(stepping.history(found, note))
    assert [c for c, _ in rows] == [c for c in found.notes["changes"] if c["note"] == note]
    assert len({c["cause"] for c, _ in rows}) > 1
    assert all(parts for _, parts in rows)


def test_recall_counts_questions_whose_gold_has_all_come() -> None:
    found = result()
    at, answered = found.array("checkpoint"), found.array("answered")
    assert (np.diff(answered) >= 0).all() and answered[-1] == found.number("questions") == 52
    assert at[-1] == found.number("notes")
    names = [row["name"] for row in found.notes["trials"]]
    ends = found.array("trial_recall").mean(axis=1)
    curves = found.array("recall")[:, -1]
    assert curves == pytest.approx([ends[names.index("before")], ends[names.index("paper")]])


def test_recall_without_evolution_is_that_of_the_described_notes_searched_by_cosine() -> None:
    found = result()
    texts = found.notes["texts"]
    tfidf = TfIdf(texts)
    said = [
        " ".join([text, first["context"], *first["keywords"], *first["tags"]])
        for text, first in zip(texts, found.notes["first"], strict=True)
    ]
    loaded = load(EvolutionConfig(), lambda value, field: b"")
    recalls = []
    for question in loaded.questions:
        scores = tfidf.vectors(said) @ tfidf.vectors([question.text])[0]
        first = np.argsort(-scores, kind="stable")[:5]
        recalls.append(100 * np.isin(question.gold, first).mean())
    assert found.number("recall before") == pytest.approx(np.mean(recalls), abs=1e-4)


def test_where_nothing_is_near_enough_nothing_happens_and_the_page_says_so() -> None:
    found = result(**STILL)
    assert found.number("links") == found.number("edits") == 0
    assert found.number("difference") == 0
    told = growth.summary(found, 5)
    assert "0 links and 0 edits" in told and "none of the 52 questions" in told
    assert stepping.most_changed(found) == -1 and stepping.busiest_step(found) == 0
    assert (
        growth.draw_growth(found, Palette.light(), step=0, count="so far").layout.title is not None
    )


def test_ranks_as_places_rewrite_the_first_notes_of_the_memory() -> None:
    found = result(ranks_as_positions=True)
    row = trial(found, "ranks_as_positions")
    assert set(row["edited"]) <= set(range(5)) and row["misplaced"]
    assert not trial(found, "paper")["misplaced"]
    assert found.number("changed notes") == len(row["edited"])
    strays = {(row["step"], row["note"]) for row in found.notes["changes"]} & {
        (step, note) for step, note in row["misplaced"]
    }
    assert len(strays) == len(row["misplaced"])
    near = found.array("near")
    assert all(note not in near[step] for step, note in row["misplaced"])
    step = row["misplaced"][0][0]
    assert "neighbour" in stepping.decision(found, step)
    wrong = switching.wrongly_edited(found)
    assert sum(one["Times"] for one in wrong) == len(row["misplaced"])


def test_an_unwritten_history_loses_nothing_but_the_history() -> None:
    found = result()
    paper, bare = trial(found, "paper"), trial(found, "unwritten_history")
    assert paper["remembered"] == paper["changes"] == bare["changes"] > 0
    assert bare["remembered"] == 0 and bare["difference"] == 0
    assert "know of 0 of" in switching.describe_switches(found, 5)


def test_without_content_the_index_finds_less_until_it_is_rebuilt() -> None:
    late = trial(result(), "index_without_content")
    assert late["rebuilds"] == 0 and late["high"] < 0
    soon = result(rebuild_every=1, link_from=0.05, link_named_from=0.05)
    assert trial(soon, "index_without_content")["rebuilds"] > 0
    assert trial(soon, "index_without_content")["recall"] > late["recall"] + 10


def test_switches_that_are_on_together_are_a_memory_of_their_own() -> None:
    found = result(index_without_content=True, ranks_as_positions=True)
    assert found.notes["shown"] == "as set"
    names = [row["Memory"] for row in switching.switch_table(found, 5)]
    assert names[-1] == "All switches that are on" and len(names) == 6
    assert trial(found, "paper")["recall"] == trial(result(), "paper")["recall"]


def test_following_links_reads_more_notes_and_the_table_has_both() -> None:
    plain, followed = switching.link_table(result(), 5)
    assert (plain["Retrieval"], followed["Retrieval"]) == ("Links not followed", "Links followed")
    assert plain["Notes in the answer"] == 5 < followed["Notes in the answer"]
    assert followed["Recall of the whole answer [%]"] >= plain["Recall of the whole answer [%]"]
    turned = switching.link_table(result(follow_links=True), 5)
    assert turned == [plain, followed]
    assert result(follow_links=True).number("recall after") == pytest.approx(
        followed["Recall of the first 5 [%]"]
    )


def test_a_question_of_ones_own_is_put_to_both_memories() -> None:
    found = result(ask="Who cooked for eight on the roof?")
    first = [found.notes["asked"][side][0][0] for side in ("before", "after")]
    assert all("Casimir Ode cooked" in found.notes["texts"][note] for note in first)
    assert result().notes["asked"] == {}


class Eager:
    """Links every note to its nearest and renames that one's context."""

    name = "eager"

    def analyse(self, content):
        return Analysis(keywords=["k"], context="c", tags=["t"])

    def evolve(self, note, neighbours):
        return Evolution(
            should_evolve=True,
            actions=["strengthen", "update_neighbor"],
            suggested_connections=[neighbours[0].note.id],
            new_context_neighborhood=[f"seen by {note.id}"],
        )


def test_another_analyst_may_decide() -> None:
    found = evolution(
        EvolutionConfig(notes=10), lambda value, field: b"", lambda *_: None, lambda *_: Eager()
    )
    assert found.notes["analyst"] == "eager"
    assert found.array("links_made").tolist() == [0, *[1] * 9]
    assert found.array("near")[1:, 0].tolist() == found.array("link")[:, 1].tolist()
    assert {c["after"] for c in found.notes["changes"] if c["field"] == "context"} == {
        f"seen by n{i}" for i in range(1, 10)
    }


def test_each_conversation_is_a_memory_of_its_own() -> None:
    rows = [*turns("one", ["Genoa is far.", "Rain.", "Genoa again."]), *turns("two", ["A", "B"])]
    asked = [
        {"conv": "one", "question": "How far is Genoa?", "evidence": ["D1:1", "D1:3"]},
        {"conv": "two", "question": "A?", "evidence": ["D1:1"]},
    ]
    found = uploaded(rows, asked)
    assert found.notes["conversations"] == ["one", "two"]
    assert found.notes["texts"] == ["Ben: Genoa is far.", "Ada: Rain.", "Ben: Genoa again."]
    assert found.number("questions") == 1 and found.number("questions out of reach") == 0
    second = uploaded(rows, asked, conversation=1)
    assert len(second.notes["texts"]) == 2 and second.number("questions") == 1
    capped = uploaded(rows, asked, notes=2)
    assert capped.number("questions") == 0 and capped.number("questions out of reach") == 1
    assert capped.number("notes before the cap") == 3 and "recall" not in capped.fields
    with pytest.raises(BadInput, match="conversation"):
        uploaded(rows, asked, conversation=2)


def test_days_order_the_notes_and_without_them_the_file_does() -> None:
    rows = [
        {"id": "b", "when": "2024-02-01", "title": "Later", "text": "Second."},
        {"id": "a", "when": "2024-01-01", "title": "Sooner", "text": "First."},
    ]
    found = uploaded(rows)
    assert found.notes["labels"] == ["Sooner", "Later"] and found.notes["dated"]
    rows[0]["when"] = ""
    found = uploaded(rows)
    assert found.notes["labels"] == ["Later", "Sooner"] and not found.notes["dated"]
    assert found.notes["whens"] == ["", ""]
    assert "recall" not in found.fields and growth.summary(found, 5).startswith("2 notes")
    assert switching.link_table(found, 5) == []
    assert "Recall is not known" in switching.describe_switches(found, 5)


def test_one_passage_is_no_memory_that_evolves() -> None:
    with pytest.raises(BadInput, match="at least two passages"):
        uploaded([{"id": "a", "title": "", "text": "Alone."}])


@pytest.mark.parametrize("notes", [1, MOST_NOTES + 1])
def test_the_number_of_notes_is_bounded(notes: int) -> None:
    with pytest.raises(BadInput, match="notes"):
        EvolutionConfig.build({"notes": notes})


def test_a_long_memory_is_cut_where_it_says() -> None:
    rows = [{"id": i, "title": f"Note {i}", "text": f"word{i % 7} tail"} for i in range(50)]
    found = uploaded(rows, notes=20)
    assert found.number("notes") == 20 and found.number("notes before the cap") == 50


FIGURES = {
    "so far": lambda p: growth.draw_growth(result(), p, step=106, count="so far"),
    "per step": lambda p: growth.draw_growth(result(), p, step=0, count="per step"),
    "recall": lambda p: growth.draw_recall(result(), p, step=106, k=5),
    "still": lambda p: growth.draw_recall(result(**STILL), p, step=0, k=5),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_has_titles_units_and_a_finding(name: str, theme: str) -> None:
    figure = FIGURES[name](Palette.of(theme))
    assert check_axes(figure) == []
    assert figure.layout.meta["alt"]


def test_the_last_point_of_each_count_is_its_total() -> None:
    figure = growth.draw_growth(result(), Palette.light(), step=0, count="so far")
    last = [int(trace.y[-1]) for trace in figure.data]
    names = ("links", "changed notes", "edits")
    assert last == [result().number(name) for name in names]
