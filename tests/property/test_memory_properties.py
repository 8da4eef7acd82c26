"""What holds for every stored memory, whatever its notes are and however they came."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import BadInput
from engine.labs.memory_graph import Memory, memory_write
from engine.labs.memory_graph.alike import Alike, cosine, phrase_grams, size_of
from engine.labs.memory_graph.bm25 import BM25
from engine.labs.memory_graph.graph import build_graph
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.memory import entry
from engine.labs.memory_graph.memory_read import METHODS
from engine.labs.memory_graph.memory_write import Entry
from engine.labs.memory_graph.questions import Question

SETTINGS = settings(deadline=None, max_examples=40)
names = st.sampled_from(
    ["Ada Marsh", "Ada Marshe", "Otto Lind", "Otto Linde", "Herons", "Heron", "Tea", "1903", "Ib"]
)
texts = st.lists(names | st.sampled_from(["met", "saw.", "It rained;"]), min_size=1, max_size=8)
notes = st.builds(
    lambda parts, title, day: entry(" ".join(parts), day, title),
    texts,
    names | st.just(""),
    st.sampled_from(["", "2025-01-01", "2025-02-03", "spring"]),
)
questions = st.lists(names, min_size=1, max_size=3).map(lambda found: f"who met {', '.join(found)}")


def answers(memory: Memory, question: str, method: str) -> dict[tuple[str, ...], float]:
    """Scores by what a note says: ids depend on the order of arrival."""
    found = memory.ask(question, 1000, method)
    return {(one.title, one.text, one.when): one.score for one in found}


@SETTINGS
@given(st.lists(notes, max_size=8), questions, st.sampled_from(METHODS), st.booleans())
def test_one_by_one_is_the_same_as_all_at_once(
    given_notes: list[Entry], question: str, method: str, bulk: bool
) -> None:
    slow, fast = Memory.open(), Memory.open()
    for note in given_notes:
        slow.add_all([note])
        slow.ask(question, 1, method)
    with patch.object(memory_write, "MANY", 0 if bulk else 10**9):
        fast.add_all(given_notes)
    assert slow.ask(question, 99, method) == fast.ask(question, 99, method)
    assert slow.counts() == fast.counts()


@SETTINGS
@given(st.lists(notes, min_size=1, max_size=8), questions)
def test_a_stored_memory_scores_as_a_corpus_in_memory(
    given_notes: list[Entry], question: str
) -> None:
    kept = list({note.digest: note for note in given_notes}.values())
    memory = Memory.open()
    memory.add_all(given_notes)
    passages = [note.passage for note in kept]
    triples = [list(note.facts.elements()) for note in kept]
    peers = {"hipporag": HippoRag(build_graph(triples, alike=Alike)), "bm25": BM25(passages)}
    for method, peer in peers.items():
        expected = peer.scores(Question(question))
        found = {one.note - 1: one.score for one in memory.ask(question, 99, method)}
        whole = np.array([found.get(i, 0.0) for i in range(len(kept))])
        np.testing.assert_allclose(whole, expected, atol=1e-9)


@SETTINGS
@given(st.lists(notes, max_size=6), questions, st.data())
def test_export_and_import_are_a_round_trip(
    given_notes: list[Entry], question: str, data: st.DataObject
) -> None:
    memory = Memory.open()
    memory.add_all(given_notes)
    if data.draw(st.booleans()):
        memory.ask(question, 2, at="2025-02-04")
    memory.forget(data.draw(st.sampled_from(["2025-01-02", "2025-02-05"])))
    with TemporaryDirectory() as folder:
        again = Memory.import_(memory.export(Path(folder) / "notes"))
        other = again.export(Path(folder) / "more")
        assert other.read_bytes() == (Path(folder) / "notes").read_bytes()
    assert again.counts() == memory.counts()
    for method in METHODS:
        assert again.ask(question, 99, method) == memory.ask(question, 99, method)


@SETTINGS
@given(st.lists(st.lists(notes, max_size=4), min_size=2, max_size=3), questions, st.randoms())
def test_the_order_of_a_merge_changes_only_ids(
    parts: list[list[Entry]], question: str, random: object
) -> None:
    memories = []
    for i, part in enumerate(parts):
        memory = Memory.open()
        memory.add_all(part)
        memory.ask(question, i, at=f"2025-01-0{i + 2}") if i else memory.forget("2025-01-09")
        memories.append(memory)
    one, other = Memory.open(), Memory.open()
    for memory in memories:
        one.merge(memory)
    for memory in reversed(memories):
        other.merge(memory)
    assert one.counts() == other.counts()
    for method in METHODS:
        found = answers(other, question, method)
        assert answers(one, question, method) == pytest.approx(found, abs=1e-9)

    def fates(memory: Memory) -> list[tuple[str, ...]]:
        every = memory.ask(question, 99, "bm25")
        return sorted(
            (note.text, note.title, note.when, change.action, change.when)
            for note in every
            for change in memory.history(note.note)
        )

    assert fates(one) == fates(other)


@SETTINGS
@given(
    st.lists(st.text("abc 12", min_size=1, max_size=14).map(str.strip), unique=True, max_size=25)
)
def test_pairs_at_once_are_those_of_plain_loops(phrases: list[str]) -> None:
    phrases = sorted(phrase for phrase in phrases if phrase)
    found = Alike(phrases).pairs().toarray()
    for i, one in enumerate(phrases):
        for j, other in enumerate(phrases):
            mine, theirs = phrase_grams(one), phrase_grams(other)
            dot = sum(count * theirs[gram] for gram, count in mine.items())
            expected = cosine(dot, size_of(mine), size_of(theirs)) if i != j else None
            assert found[i, j] == (expected or 0.0)


@SETTINGS
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=10)), max_size=5), st.text())
def test_any_text_is_taken_or_refused_in_a_sentence(
    rows: list[tuple[str, str]], question: str
) -> None:
    memory = Memory.open()
    for text, title in rows:
        try:
            memory.add(text, title=title)
        except BadInput as error:
            assert error.field in ("text", "title")
    if question.strip():
        for method in METHODS:
            assert len(memory.ask(question, 9, method)) <= len(memory)
