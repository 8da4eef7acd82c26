"""SORT, evidence recall, the working-memory timeline and the search over triples."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.memory_graph.living.coat import TripleGraph, search, uct
from engine.labs.memory_graph.living.evidence import by_category, recall_at, through
from engine.labs.memory_graph.living.hiagent import Step, read_trajectory, rule_summary, timeline
from engine.labs.memory_graph.living.sort_probe import (
    AlwaysFirst,
    RetrievalOrder,
    build_pairs,
    distance_bins,
    probe,
)
from engine.labs.memory_graph.living.words import TfIdf


def story(sentences: int) -> list[str]:
    """Sentences of seven words, each with a word of its own."""
    return [word for i in range(sentences) for word in f"On day {i} the town saw word{i}.".split()]


class Perfect:
    def __init__(self, words):
        self.text = " ".join(words)

    def first(self, a, b):
        return int(self.text.index(b) < self.text.index(a))


def test_bins_are_those_of_the_paper():
    assert distance_bins(250) == (62, 83, 125, 200)
    assert distance_bins(20_000) == (1000, 5000, 10_000, 16_000)


def test_pairs_begin_sentences_lie_apart_and_repeat():
    words = story(125)
    pairs = build_pairs(words, 20, per_bin=30, seed=1)
    assert pairs == build_pairs(words, 20, per_bin=30, seed=1)
    assert pairs != build_pairs(words, 20, per_bin=30, seed=2)
    ends = (20, *distance_bins(len(words)))
    for pair in pairs:
        assert words[pair.early] == words[pair.late] == "On"
        assert ends[pair.bin] <= pair.distance <= ends[pair.bin + 1]
        assert pair.early_text == " ".join(words[pair.early : pair.early + 20])
    assert [sum(p.bin == b for p in pairs) for b in range(4)] == [30] * 4


def test_place_alone_scores_exactly_half_and_the_text_itself_all():
    words = story(125)
    pairs = build_pairs(words, 20, per_bin=25)
    for row in probe(AlwaysFirst(), pairs):
        assert row.accuracy == 0.5 and row.chose_first == 1
    rows = probe(Perfect(words), pairs)
    assert [row.bin for row in rows] == [-1, 0, 1, 2, 3] and rows[0].pairs == 100
    assert all(row.accuracy == 1 and row.chose_first == 0.5 for row in rows)


def test_retrieval_knows_the_order_if_its_store_does():
    words = story(125)
    passages = [" ".join(words[i : i + 40]) for i in range(0, 1000, 40)]
    tfidf = TfIdf(passages)
    rows = tfidf.vectors(passages)

    def embed(text):
        return tfidf.vectors([text])[0]

    pairs = build_pairs(words, 20, per_bin=25)
    order = np.arange(len(passages))
    assert probe(RetrievalOrder(rows, order, embed), pairs)[0].accuracy > 0.9
    assert probe(RetrievalOrder(rows, np.zeros(len(order)), embed), pairs)[0].accuracy == 0.5
    assert probe(RetrievalOrder(rows, -order, embed), pairs)[0].accuracy < 0.1
    with pytest.raises(BadInput):
        RetrievalOrder(rows, order[:-1], embed)


def test_a_text_with_very_many_starts_is_sampled():
    words = [f"w{i}" for i in range(20_000)]
    pairs = build_pairs(words, 20, per_bin=5, starts=range(20_000))
    assert [sum(p.bin == b for p in pairs) for b in range(4)] == [5] * 4
    assert pairs == build_pairs(words, 20, per_bin=5, starts=range(20_000))


def test_recall_of_evidence_by_the_integer_of_the_category():
    assert recall_at(["a", "b", "c"], ["c", "z"], 3) == 0.5
    assert recall_at(["a", "b", "c"], ["c"], 2) == 0
    assert math.isnan(recall_at(["a"], [], 1))
    questions = [
        {"category": 1, "evidence": ["a", "b"]},
        {"category": 1, "evidence": ["c"]},
        {"category": 4, "evidence": ["a", "gone"]},
        {"category": 5, "evidence": []},
    ]
    found = by_category(questions, lambda q: ["a", "b"], (1, 2), known="abc")
    assert [(row.category, row.name, row.questions) for row in found] == [
        (1, "multi-hop", 2),
        (4, "single-hop", 1),
        (0, "all", 3),
    ]
    assert found[0].recall == {1: 0.25, 2: 0.5} and found[1].recall == {1: 1, 2: 1}
    assert by_category([], lambda q: []) == []
    assert through(["n2", "n1", "n9"], {"n1": ["a", "b"], "n2": ["b"]}) == ["b", "a"]


STEPS = [
    Step("find the key", "look under the mat", "there is dust and a key"),
    Step("find the key", "take the key", "you hold the key"),
    Step("open the door", "go to the door", "it is locked"),
    Step("open the door", "use the key", "the door is open", retrieve="find the key"),
    Step("leave", "walk out", "you are outside"),
]


def test_finished_subgoals_shrink_and_come_back_when_asked_for():
    found = timeline(STEPS, budget=30, summaries={"find the key": "key found"})
    # By hand: 3 + (4 + 6), and 3 + (4 + 6) + (3 + 4).
    assert list(found.flat[:2]) == list(found.hierarchical[:2]) == [13, 20]
    # Then 3 for the new goal, 3 + 2 for the finished one, 4 + 3 for the step.
    assert found.hierarchical[2] == 15 and found.flat[2] == 30
    assert [e.kind for e in found.entries[2]] == ["summary", "step"]
    assert [e.kind for e in found.entries[3]] == ["retrieved"] * 2 + ["step"] * 2
    assert [e.kind for e in found.entries[4]] == ["summary", "summary", "step"]
    assert (found.hierarchical <= found.flat).all()
    np.testing.assert_array_equal(found.over[0], found.flat > 30)
    assert not found.over[1, 2]


def test_the_rule_summary_is_the_last_observation():
    assert rule_summary([Step("a", "b", "word " * 30)]).split() == ["word"] * 12


def test_a_trajectory_is_read_line_by_line():
    lines = [json.dumps({"subgoal": s.subgoal, "action": s.action, "observation": s.observation,
                         "retrieve": s.retrieve}) for s in STEPS]  # fmt: skip
    assert read_trajectory([*lines, ""]) == STEPS
    for bad in ("{", "[" * 100_000, "[]", "3", "null", '{"subgoal": "a", "action": "b"}',
                '{"subgoal": 1, "action": "b", "observation": "c"}',
                '{"subgoal": "a", "action": "b", "observation": "c", "retrieve": 4}'):  # fmt: skip
        with pytest.raises(BadInput, match="line 2"):
            read_trajectory([lines[0], bad])
    with pytest.raises(BadInput, match="step 1"):
        timeline([STEPS[3]], 10)
    with pytest.raises(BadInput, match="trajectory"):
        timeline([], 10)


TRIPLES = [
    ("Ada", "lives in", "Genoa"),
    ("Genoa", "lies in", "Liguria"),
    ("Liguria", "borders", "Piedmont"),
    ("Ada", "likes", "rain"),
    ("rain", "falls on", "mountains"),
    *((f"thing {i}", "is like", "rain") for i in range(30)),
]


def test_the_search_finds_the_path_that_covers_the_question():
    found = search(TripleGraph(TRIPLES), "Ada", ["Ada", "Liguria"], iterations=60, seed=1)
    path = [found.nodes[number].entity for number in found.best]
    assert path == ["Ada", "Genoa", "Liguria"] and found.nodes[found.best[-1]].terminal
    assert found.score == pytest.approx(1.1)
    again = search(TripleGraph(TRIPLES), "Ada", ["Ada", "Liguria"], iterations=60, seed=1)
    assert again == found


def test_visits_add_up_and_values_are_their_means():
    ring = [(str(i), "near", str((i + step) % 40)) for i in range(40) for step in (1, 7)]
    found = search(TripleGraph(ring), "0", ["20", "31"], iterations=20)
    assert found.nodes[0].visits == 20
    for node in found.nodes:
        below = [found.nodes[child] for child in node.children]
        assert sum(child.visits for child in below) <= node.visits
        assert node.depth <= 4 and (node.parent is None) == (node.number == 0)
        path = []
        at = node
        while at is not None:
            path.append(at.entity)
            at = None if at.parent is None else found.nodes[at.parent]
        assert len(set(path)) == len(path), "no path visits an entity twice"
    worth = sum(n.content_value + 0.1 * n.association_value for n in found.nodes[1:])
    assert len(found.nodes) == 21, "every iteration grew a node"
    assert found.nodes[0].value == pytest.approx(worth / 20)


def test_association_sees_what_the_path_has_not_reached():
    graph = TripleGraph(TRIPLES)
    assert graph.near("Ada", 2) == ["rain", "Genoa"] or graph.near("Ada", 2) == ["Genoa", "rain"]
    blind = search(graph, "Ada", ["Liguria"], iterations=1, associate=lambda entity: [])
    seeing = search(graph, "Ada", ["Liguria"], iterations=1)
    assert blind.nodes[0].association_value == 0 and seeing.nodes[0].association_value == 1


def test_uct_and_bad_input():
    assert uct(0.5, 4, 16, 1.0) == pytest.approx(0.5 + math.sqrt(math.log(16) / 4))
    assert uct(0.5, 0, 16) == math.inf
    graph = TripleGraph(TRIPLES)
    for call in (
        lambda: search(graph, "Nobody", ["Ada"]),
        lambda: search(graph, "Ada", []),
        lambda: search(graph, "Ada", ["Ada"], iterations=0),
        lambda: search(graph, "Ada", ["Ada"], beta=-1),
        lambda: build_pairs(story(4), 20),
        lambda: build_pairs(["word"] * 100, 20),
        lambda: distance_bins(3),
    ):
        with pytest.raises(BadInput):
            call()
