"""A score taken apart: every breakdown adds up, and says what deleting a part would do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.memory_graph.build import Materials, build_retriever
from engine.labs.memory_graph.config import Retrieval
from engine.labs.memory_graph.explain import explain
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.pagerank import pagerank
from engine.labs.memory_graph.questions import Question
from tests.memory_corpora import TRIPLES, town

QUESTION = Question("Where was the painter of Ada Marsh's Heron Bridge born?")


def retriever(method: str, **settings: object) -> HippoRag | HippoRag2:
    built = build_retriever(Retrieval(method=method, **settings), Materials(town(), TRIPLES))
    assert isinstance(built, HippoRag | HippoRag2)
    return built


CASES = [
    ("hipporag", {}),
    ("hipporag", {"damping": 0.9}),
    ("hipporag", {"passage_score": "nodes"}),
    ("hipporag", {"spread": "neighbours"}),
    ("hipporag", {"spread": "seeds"}),
    ("hipporag2", {}),
    ("hipporag2", {"entity_weight": 0.0, "damping": 0.8}),
]


@pytest.mark.parametrize(("method", "settings"), CASES)
@pytest.mark.parametrize("passage", range(4))
def test_every_breakdown_adds_up_to_the_score(method: str, settings: dict, passage: int) -> None:
    found = retriever(method, **settings)
    trace = found.trace(QUESTION)
    parts = explain(found.graph, trace, passage)
    score = found.scores(QUESTION)[passage]
    assert parts.mass == pytest.approx(score, abs=1e-12)
    assert parts.by_seed.sum() == pytest.approx(score, abs=1e-9)
    assert parts.by_node.sum() == pytest.approx(score, abs=1e-9)
    assert parts.by_edge.sum() + parts.direct == pytest.approx(score, abs=1e-9)
    assert parts.by_fact.sum() + parts.direct_facts == pytest.approx(score, abs=1e-9)
    assert min(parts.by_seed.min(initial=0), parts.by_edge.min(initial=0)) >= 0


@pytest.mark.parametrize("method", ["hipporag", "hipporag2"])
def test_a_seed_s_part_is_what_a_walk_from_it_alone_brings(method: str) -> None:
    found = retriever(method)
    trace = found.trace(QUESTION)
    parts = explain(found.graph, trace, 1)
    for i, seed in enumerate(trace.seeds):
        alone = np.zeros(trace.walk.size)
        alone[seed.node] = 1
        brought = found.readout[[1]].toarray().ravel() @ pagerank(trace.walk, alone, 0.5)
        assert parts.by_seed[i] == pytest.approx(seed.share * brought, abs=1e-9)


def test_facts_of_the_passage_share_what_their_ends_hold() -> None:
    found = retriever("hipporag")
    trace = found.trace(QUESTION)
    parts = explain(found.graph, trace, 0)
    places = found.graph.places
    for fact, carried in zip(parts.facts, parts.by_fact, strict=True):
        subject, _, target = found.graph.facts[fact]
        ends = trace.mass[places[subject]] + trace.mass[places[target]]
        assert carried == pytest.approx(ends, abs=1e-12)


def test_without_its_seed_a_passage_apart_is_not_reached() -> None:
    found = retriever("hipporag")
    trace = found.trace(Question("Does Otto Lind drink Tea?"))
    names = [trace.links[seed.origin].entity for seed in trace.seeds]
    assert names == ["Otto Lind", "Tea"]
    assert trace.scores[3] > 0
    assert trace.without(seeds=[1]).scores[3] == 0
    assert trace.without(seeds=[1]).reset.sum() == pytest.approx(1)
    assert not trace.without(seeds=[0, 1]).scores.any()
    with pytest.raises(BadInput, match="no seed 2"):
        trace.without(seeds=[2])


def test_without_the_bridge_the_far_side_is_not_reached() -> None:
    found = retriever("hipporag")
    trace = found.trace(Question("Who was Ada Marsh?"))
    places = found.graph.places
    assert trace.scores[2] > 0
    cut = trace.without(edges=[(places["heron bridge"], places["otto lind"])])
    assert cut.scores[2] == 0
    # As if the triple that joins them had never been read.
    fewer = [[row for row in rows if row.relation != "painted"] for rows in TRIPLES]
    other = build_retriever(Retrieval(method="hipporag"), Materials(town(), fewer))
    mass = replace(trace, walk=cut.walk).mass[places["tarn"]]
    assert isinstance(other, HippoRag)
    less = other.trace(Question("Who was Ada Marsh?"))
    assert mass == pytest.approx(less.mass[other.graph.places["tarn"]], abs=1e-9)


@pytest.mark.parametrize("method", ["hipporag", "hipporag2"])
def test_a_state_after_many_steps_is_the_mass(method: str) -> None:
    trace = retriever(method).trace(QUESTION)
    states = trace.states(60)
    np.testing.assert_array_equal(states[0], trace.reset)
    np.testing.assert_allclose(states[-1], trace.mass, atol=1e-10)
    np.testing.assert_allclose(states.sum(axis=1), 1)
