"""The graph of facts: matrices, edges, synonyms, and what a question means in it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.labs.memory_graph.build import Materials, build_retriever
from engine.labs.memory_graph.config import Retrieval
from engine.labs.memory_graph.corpus import Passage, as_corpus
from engine.labs.memory_graph.graph import GraphRules, build_graph
from engine.labs.memory_graph.hipporag import NO_ENTITY, link_question
from engine.labs.memory_graph.hipporag2 import with_passages
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.questions import Question
from tests.memory_corpora import TRIPLES, town


def test_matrices_say_who_stands_where() -> None:
    graph = build_graph(TRIPLES)
    place = graph.places
    assert graph.phrases == tuple(sorted(graph.phrases))
    assert graph.d2f.toarray().sum(axis=1).tolist() == [2, 2, 2, 1]
    counts = graph.d2e.toarray()
    assert counts[1, place["heron bridge"]] == 2
    assert counts[0, place["heron bridge"]] == 2
    assert graph.ndoc[place["heron bridge"]] == 2
    assert graph.ndoc[place["tea"]] == 1
    assert graph.edges == 7


def test_every_occurrence_counts_and_loops_do_not() -> None:
    twice = [[Triple("A", "is", "B"), Triple("B", "was", "A"), Triple("A", "is", "a!")]] * 2
    graph = build_graph(twice)
    assert graph.adjacency.toarray().tolist() == [[0, 4], [4, 0]]
    assert len(graph.facts) == 3
    assert graph.f2e.toarray().max() == 1, "a fact holds a node once"


def test_phrases_without_a_letter_make_no_node() -> None:
    graph = build_graph([[Triple("--", "is", "B"), Triple("A", "?", "B")]])
    assert graph.phrases == ("a", "b")
    assert len(graph.facts) == 1


ALIKE = [[Triple("Heron Bridge", "is", "Heron Bridges"), Triple("ab", "is", "abc")]]


def test_a_synonym_overwrites_the_weight_of_facts_as_in_the_code() -> None:
    weights = {}
    for rule in ("overwrite", "add", "none"):
        graph = build_graph(ALIKE, GraphRules(threshold=0.5, synonyms=rule))
        a, b = graph.places["heron bridge"], graph.places["heron bridges"]
        weights[rule] = graph.adjacency[a, b]
        assert graph.adjacency[b, a] == weights[rule]
    assert 0.5 < weights["overwrite"] < 1
    assert weights["none"] == 1
    assert weights["add"] == pytest.approx(1 + weights["overwrite"])


def test_two_letters_ask_for_no_synonym() -> None:
    graph = build_graph(ALIKE, GraphRules(threshold=0.01))
    short = graph.places["ab"]
    assert graph.synonyms[[short]].nnz == 0


def test_passages_are_nodes_of_the_second_graph() -> None:
    graph = build_graph(TRIPLES)
    weights = with_passages(graph).toarray()
    phrases = len(graph.phrases)
    assert weights.shape == (phrases + 4, phrases + 4)
    np.testing.assert_array_equal(weights, weights.T)
    np.testing.assert_array_equal(weights[phrases:, :phrases] > 0, graph.d2e.toarray() > 0)
    assert not weights[phrases:, phrases:].any()


@pytest.mark.parametrize(
    ("question", "nodes"),
    [
        ("Who was Ada Marsh?", ["ada marsh"]),
        ("Who was Ada Marshe?", ["ada marsh"]),
        ("Who was Zyxwv Qqqq?", []),
        ("which hills?", ["hills"]),
        ("誰が橋を建てましたか", []),
    ],
)
def test_names_mean_their_node_or_one_spelled_alike(question: str, nodes: list[str]) -> None:
    graph = build_graph(TRIPLES)
    links = link_question(graph, Question(question), "names", 0.5)
    assert [graph.phrases[found.node] for found in links] == nodes


def test_given_names_are_taken_where_they_came() -> None:
    graph = build_graph(TRIPLES)
    question = Question("Who was Ada Marsh?", entities=("Ghent",))
    (found,) = link_question(graph, question, "given", 0.5)
    assert graph.phrases[found.node] == "ghent"
    (found,) = link_question(graph, Question("Who was Ada Marsh?"), "given", 0.5)
    assert graph.phrases[found.node] == "ada marsh"


def test_a_question_that_means_nothing_says_so() -> None:
    found = build_retriever(Retrieval(), Materials(town(), TRIPLES))
    ranking = found.rank(Question("誰が橋を建てましたか"), 3)
    assert ranking.note == NO_ENTITY
    assert ranking.passages.tolist() == [0, 1, 2]
    words = build_retriever(Retrieval(method="bm25"), Materials(town()))
    assert "no word" in words.rank(Question("誰が橋を建てましたか"), 3).note
    assert words.rank(Question("Tea?"), 3).note == ""


@pytest.mark.parametrize("method", ["hipporag", "hipporag2", "bm25", "tfidf", "mix"])
@pytest.mark.parametrize(
    "passages",
    [
        [Passage("", "no names at all")],
        [Passage("<b>Ada</b>", "<script>alert(1)</script>")] * 3,
        [Passage("橋", "京都の橋"), Passage("!", "?")],
    ],
)
def test_odd_passages_are_ranked_all_the_same(method: str, passages: list[Passage]) -> None:
    found = build_retriever(Retrieval(method=method), Materials(as_corpus(passages)))
    for text in ("Who is Ada?", "橋", "??"):
        ranking = found.rank(Question(text), 10)
        assert sorted(ranking.passages.tolist()) == list(range(len(passages)))
        assert np.isfinite(ranking.scores).all()


def test_only_passages_within_are_ranked() -> None:
    found = build_retriever(Retrieval(method="bm25"), Materials(town()))
    within = np.array([False, True, False, True])
    assert set(found.rank(Question("Otto Lind"), 9, within).passages.tolist()) == {1, 3}
    assert len(found.rank(Question("Otto Lind"), 0).passages) == 0
