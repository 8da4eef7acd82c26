"""Notes, their ledger, and what A-MEM does with them under each switch."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.core import BadInput, NotFound
from engine.labs.memory_graph.living.amem import (
    GENERAL_REPOSITORY,
    PAPER,
    PAPER_REPOSITORY,
    AMem,
    Quirks,
    indexed_text,
    keyword_question,
)
from engine.labs.memory_graph.living.analyst import (
    Analysis,
    Evolution,
    RecordingAnalyst,
    ReplayAnalyst,
    RuleAnalyst,
)
from engine.labs.memory_graph.living.notes import Note, NoteStore
from engine.labs.memory_graph.living.words import TfIdf, capitalised_spans, words

TEXTS = [
    "Ada painted the harbour of Genoa with watercolours.",
    "The bakery on the corner sells rye bread.",
    "Ada painted the harbour of Genoa again, with oil.",
    "Rain fell on the mountains all week.",
    "Rye bread from the bakery on the corner was sold out.",
]


class Scripted:
    """An analyst that says what it is told: every note links to and rewrites all neighbours."""

    name = "scripted"

    def __init__(self, links=()):
        self.links = list(links)

    def analyse(self, content):
        return Analysis(keywords=words(content)[:2], context=f"On {content[:9]}.", tags=["t"])

    def evolve(self, note, neighbours):
        return Evolution(
            should_evolve=True,
            actions=["strengthen", "update_neighbor"],
            suggested_connections=[*(near.note.id for near in neighbours[:1]), *self.links],
            tags_to_update=["t", "new"],
            new_context_neighborhood=[f"seen by {note.id}"] * len(neighbours),
            new_tags_neighborhood=[[f"by {note.id}"]] * len(neighbours),
        )


def memory(texts=TEXTS, analyst=None, **settings) -> AMem:
    tfidf = TfIdf(TEXTS)
    found = AMem(tfidf.vectors, analyst or RuleAnalyst(tfidf), **settings)
    for day, text in enumerate(texts, start=1):
        found.add(text, f"202401{day:02}0900")
    return found


def test_a_change_is_kept_with_its_date_cause_and_both_values():
    store = NoteStore()
    store.add(Note("a", "x", "202401010900", tags=["old"]))
    store.add(Note("b", "y", "202401020900"))
    change = store.change(
        "x", "tags", ["old", "new"], when="202401020900", step=1, cause="y", action="merge"
    )
    assert (change.before, change.after, change.cause) == (["old"], ["old", "new"], "y")
    assert store.history("x") == [change] == store["x"].evolution_history
    assert store.history("y") == []
    same = {"when": "202401030900", "step": 1, "cause": "y", "action": "merge"}
    assert store.change("x", "tags", ["old", "new"], **same) is None
    store["x"].tags.append("by hand")
    assert change.after == ["old", "new"], "the ledger does not change with the note"


def test_a_store_can_be_seen_as_it_was():
    found = memory(analyst=Scripted(), neighbours=5)
    before = found.store.at(2)
    assert [note.id for note in before] == ["n0", "n1"]
    assert before[0].context == "seen by n1" and before[0].tags == ["by n1"]
    assert found.store["n0"].context == "seen by n4"
    first = found.store.at(1)[0]
    assert first.context == "On Ada paint." and first.evolution_history == []
    assert found.store.at(0) == []
    now = found.store.at(5)
    assert now == list(found.store)
    with pytest.raises(BadInput, match="step"):
        found.store.at(6)


def test_records_survive_json():
    for note in memory(analyst=Scripted()).store:
        assert Note.from_record(json.loads(json.dumps(note.as_record()))) == note
    with pytest.raises(BadInput, match="no field"):
        Note.from_record({"content": "a", "id": "x", "timestamp": "202401010900", "mood": "!"})
    with pytest.raises(BadInput, match="does not fit"):
        Note.from_record({"content": "a"})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"content": "  "}, "content"),
        ({"content": None}, "content"),
        ({"id": ""}, "id"),
        ({"timestamp": "2024-01-01"}, "timestamp"),
        ({"timestamp": "202413010900"}, "timestamp"),
        ({"last_accessed": "yesterday"}, "last_accessed"),
        ({"tags": "one"}, "tags"),
        ({"links": [3]}, "links"),
        ({"context": None}, "context"),
    ],
)
def test_a_note_that_cannot_be_is_refused(values, field):
    good = {"content": "a", "id": "x", "timestamp": "202401010900"}
    with pytest.raises(BadInput) as error:
        Note(**{**good, **values})
    assert error.value.field == field


def test_a_store_refuses_what_it_cannot_keep():
    store = NoteStore()
    store.add(Note("a", "x", "202401010900"))
    settings = {"when": "202401010900", "step": 0, "cause": "x", "action": "a"}
    with pytest.raises(BadInput, match="already"):
        store.add(Note("b", "x", "202401010900"))
    with pytest.raises(NotFound):
        store.history("nobody")
    with pytest.raises(BadInput, match="one of"):
        store.change("x", "content", "b", **settings)
    with pytest.raises(BadInput, match="list"):
        store.change("x", "tags", "one", **settings)


def test_rules_describe_link_and_merge():
    found = memory()
    third = found.store["n2"]
    assert "genoa" in third.tags and third.context.startswith("About ")
    assert third.links == ["n0"] and not found.store["n3"].links
    # The two sentences of Ada are close enough for their tags and contexts to merge.
    changed = {change.field for change in found.store.history("n0")}
    assert changed == {"tags", "context"}
    assert all(change.cause == "n2" for change in found.store.history("n0"))
    assert found.store["n0"].context.endswith(third.context)
    assert set(third.tags) >= set(found.store.at(1)[0].tags)


def test_before_evolution_nothing_is_linked():
    found = memory(evolve=False)
    assert not found.store.ledger and not any(note.links for note in found.store)


def test_linked_notes_follow_the_note_that_links_to_them():
    found = memory()
    hits = found.ask("oil", k=1)
    assert [(hit.id, hit.via) for hit in hits] == [("n2", None), ("n0", "n2")]
    assert [hit.id for hit in found.ask("oil", k=1, linked=False)] == ["n2"]
    assert all(note.retrieval_count == 0 for note in found.store)
    found.ask("oil", k=1, when="202402010900")
    assert [note.retrieval_count for note in found.store] == [1, 0, 1, 0, 0]
    assert found.store["n0"].last_accessed == "202402010900"
    both = found.ask("the harbour of Genoa", k=5)
    assert len({hit.id for hit in both}) == len(both) == 5


def test_ranks_as_positions_rewrite_the_first_notes():
    last = TEXTS[4]  # its nearest note is the second
    right = memory([*TEXTS[:4], last], Scripted(), neighbours=1, quirks=PAPER)
    wrong = memory([*TEXTS[:4], last], Scripted(), neighbours=1, quirks=GENERAL_REPOSITORY)
    assert right.store["n1"].context == "seen by n4"
    assert wrong.store["n0"].context == "seen by n4"
    assert wrong.store["n1"].context != "seen by n4"


def test_unwritten_history_is_in_the_ledger_all_the_same():
    found = memory(analyst=Scripted(), quirks=Quirks(unwritten_history=True))
    assert not any(note.evolution_history for note in found.store)
    assert found.store.history("n0") and found.store.ledger


def test_unchecked_links_dangle():
    free = memory(analyst=Scripted(["harbour notes"]), quirks=Quirks(unchecked_links=True))
    assert ("n1", "harbour notes") in free.dangling_links()
    assert all(hit.id in free.store for hit in free.ask("harbour", k=5))
    assert memory(analyst=Scripted(["harbour notes"])).dangling_links() == []


def test_without_content_a_word_of_the_content_finds_nothing_until_the_rebuild():
    texts = [*TEXTS, "The key lies under the stone lizard by the gate."]

    class Vague(Scripted):
        def analyse(self, content):
            return Analysis(keywords=["thing"], context="Something.", tags=[])

    tfidf = TfIdf(texts)
    found = AMem(tfidf.vectors, Vague(), quirks=Quirks(index_without_content=True))
    for text in texts:
        found.add(text, "202401010900")
    assert found.ask("lizard", k=1)[0].score == 0
    found.rebuild()
    assert found.ask("lizard", k=1, linked=False)[0].id == "n5"
    found.add("A second lizard.", "202401020900")
    assert {hit.id for hit in found.ask("lizard", k=2, linked=False)} == {"n5", "n6"}


def test_rebuilds_come_after_so_many_evolutions():
    found = memory(analyst=Scripted(), evo_threshold=2)
    assert (found.evolutions, found.rebuilds) == (4, 2)
    fresh = TfIdf(TEXTS).vectors([indexed_text(note) for note in found.store])
    question = TfIdf(TEXTS).vectors(["the harbour"])[0]
    # The last evolution was followed by a rebuild: nothing is stale.
    assert dict(found.rank("the harbour"))["n0"] == pytest.approx(float(fresh[0] @ question))


def test_recorded_answers_give_the_same_memory():
    recorder = RecordingAnalyst(RuleAnalyst(TfIdf(TEXTS)))
    first = memory(analyst=recorder)
    second = memory(analyst=ReplayAnalyst(recorder.lines))
    assert list(first.store) == list(second.store) and first.store.ledger == second.store.ledger
    with pytest.raises(NotFound):
        second.add("Something that was never asked.", "202402010900")
    assert len(second) == len(TEXTS), "a note that could not be read is not kept"


@pytest.mark.parametrize("quirks", [PAPER, PAPER_REPOSITORY, GENERAL_REPOSITORY])
def test_a_rebuild_embeds_what_changed_and_equals_one_from_nothing(quirks):
    tfidf = TfIdf(TEXTS)
    asked = []

    def embed(texts):
        asked.append(len(texts))
        return tfidf.vectors(texts)

    found = AMem(embed, RuleAnalyst(tfidf), quirks=quirks)
    for text in TEXTS:
        found.add(text, "202401010900")
    found.rebuild()
    changed = {change.note for change in found.store.ledger if change.field != "links"}
    # Notes that changed before they were first indexed are no longer stale.
    assert asked[-1] == 5 if quirks.index_without_content else asked[-1] <= len(changed) < 5
    fresh = tfidf.vectors([indexed_text(note) for note in found.store])
    question = tfidf.vectors(["bread in Genoa"])[0]
    want = dict(zip(found.store.ids, (fresh @ question).tolist(), strict=True))
    assert dict(found.rank("bread in Genoa")) == pytest.approx(want)


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[" * 100_000,
        "[]",
        "7",
        '{"call": "analyse", "key": "k"}',
        '{"call": "guess", "key": "k", "answer": {}}',
        '{"call": ["analyse"], "key": "k", "answer": {}}',
        '{"call": "analyse", "key": "k", "answer": {"keywords": 3}}',
        '{"call": "evolve", "key": "k", "answer": "yes"}',
    ],
)
def test_a_bad_line_is_named(line):
    with pytest.raises(BadInput, match="line 2"):
        ReplayAnalyst(["", line])


def test_a_memory_refuses_what_it_cannot_use():
    found = memory()
    with pytest.raises(BadInput, match="already"):
        found.add("again", "202401010900", name="n0")
    with pytest.raises(BadInput, match="text"):
        found.add(" ", "202401010900")
    with pytest.raises(BadInput, match="k"):
        found.ask("x", k=0)
    with pytest.raises(BadInput, match="neighbours"):
        memory([], neighbours=0)
    assert memory([]).ask("anything") == []
    widths = iter((3, 4))
    odd = AMem(lambda texts: np.ones((len(texts), next(widths))), Scripted())
    odd.add("a", "202401010900")
    with pytest.raises(BadInput):
        odd.add("b", "202401010900")


def test_keywords_and_spans():
    tfidf = TfIdf(TEXTS)
    assert tfidf.keywords("Ada sold the rare bread", 2) == ["rare", "sold"]
    assert tfidf.keywords("Ada sold the rare bread", 1, {"rare"}) == ["sold"]
    assert capitalised_spans("He met Ada Lovelace in New York. When Ada left, he stayed. Ada!") == [
        "ada lovelace",
        "new york",
        "ada",
    ]
    assert capitalised_spans("Nothing here.") == []
    assert keyword_question("Where is the harbour?", RuleAnalyst(tfidf)) == "harbour"
    assert keyword_question("Where is it?", RuleAnalyst(tfidf)) == "where is it"
    rows = tfidf.vectors([*TEXTS, "zzz"])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 1, 1, 1, 1, 0], atol=1e-6)
    with pytest.raises(BadInput):
        TfIdf([])


@pytest.mark.parametrize("linked", [True, False])
def test_many_questions_at_once_find_what_each_finds_alone(linked):
    found = memory(analyst=Scripted())
    asked = ["harbour of Genoa", "rye bread", "nothing of the kind"]
    together = found.ask_all(asked, 2, linked=linked)
    alone = [found.ask(question, 2, linked=linked) for question in asked]
    assert [[(h.id, h.via) for h in hits] for hits in together] == [
        [(h.id, h.via) for h in hits] for hits in alone
    ]
    assert any(hit.via for hits in together for hit in hits) == linked
    assert found.ask_all([], 2) == [] and AMem(TfIdf(TEXTS).vectors, Scripted()).ask_all(["a"]) == [
        []
    ]
    assert all(note.retrieval_count == 0 for note in found.store)
