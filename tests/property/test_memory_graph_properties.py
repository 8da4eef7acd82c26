"""What holds for every graph, every reset and every corpus."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from engine.labs.memory_graph.build import Materials, build_retriever
from engine.labs.memory_graph.config import Retrieval
from engine.labs.memory_graph.corpus import Passage, as_corpus
from engine.labs.memory_graph.explain import explain
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.openie import Triple
from engine.labs.memory_graph.pagerank import Walk, adjoint, pagerank, states
from engine.labs.memory_graph.questions import Question
from tests.memory_corpora import random_weights

SETTINGS = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
dampings = st.floats(0.0, 0.95)
names = st.sampled_from(["Ada", "Otto Lind", "Heron", "Herons", "Tea", "1903", "Ghent", "Tarn"])
triples = st.lists(
    st.lists(st.builds(Triple, names, st.sampled_from(["met", "is"]), names), max_size=5),
    min_size=1,
    max_size=6,
)
questions = st.lists(names, max_size=4).map(lambda found: Question(f"who met {', '.join(found)}?"))


def problem(seed: int) -> tuple[sparse.csr_array, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 25))
    reset = rng.random(size) * (rng.random(size) < 0.4)
    reset[rng.integers(size)] += 0.1
    return random_weights(rng, size, rng.choice([0.0, 0.1, 0.5])), reset / reset.sum(), rng


@SETTINGS
@given(seeds, dampings)
def test_mass_is_a_distribution_and_a_fixed_point(seed: int, damping: float) -> None:
    weights, reset, _ = problem(seed)
    walk = Walk.on(weights)
    mass = pagerank(walk, reset, damping)
    assert mass.min() >= 0
    assert mass.sum() == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(walk.step(mass, reset, damping), mass, atol=1e-10)
    np.testing.assert_allclose(states(walk, reset, damping, 5).sum(axis=1), 1)


@SETTINGS
@given(seeds, dampings)
def test_the_walk_does_not_see_the_scale_of_the_weights(seed: int, damping: float) -> None:
    weights, reset, _ = problem(seed)
    one, other = Walk.on(weights), Walk.on(sparse.csr_array(weights * 7.5))
    np.testing.assert_allclose(
        pagerank(one, reset, damping), pagerank(other, reset, damping), atol=1e-10
    )


@SETTINGS
@given(seeds, dampings)
def test_the_adjoint_tells_every_reset_s_score(seed: int, damping: float) -> None:
    weights, reset, rng = problem(seed)
    walk = Walk.on(weights)
    readout = rng.random(walk.size) * 5
    kept = 1 - damping * reset[walk.stuck].sum()
    score = readout @ pagerank(walk, reset, damping)
    assert adjoint(walk, readout, damping) @ reset / kept == pytest.approx(score, abs=1e-8)


@SETTINGS
@given(triples, questions, dampings, st.sampled_from(["hipporag", "hipporag2"]))
def test_explanations_add_up_on_any_graph(
    rows: list[list[Triple]], question: Question, damping: float, method: str
) -> None:
    corpus = as_corpus([Passage(f"P{i}", " ".join(map(str, own))) for i, own in enumerate(rows)])
    settings = Retrieval(method=method, damping=damping, threshold=0.5)
    found = build_retriever(settings, Materials(corpus, rows))
    assert isinstance(found, HippoRag | HippoRag2)
    trace = found.trace(question)
    for passage in range(len(rows)):
        parts = explain(found.graph, trace, passage)
        score = pytest.approx(trace.scores[passage], abs=1e-9)
        assert parts.by_seed.sum() == score
        assert parts.by_node.sum() == score
        assert parts.by_edge.sum() + parts.direct == score
        assert parts.by_fact.sum() + parts.direct_facts == score


@SETTINGS
@given(st.lists(st.text(max_size=40), min_size=1, max_size=8), st.text(max_size=60))
def test_any_text_can_be_indexed_and_asked(texts: list[str], question: str) -> None:
    corpus = as_corpus([Passage(text[:5], text) for text in texts])
    for method in ("hipporag", "hipporag2", "bm25", "tfidf", "mix"):
        found = build_retriever(Retrieval(method=method), Materials(corpus))
        ranking = found.rank(Question(question), len(texts))
        assert sorted(ranking.passages.tolist()) == list(range(len(texts)))
        assert np.isfinite(ranking.scores).all()
        assert (np.diff(ranking.scores) <= 0).all()
