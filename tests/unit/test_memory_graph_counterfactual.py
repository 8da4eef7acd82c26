"""A dropped fact is gone as if the extractor had never found it: compared with a rebuilt graph."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from engine.core import BadInput
from engine.core.context import QuietContext
from engine.labs.memory_graph import run
from engine.labs.memory_graph.build import Materials, Workshop, build_retriever
from engine.labs.memory_graph.config import Retrieval, WhyConfig
from engine.labs.memory_graph.corpus import load_corpus
from engine.labs.memory_graph.counterfactual import scores_without
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.phrases import normalise
from engine.labs.memory_graph.questions import Question, load_questions
from engine.labs.memory_graph.sources import DIARY, sample_path, sample_questions
from engine.labs.memory_graph.views.why import describe_rank
from tests.memory_corpora import TRIPLES, town

METHODS = ["hipporag", "hipporag2"]
BRIDGE = Question("Who was Ada Marsh?")


@cache
def diary(method: str) -> tuple[Materials, Workshop, HippoRag | HippoRag2, Question]:
    corpus = load_corpus(sample_path(DIARY))
    materials = Materials(corpus, extract_all(corpus.passages))
    workshop = Workshop(materials)
    retriever = workshop.retriever(Retrieval(method=method))
    assert isinstance(retriever, HippoRag | HippoRag2)
    path = sample_questions(DIARY)
    assert path is not None
    return materials, workshop, retriever, load_questions(path, corpus).items[8]


def rebuilt(
    materials: Materials, graph: MemoryGraph, facts: list[int], method: str
) -> HippoRag | HippoRag2:
    """The retriever on triples from which the facts were struck by hand."""
    gone = {tuple(graph.facts[fact]) for fact in facts}
    fewer = [
        [row for row in rows if tuple(map(normalise, row)) not in gone]
        for rows in materials.triples or ()
    ]
    assert sum(map(len, fewer)) < sum(map(len, materials.triples or ()))
    made = build_retriever(Retrieval(method=method), Materials(materials.corpus, fewer))
    assert isinstance(made, HippoRag | HippoRag2)
    return made


def listed(values: list[int]) -> str:
    return ",".join(map(str, values))


@pytest.mark.parametrize("method", METHODS)
def test_it_equals_a_graph_rebuilt_without_the_facts(method: str) -> None:
    materials, workshop, retriever, question = diary(method)
    graph = retriever.graph
    standing = np.asarray(graph.f2e.sum(axis=0)).ravel()
    lonely = [
        fact for fact in range(len(graph.facts)) if standing[graph.f2e[[fact]].indices].min() == 1
    ]
    shared = [fact for fact in range(len(graph.facts)) if fact not in set(lonely)]
    own = graph.d2f[[91]].indices.tolist()
    for facts in ([own[0]], own, lonely[:3], shared[:5], [lonely[0], shared[0]]):
        config = WhyConfig.build(method=method, without_facts=listed(facts))
        after = scores_without(config, workshop, retriever, question)
        peer = rebuilt(materials, graph, facts, method)
        np.testing.assert_allclose(after, peer.scores(question), rtol=1e-12)
    fewer = workshop.graph_without(Retrieval(method=method), lonely[:1])
    assert len(fewer.phrases) < len(graph.phrases), "a name that no other fact holds is gone"
    same = workshop.graph_without(Retrieval(method=method), shared[:1])
    assert same.phrases == graph.phrases and same.linker is graph.linker


def town_shop(method: str) -> tuple[Workshop, HippoRag | HippoRag2]:
    workshop = Workshop(Materials(town(), TRIPLES))
    retriever = workshop.retriever(Retrieval(method=method))
    assert isinstance(retriever, HippoRag | HippoRag2)
    return workshop, retriever


def test_without_the_fact_that_bridges_the_far_side_is_not_reached() -> None:
    workshop, retriever = town_shop("hipporag")
    fact = retriever.graph.facts.index(Triple("otto lind", "painted", "heron bridge"))
    before = retriever.scores(BRIDGE)
    after = scores_without(WhyConfig.build(without_facts=str(fact)), workshop, retriever, BRIDGE)
    assert before[2] > 0 and after[2] == 0


@pytest.mark.parametrize("method", METHODS)
def test_seeds_and_edges_fall_with_facts_though_nodes_have_other_numbers(method: str) -> None:
    workshop, retriever = town_shop(method)
    question = Question("Did Ada Marsh and Otto Lind drink Tea?")
    graph = retriever.graph
    # "ada marsh" and "built" vanish: every later node moves down by one.
    facts = [graph.facts.index(Triple("ada marsh", "built", "heron bridge"))]
    trace = retriever.trace(question)
    tea = next(
        place
        for place, seed in enumerate(trace.seeds)
        if seed.kind == "entity" and trace.links[seed.origin].entity == "Tea"
    )
    pair = graph.places["otto lind"], graph.places["heron bridge"]
    config = WhyConfig.build(
        method=method,
        without_facts=listed(facts),
        without_seeds=str(tea),
        without_edges=f"{pair[0]}-{pair[1]}",
    )
    after = scores_without(config, workshop, retriever, question)
    peer = rebuilt(workshop.materials, graph, facts, method)
    assert "ada marsh" not in peer.graph.places
    less = peer.trace(question)
    seeds = [
        place
        for place, seed in enumerate(less.seeds)
        if seed.kind == "entity" and less.links[seed.origin].entity == "Tea"
    ]
    assert len(seeds) == 1
    moved = peer.graph.places["otto lind"], peer.graph.places["heron bridge"]
    assert moved != pair
    cut = peer.read(less.without(seeds=seeds, edges=[moved]), question)
    np.testing.assert_allclose(after, cut, rtol=1e-12)
    assert not np.allclose(cut, peer.read(less, question), rtol=1e-3)


def test_an_edge_that_goes_with_its_fact_is_not_missed() -> None:
    workshop, retriever = town_shop("hipporag")
    graph = retriever.graph
    fact = graph.facts.index(Triple("otto lind", "painted", "heron bridge"))
    a, b = graph.places["otto lind"], graph.places["heron bridge"]
    both = WhyConfig.build(without_facts=str(fact), without_edges=f"{a}-{b}")
    alone = WhyConfig.build(without_facts=str(fact))
    np.testing.assert_array_equal(
        scores_without(both, workshop, retriever, BRIDGE),
        scores_without(alone, workshop, retriever, BRIDGE),
    )


def test_all_facts_gone_leaves_nothing_to_find() -> None:
    workshop, retriever = town_shop("hipporag")
    every = listed(list(range(len(retriever.graph.facts))))
    config = WhyConfig.build(without_facts=every)
    assert not scores_without(config, workshop, retriever, BRIDGE).any()


def test_a_passage_that_nothing_reaches_has_no_rank_to_speak_of() -> None:
    every = listed(run.why(WhyConfig(), QuietContext()).array("fact").tolist())
    less = run.why(WhyConfig.build(without_facts=every), QuietContext())
    assert less.number("mass_without") == 0
    assert "nothing reaches it" in describe_rank(less)


def test_what_is_not_there_cannot_be_dropped() -> None:
    for name, value in (("without_facts", "99999"), ("without_seeds", "77")):
        with pytest.raises(BadInput) as refused:
            run.why(WhyConfig.build({name: value}), QuietContext())
        assert refused.value.field == name.removeprefix("without_")
    for text in ("1,", "a", "-1"):
        with pytest.raises(BadInput, match="without_facts"):
            WhyConfig.build(without_facts=text)


def test_the_view_offers_the_passage_s_own_facts() -> None:
    found = run.why(WhyConfig(passage=91), QuietContext())
    facts = found.array("fact").tolist()
    assert len(facts) == len(found.notes["facts"]) == len(found.array("by_fact"))
    less = run.why(WhyConfig.build(passage=91, without_facts=listed(facts)), QuietContext())
    assert less.array("scores_without")[91] < found.array("scores")[91]
    assert less.number("rank") == found.number("rank")
    assert sorted(less.notes["dropped_facts"]) == sorted(found.notes["facts"])
