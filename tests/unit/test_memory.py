from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import BadInput, NotFound
from engine.labs.memory_graph import Memory, memory_write
from engine.labs.memory_graph.alike import Alike
from engine.labs.memory_graph.bm25 import BM25
from engine.labs.memory_graph.build import Materials, build_retriever
from engine.labs.memory_graph.config import Retrieval
from engine.labs.memory_graph.corpus import as_corpus
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.graph import build_graph
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.ingest.document import Document
from engine.labs.memory_graph.memory import entry
from engine.labs.memory_graph.memory_read import METHODS
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.questions import Question
from tests.memory_corpora import PASSAGES

WHO = "Who painted the Heron Bridge?"


def town(path: Path | None = None) -> Memory:
    memory = Memory.open(path)
    for passage in PASSAGES:
        memory.add(passage.text, title=passage.title)
    return memory


def scores(memory: Memory, question: str, method: str) -> dict[str, float]:
    return {found.title: found.score for found in memory.ask(question, 99, method)}


def test_a_memory_survives_its_process(tmp_path: Path) -> None:
    with town(tmp_path / "town") as memory:
        before = memory.ask(WHO)
    with Memory.open(tmp_path / "town") as again:
        assert again.ask(WHO) == before
        bridge = next(found for found in before[:2] if found.title == "Heron Bridge")
        assert bridge.text == PASSAGES[1].text


def test_words_and_walks_score_as_the_retrievers_of_a_corpus() -> None:
    memory, corpus = town(), as_corpus(PASSAGES)
    graph = build_graph(extract_all(PASSAGES), alike=Alike)
    peers = {
        "hipporag": HippoRag(graph),
        "bm25": BM25(PASSAGES),
        "tfidf": build_retriever(Retrieval(method="tfidf"), Materials(corpus)),
        "hipporag2": build_retriever(Retrieval(method="hipporag2"), Materials(corpus)),
    }
    for question in (WHO, "Where was Otto Lind born?", "Ada Marsch", "tea hills"):
        for method, peer in peers.items():
            expected = peer.scores(Question(question))
            named = {PASSAGES[i].title: expected[i] for i in np.flatnonzero(expected > 0)}
            assert scores(memory, question, method) == pytest.approx(named), (question, method)


def test_a_mixture_answers_with_words_where_no_name_is_known() -> None:
    assert [found.title for found in town().ask("which leaves are picked by hand")] == ["Tea"]
    assert town().ask("zzz") == []


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_memory_finds_nothing(method: str) -> None:
    assert Memory.open().ask(WHO, method=method) == []


def test_the_same_note_again_is_no_new_note() -> None:
    memory = town()
    ids = [memory.add(passage.text, title=passage.title) for passage in PASSAGES]
    assert ids == [1, 2, 3, 4]
    assert len(memory) == 4
    assert memory.add(PASSAGES[0].text, title=PASSAGES[0].title, when="1871-01-01") == 5


def test_a_new_note_is_found_at_once() -> None:
    memory = town()
    memory.ask(WHO)
    memory.add("Piet Vos lit the Heron Bridge with lamps.", title="Piet Vos")
    assert "Piet Vos" in scores(memory, "Heron Bridge", "hipporag")
    assert memory.ask("Who is Piet Vos?", 1)[0].title == "Piet Vos"


def test_new_phrases_meet_their_synonyms_in_both_ways() -> None:
    memory = Memory.open()
    memory.add("x", title="Herons", triples=[Triple("Montgomery Castle", "is in", "Wales")])
    memory.add("y", title="Castles", triples=[Triple("Montgomery Castles", "are", "old")])
    assert memory.counts()["synonyms"] == 2
    assert set(scores(memory, "Montgomery Castle", "hipporag")) == {"Herons", "Castles"}


def test_a_memory_indexed_in_bulk_has_the_same_synonyms(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"Northern Harbour Warehouse {n}" for n in range(1000, 1140)]
    names += ["Of", "Northern Harbour Warehouses 1001"]
    notes = [entry("note", title=f"N{i}", triples=[Triple(name, "is", "here")])
             for i, name in enumerate(names)]  # fmt: skip
    every = "SELECT a.text, b.text, cosine FROM synonyms JOIN phrases a ON a.id = phrase "
    every += "JOIN phrases b ON b.id = other ORDER BY 1, 2"
    slow = Memory.open()
    for note in notes:
        slow.add_all([note])
    monkeypatch.setattr(memory_write, "MANY", 0)
    fast = Memory.open()
    fast.add_all(notes)
    with slow._file.reading() as one, fast._file.reading() as other:
        rows = one.execute(every).fetchall()
        assert rows == other.execute(every).fetchall()
    counts = np.unique([row[0] for row in rows], return_counts=True)[1]
    assert counts.max() == 100, "a phrase keeps its hundred nearest"


def test_an_explanation_adds_up_and_names_its_parts() -> None:
    memory = town()
    best = memory.ask(WHO, method="hipporag")[0]
    why = memory.explain(best)
    assert why.score == pytest.approx(best.score, abs=1e-9)
    assert sum(part.share for part in why.seeds) == pytest.approx(best.score, abs=1e-9)
    assert sum(part.share for part in why.nodes) == pytest.approx(best.score, abs=1e-9)
    carried = sum(part.share for part in why.triples) + why.direct
    assert carried == pytest.approx(best.score, abs=1e-9)
    assert [part.name for part in why.seeds] == ["Heron Bridge"]
    assert why.nodes[0].name == "heron bridge"
    assert Triple("ada marsh", "mentions", "heron bridge") in [p.triple for p in why.triples]
    assert memory.explain(best.note, question=WHO, method="bm25") == why
    second = memory.explain(best, method="hipporag2")
    assert second.score == pytest.approx(scores(memory, WHO, "hipporag2")[best.title])


def test_an_explanation_of_nothing_is_empty() -> None:
    memory = town()
    assert memory.explain(1, "zzz").score == 0
    with pytest.raises(BadInput, match="question"):
        memory.explain(1)
    with pytest.raises(NotFound, match="no note 9"):
        memory.explain(9, WHO)


def diary() -> Memory:
    memory = Memory.open()
    memory.add("Ada Marsh came.", when="2025-01-01", title="first")
    memory.add("Ada Marsh left.", when=date(2025, 1, 8), title="second")
    memory.add("Ada Marsh is tall.", when="last spring", title="undated")
    return memory


def test_what_faded_becomes_a_ghost() -> None:
    memory = diary()
    fates = memory.forget(at="2025-01-09")
    assert [fate.note for fate in fates] == [1, 2], "what has no date does not fade"
    assert [fate.gone for fate in fates] == [True, False]
    assert fates[0].retention == pytest.approx(np.exp(-8))
    assert fates[1].retention == pytest.approx(np.exp(-1))
    assert set(scores(memory, "Ada Marsh", "mix")) == {"second", "undated"}
    assert memory.counts()["ghosts"] == 1
    assert len(memory) == 3
    assert [(c.when, c.before, c.after) for c in memory.history(1)] == [
        ("2025-01-01", "", "kept"),
        ("2025-01-09", "kept", "gone"),
    ]


@pytest.mark.parametrize(
    ("formula", "kept"),
    [("paper", np.exp(-8 / 2)), ("code", np.exp(-8 * 2 / 5)), ("corrected", np.exp(-8 / 10))],
)
def test_a_recall_lasts_by_each_formula(formula: str, kept: float) -> None:
    memory = diary()
    memory.ask("Ada Marsh came", 1, "bm25", at=datetime(2025, 1, 2, 9))
    assert [(c.action, c.when, c.after) for c in memory.history(1)][1:] == [
        ("recall", "2025-01-02", "2")
    ]
    assert memory.forget("2025-01-10", formula, least=0)[0].retention == pytest.approx(kept)


def test_a_note_from_the_future_has_not_begun_to_fade() -> None:
    fates = diary().forget(datetime(2025, 1, 1, 12), least=1)
    assert [(fate.note, fate.retention, fate.gone) for fate in fates] == [(1, 1.0, False)]


def test_export_and_import_keep_everything(tmp_path: Path) -> None:
    memory = diary()
    memory.add("x", title="given", triples=[Triple("Ada  Marsh", "met", "Otto")] * 2)
    memory.ask("Ada Marsh came", 1, "bm25", at="2025-01-02")
    memory.forget("2025-01-20")
    memory.export(tmp_path / "notes.jsonl")
    again = Memory.import_(tmp_path / "notes.jsonl", tmp_path / "again")
    assert again.counts() == memory.counts()
    assert again.ask("Ada Marsh", 9) == memory.ask("Ada Marsh", 9)
    assert all(again.history(note) == memory.history(note) for note in (1, 2, 3, 4))
    again.export(tmp_path / "more.jsonl")
    assert (tmp_path / "more.jsonl").read_bytes() == (tmp_path / "notes.jsonl").read_bytes()


def test_merging_keeps_what_either_remembers(tmp_path: Path) -> None:
    one, other = diary(), diary()
    one.forget("2025-01-09")
    other.ask("Ada Marsh came", 1, "bm25", at="2025-01-02")
    other.add("Otto Lind came.", title="new")
    other.export(tmp_path / "x")
    with town(tmp_path / "town"):
        pass
    assert one.merge(other) == 1
    assert one.merge(other) == 0
    assert one.merge(tmp_path / "town") == 4
    assert one.counts()["ghosts"] == 0, "the other had not forgotten it"
    assert [c.action for c in one.history(1)] == ["add", "recall", "forget"]
    assert one.forget("2025-01-02", least=0)[0].retention == 1


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("text", lambda memory: memory.add("  ")),
        ("text", lambda memory: memory.add(7)),
        ("text", lambda memory: memory.add("x" * 1_000_001)),
        ("title", lambda memory: memory.add("x", title="a\0b")),
        ("text", lambda memory: memory.add("\ud800")),
        ("when", lambda memory: memory.add("x", when=12)),
        ("question", lambda memory: memory.ask("")),
        ("question", lambda memory: memory.ask("x" * 10_001)),
        ("k", lambda memory: memory.ask("x", 0)),
        ("k", lambda memory: memory.ask("x", True)),
        ("method", lambda memory: memory.ask("x", method="nope")),
        ("method", lambda memory: memory.ask("x", method="dense")),
        ("at", lambda memory: memory.ask("x", at="soon")),
        ("at", lambda memory: memory.forget("2025-13-01")),
        ("formula", lambda memory: memory.forget("2025-01-01", "nope")),
        ("least", lambda memory: memory.forget("2025-01-01", least=2)),
        ("least", lambda memory: memory.forget("2025-01-01", least=float("nan"))),
        ("note", lambda memory: memory.history("1")),
        ("memory", lambda memory: memory.merge("/no/such/memory")),
    ],
)
def test_bad_input_is_one_sentence_about_its_field(field, call) -> None:
    memory = town()
    with pytest.raises(BadInput) as caught:
        call(memory)
    assert caught.value.field == field
    assert len(memory) == 4


def test_links_and_facts_of_a_document_join_its_names() -> None:
    memory = Memory.open()
    facts = (Triple("Heron Bridge", "tagged", "iron"),)
    memory.add_documents(
        [Document("Heron Bridge", "By Ada Marsh.", None, "a.md", ("Tarn",), (), facts)]
    )
    with memory._file.reading() as connection:
        found = connection.execute(
            "SELECT s.text, relation, o.text FROM facts JOIN phrases s ON s.id = subject "
            "JOIN phrases o ON o.id = object"
        ).fetchall()
    assert sorted(found) == [
        ("heron bridge", "links to", "tarn"),
        ("heron bridge", "mentions", "ada marsh"),
        ("heron bridge", "tagged", "iron"),
    ]


def test_a_batch_with_a_bad_note_leaves_no_trace() -> None:
    memory = town()

    def notes():
        yield entry("Good Note here.")
        yield entry("")

    with pytest.raises(BadInput):
        memory.add_all(notes())
    assert len(memory) == 4
    assert memory.ask("Good Note") == []


def test_threads_share_a_memory(tmp_path: Path) -> None:
    memory, errors = town(tmp_path / "m"), []

    def work(number: int) -> None:
        try:
            for i in range(5):
                memory.add(f"Note {number} {i} about Otto Lind.")
                assert memory.ask("Otto Lind", 3)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(memory) == 24


def test_two_openings_of_one_file_see_each_other(tmp_path: Path) -> None:
    with town(tmp_path / "m") as one, Memory.open(tmp_path / "m") as other:
        assert other.ask("Piet Vos") == []
        one.add("Piet Vos came.")
        assert len(other.ask("Piet Vos")) == 1


def test_a_registered_lab_loads_no_arrays() -> None:
    script = (
        "import sys, engine.labs.memory_graph as lab; assert 'scipy' not in sys.modules; "
        "assert lab.Memory.__name__ == 'Memory'"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])


def test_in_a_small_memory_the_last_of_the_found_is_found_too() -> None:
    memory = Memory.open()
    memory.add("Ada Lovelace wrote notes on the Analytical Engine.")
    second = memory.add("The Analytical Engine was designed by Charles Babbage.")
    memory.add("A heron stood in the rain.")
    asked = memory.ask("Who designed what Ada Lovelace wrote about?", k=3)
    assert [found.note for found in asked][1] == second
    assert len(asked) == 2
