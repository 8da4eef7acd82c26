"""Personalised PageRank against a plain loop, a linear solver and igraph."""

from __future__ import annotations

import igraph
import numpy as np
import pytest
from scipy import sparse

from engine.core import BadInput
from engine.labs.memory_graph.pagerank import Walk, adjoint, pagerank, pagerank_slow, states
from tests.memory_corpora import edge_list, random_weights


def problem(seed: int, size: int = 40) -> tuple[sparse.csr_array, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = random_weights(rng, size, share=0.05 if seed % 2 else 0.2)
    reset = rng.random(size) * (rng.random(size) < 0.2)
    reset[0] += 0.1
    return weights, reset / reset.sum()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("damping", [0.1, 0.5, 0.85])
def test_every_state_is_the_plain_loop_s(seed: int, damping: float) -> None:
    weights, reset = problem(seed)
    found = states(Walk.on(weights), reset, damping, 6)
    for step in range(7):
        slow = pagerank_slow(edge_list(weights), reset.tolist(), damping, step)
        np.testing.assert_allclose(found[step], slow, atol=1e-14)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("damping", [0.1, 0.5, 0.9])
def test_the_ranking_is_igraph_s_prpack(seed: int, damping: float) -> None:
    weights, reset = problem(seed, size=120)
    edges = edge_list(weights)
    graph = igraph.Graph(n=120, edges=list(edges), edge_attrs={"weight": list(edges.values())})
    peer = graph.personalized_pagerank(
        damping=damping, reset=reset, weights="weight", directed=False, implementation="prpack"
    )
    assert np.abs(pagerank(Walk.on(weights), reset, damping) - peer).max() < 1e-8


@pytest.mark.parametrize("seed", range(4))
def test_the_ranking_is_where_the_iteration_ends(seed: int) -> None:
    weights, reset = problem(seed)
    walk = Walk.on(weights)
    np.testing.assert_allclose(
        pagerank(walk, reset, 0.5), states(walk, reset, 0.5, 80)[-1], atol=1e-12
    )


def test_the_adjoint_is_the_transposed_solve() -> None:
    weights, reset = problem(0)
    walk = Walk.on(weights)
    readout = np.random.default_rng(1).random(walk.size)
    dense = 0.5 * np.linalg.inv(np.eye(walk.size) - 0.5 * walk.forward.toarray())
    np.testing.assert_allclose(adjoint(walk, readout, 0.5), dense.T @ readout, atol=1e-10)
    assert adjoint(walk, readout, 0.5) @ reset == pytest.approx(readout @ (dense @ reset))


def test_a_walk_without_an_edge_is_the_walk_on_the_graph_without_it() -> None:
    weights, reset = problem(2)
    (a, b), (c, d) = list(edge_list(weights))[:2]
    fewer = weights.toarray()
    fewer[a, b] = fewer[b, a] = fewer[c, d] = fewer[d, c] = 0
    cut = Walk.on(weights).without([(b, a), (c, d)])
    expected = pagerank(Walk.on(sparse.csr_array(fewer)), reset, 0.5)
    np.testing.assert_array_equal(pagerank(cut, reset, 0.5), expected)
    assert Walk.on(weights).adjacency[a, b], "the graph itself stays whole"
    with pytest.raises(BadInput, match="not joined"):
        cut.without([(a, b)])
    with pytest.raises(BadInput, match="not joined"):
        cut.without([(0, 4000)])


def test_no_seed_gives_no_mass_and_no_edge_keeps_it() -> None:
    walk = Walk.on(sparse.csr_array((3, 3)))
    np.testing.assert_array_equal(pagerank(walk, np.zeros(3), 0.5), 0)
    np.testing.assert_allclose(pagerank(walk, np.array([0.25, 0.75, 0]), 0.5), [0.25, 0.75, 0])
