"""Corpora, questions and triples in every form that the lab reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.core import BadInput
from engine.labs.memory_graph.corpus import load_corpus
from engine.labs.memory_graph.openie import Triple, load_triples
from engine.labs.memory_graph.questions import load_questions
from tests.memory_corpora import write_lines

ROWS = [
    {"idx": 0, "title": "Ada", "text": "Ada built a bridge."},
    {"idx": 1, "title": "Bridge", "sentences": ["The bridge is old.", " It is red."]},
]


def raw(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_passages_know_where_they_came_from(tmp_path: Path, ending: str) -> None:
    corpus = load_corpus(write_lines(tmp_path / f"own{ending}", ROWS))
    assert [p.content for p in corpus.passages] == [
        "Ada\nAda built a bridge.",
        "Bridge\nThe bridge is old. It is red.",
    ]
    assert corpus.passages[1].source == f"own{ending}, line 2"


def test_hipporag_s_own_files(tmp_path: Path) -> None:
    corpus = load_corpus(raw([{"title": "A", "text": "a."}, {"title": "B", "text": "b."}]))
    assert corpus.passages[1].content == "B\nb."
    docs = [
        {"idx": "chunk-7", "passage": "B\nb.", "extracted_triples": [["b", "is", "a"]]},
        {"idx": 0, "passage": "A\na.", "extracted_triples": [["a", "b"], ["a", "in", 1903]]},
    ]
    cached = load_triples(raw({"docs": docs, "avg_ent_words": 2}), corpus)
    assert cached.triples == ((Triple("a", "in", "1903"),), (Triple("b", "is", "a"),))
    assert cached.malformed == 1
    musique = {
        "id": "q",
        "question": "?",
        "paragraphs": [
            {"title": "B", "paragraph_text": "b.", "is_supporting": True},
            {"title": "A", "paragraph_text": "a.", "is_supporting": False},
        ],
    }
    hotpot = {"_id": "h", "question": "?", "supporting_facts": [["A", 0], ["B", 1], ["A", 2]]}
    found = load_questions(raw([musique, hotpot]), corpus).items
    assert [(q.id, q.gold) for q in found] == [("q", (1,)), ("h", (0, 1))]


def test_conversations_keep_speaker_date_and_scope() -> None:
    turn = {"conv": "c1", "datetime": "8 May", "dia_id": "D1:1", "speaker": "Mel", "text": "Hi."}
    rows = [
        turn | {"image_caption": "a red boat"},
        turn | {"conv": "c2", "image_caption": None},
    ]
    corpus = load_corpus(raw(rows), name="chat.jsonl")
    first, second = corpus.passages
    assert (first.title, first.text, first.when) == ("Mel", "Hi. a red boat", "8 May")
    assert first.source == "chat.jsonl, c1 D1:1"
    assert second.text == "Hi."
    question = {"conv": "c2", "qid": "q0", "question": "?", "evidence": ["D1:1"], "answer": 2022}
    (found,) = load_questions(raw([question]), corpus).items
    assert (found.gold, found.scope, found.answer) == ((1,), "c2", "2022")
    within = corpus.within("c2")
    assert within is not None and within.tolist() == [False, True]
    assert corpus.within("") is None


def test_ids_need_not_be_positions() -> None:
    corpus = load_corpus(raw([ROWS[0] | {"idx": 7}, ROWS[1] | {"idx": 3}]))
    step = {"question": "?", "answer": "x", "passage": 3}
    question = {"question": "?", "gold": [3, 7, 3], "hops": 2, "decomposition": [step]}
    (found,) = load_questions(raw([question]), corpus).items
    assert found.gold == (1, 0)
    assert found.group == "2 hops"
    assert found.hops[0].passage == 1


BAD_CORPORA = {
    "no text": [{"title": "A"}],
    "a number as text": [{"title": "A", "text": 3}],
    "a list as title": [{"title": [], "text": "a"}],
    "empty": [{"title": " ", "text": "\n"}],
    "sentences of numbers": [{"title": "A", "sentences": [1, 2]}],
    "an id twice": [ROWS[0], ROWS[0]],
    "an id that is a list": [ROWS[0] | {"idx": [1]}],
    "an id that is true": [ROWS[0] | {"idx": True}],
    "gigantic": [{"title": "A", "text": "a" * 1_000_001}],
}


@pytest.mark.parametrize("name", BAD_CORPORA)
def test_bad_passages_name_their_entry(name: str) -> None:
    with pytest.raises(BadInput, match=r"entry \d: ") as caught:
        load_corpus(raw(BAD_CORPORA[name]))
    assert caught.value.field == "corpus"
    assert len(str(caught.value)) < 200


BAD_QUESTIONS = {
    "no question": {"gold": [0]},
    "an empty question": {"question": " ", "gold": [0]},
    "no gold": {"question": "?"},
    "gold beyond the corpus": {"question": "?", "gold": [2]},
    "gold of lists": {"question": "?", "gold": [[0]]},
    "gold that is a number": {"question": "?", "gold": 0},
    "unknown evidence": {"question": "?", "evidence": ["D9:9"], "conv": "c"},
    "paragraphs of texts": {"question": "?", "paragraphs": ["a"]},
    "an empty fact": {"question": "?", "supporting_facts": [[]]},
    "a fact about a list": {"question": "?", "supporting_facts": [["nowhere", 0]]},
    "endless": {"question": "?" * 10_001, "gold": [0]},
}


@pytest.mark.parametrize("name", BAD_QUESTIONS)
def test_bad_questions_name_their_entry(name: str) -> None:
    corpus = load_corpus(raw(ROWS))
    good = {"question": "?", "gold": [0]}
    with pytest.raises(BadInput, match="entry 2: ") as caught:
        load_questions(raw([good, BAD_QUESTIONS[name]]), corpus)
    assert caught.value.field == "questions"
    rows = load_questions(raw([good, BAD_QUESTIONS[name]]), corpus, keep_rest=True)
    assert (len(rows.items), rows.left_out) == (1, 1)


BAD_TRIPLES = {
    "no triples": {"idx": 0},
    "triples that are a text": {"idx": 0, "triples": "abc"},
    "a passage beyond the corpus": {"idx": 9, "triples": []},
    "an id that is a list": {"idx": [0], "triples": []},
    "a passage twice": {"idx": 1, "triples": []},
}


@pytest.mark.parametrize("name", BAD_TRIPLES)
def test_bad_triples_name_their_entry(name: str) -> None:
    corpus = load_corpus(raw(ROWS))
    with pytest.raises(BadInput, match="entry 2: ") as caught:
        load_triples(raw([{"idx": 1, "triples": []}, BAD_TRIPLES[name]]), corpus)
    assert caught.value.field == "triples"


def test_what_is_no_triple_is_skipped_and_counted() -> None:
    corpus = load_corpus(raw(ROWS))
    rows = [["a", "b"], ["a", "b", "c", "d"], "abc", ["a", "b", ["c"]], None, ["a", "b", "c"]]
    cached = load_triples(raw([{"idx": 1, "triples": rows}]), corpus)
    assert cached.triples == ((), (Triple("a", "b", "c"),))
    assert cached.malformed == 5


def test_a_question_without_evidence_is_left_out_and_told() -> None:
    corpus = load_corpus(raw(ROWS))
    rows = load_questions(
        raw([{"question": "?", "gold": [0]}, {"question": "!", "gold": []}]), corpus
    )
    assert [question.text for question in rows.items] == ["?"]
    assert "1 questions name no gold" in rows.sentences[-1]
    with pytest.raises(BadInput, match="no question names a gold passage"):
        load_questions(raw([{"question": "!", "gold": []}]), corpus)
