"""The modularity of chance: rewired graphs keep their degrees, and clear communities exceed it."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.core.result import Result
from engine.labs.memory_graph.chance import chance_modularity, draws_for, rewired
from engine.labs.memory_graph.communities import find_communities
from engine.labs.memory_graph.node_map import Map
from pages.kit.words import filled
from pages.panels.memory_graph.own import of_chance

NOTES = (Path(engine.__file__).parent / "labs/memory_graph/NOTES.md").read_text("utf-8")


def map_of(graph: nx.Graph) -> Map:
    edges = np.array(graph.edges, np.int64).reshape(-1, 2)
    return Map(len(graph), edges, np.zeros(len(edges), np.uint8))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.floats(0.02, 1.0), st.integers(0, 99))
def test_rewiring_keeps_degrees_and_a_simple_graph(size: int, density: float, seed: int) -> None:
    of = map_of(nx.gnp_random_graph(size, density, seed=seed))
    found = rewired(of.edges, seed)
    before, after = (np.bincount(edges.ravel(), minlength=size) for edges in (of.edges, found))
    assert np.array_equal(before, after)
    assert (found[:, 0] != found[:, 1]).all()
    assert len({frozenset(pair) for pair in found.tolist()}) == len(of.edges)


def test_rewired_links_are_others() -> None:
    of = map_of(nx.ring_of_cliques(12, 8))
    old, new = ({frozenset(pair) for pair in e.tolist()} for e in (of.edges, rewired(of.edges)))
    # Two of 96 nodes with 7 neighbours each are joined by chance in about 1 of 13 cases.
    assert len(old & new) < 0.2 * len(old)
    assert np.array_equal(rewired(of.edges), rewired(of.edges))
    assert not np.array_equal(rewired(of.edges, draw=0), rewired(of.edges, draw=1))


def test_communities_exceed_chance_and_random_graphs_do_not() -> None:
    cliques, random = map_of(nx.ring_of_cliques(12, 8)), map_of(nx.gnm_random_graph(200, 600, 3))
    assert find_communities(cliques).modularity > chance_modularity(cliques).max() + 0.3
    null = chance_modularity(random)
    assert null.min() > 0.2  # far from 0, which is why 0 is no fair comparison
    assert find_communities(random).modularity == pytest.approx(null.mean(), abs=0.05)


def test_large_graphs_are_compared_with_fewer() -> None:
    assert [draws_for(edges) for edges in (0, 1, 12_000, 20_000, 60_000)] == [0, 5, 5, 3, 1]
    assert len(chance_modularity(Map(3, np.zeros((0, 2), np.int64), np.zeros(0, np.uint8)))) == 0


def test_the_overview_tells_what_chance_reaches() -> None:
    result = engine.run("memory_graph", "overview")
    low, mean, high = (result.number(f"null_{name}") for name in ("low", "mean", "high"))
    assert 0 < low <= mean <= high < result.number("modularity")
    assert result.number("null_draws") == 5


@pytest.mark.parametrize(
    ("draws", "names"),
    [
        (0, {"null_draws"}),
        (1, {"null_single"}),
        (2, {"null_draws", "null_low", "null_high"}),
    ],
)
def test_the_sentence_speaks_of_one_graph_or_of_a_range(draws: int, names: set[str]) -> None:
    null = {f"null_{name}": 0.5 for name in ("mean", "low", "high")} if draws else {}
    found = of_chance(Result({}, {"null_draws": draws, **null}, {}))
    assert set(found) == names
    numbers = {"communities": 3, "modularity": 0.7, "grain": 1.0, **found}
    section = NOTES.split("## Your memory")[1].split("## ")[0]
    assert filled(section, numbers).count("Here 3 communities") == min(draws, 1)
