"""Why this passage: its mass taken apart, exactly.

Without nodes that have no edge the ranking is linear in the reset: p = M r with
M = (1 - d) (I - d P')^-1. A passage's score is s = c' p for its readout c, so s = (M' c)' r: one
solve of the transposed system tells what every seed adds. Walkers that stand on a node without an
edge return to r, which only scales: p = M r / |M r|, and every part by the same number.

Each breakdown adds up to the score: by seed, by the node where the mass is read, by the last edge
it came over, and by the passage's own facts; the last two leave mass that never moved to be
``direct``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.pagerank import adjoint
from engine.labs.memory_graph.trace import Trace


@dataclass(frozen=True, eq=False)
class Explanation:
    """The score of one passage and its parts.

    ``by_seed`` (seeds,) is in the order of the trace's seeds. ``nodes``, ``edges`` (from, to) and
    ``facts`` come with ``by_node``, ``by_edge`` and ``by_fact``, the largest part first.
    """

    passage: int
    mass: float
    by_seed: np.ndarray
    nodes: np.ndarray
    by_node: np.ndarray
    edges: np.ndarray
    by_edge: np.ndarray
    direct: float
    facts: np.ndarray
    by_fact: np.ndarray
    direct_facts: float


def explain(graph: MemoryGraph, trace: Trace, passage: int) -> Explanation:
    """Take the score of ``passage`` (a position) apart; the parts add up to it to 1e-9."""
    row = trace.readout[[passage]]
    nodes, counts = row.indices, row.data
    by_node = counts * trace.mass[nodes]
    edges, by_edge = _last_steps(trace, nodes, counts)
    direct = _returned(trace) * float(counts @ trace.reset[nodes])
    facts, by_fact = _by_fact(graph, passage, nodes, by_node, edges, by_edge)
    # A passage that is a node itself may be a seed; no fact brought that.
    is_node = nodes.max(initial=0) >= len(graph.phrases)
    order = np.argsort(-by_node, kind="stable")
    last = np.argsort(-by_edge, kind="stable")
    best = np.argsort(-by_fact, kind="stable")
    return Explanation(
        passage=passage,
        mass=float(by_node.sum()),
        by_seed=by_seed(trace, passage),
        nodes=nodes[order],
        by_node=by_node[order],
        edges=edges[last],
        by_edge=by_edge[last],
        direct=direct,
        facts=facts[best],
        by_fact=by_fact[best],
        direct_facts=direct if is_node else 0.0,
    )


def by_seed(trace: Trace, passage: int) -> np.ndarray:
    """What each of the trace's seeds adds to the score of ``passage`` (seeds,)."""
    readout = trace.readout[[passage]].toarray().ravel()
    gains = adjoint(trace.walk, readout, trace.damping)
    return trace.seeds.shares * gains[trace.seeds.nodes] / _kept(trace)


def _kept(trace: Trace) -> float:
    """|M r|: the mass that walkers on nodes without an edge do not lose."""
    stuck = trace.walk.stuck
    # Nothing walks onto a node without an edge: only its own share of the reset is there.
    return float(1 - trace.damping * trace.reset[stuck].sum())


def _returned(trace: Trace) -> float:
    """What part of its own reset a node gets in every step."""
    stuck = trace.walk.stuck
    return float(1 - trace.damping + trace.damping * trace.mass[stuck].sum())


def _last_steps(
    trace: Trace, nodes: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Edges into ``nodes`` (edges, 2) and the readout of what came over each in the last step."""
    into = trace.walk.forward[nodes]
    targets = np.repeat(np.arange(len(nodes)), np.diff(into.indptr))
    flow = trace.damping * into.data * trace.mass[into.indices] * counts[targets]
    return np.stack([into.indices, nodes[targets]], axis=1), flow


def _by_fact(
    graph: MemoryGraph,
    passage: int,
    nodes: np.ndarray,
    by_node: np.ndarray,
    edges: np.ndarray,
    by_edge: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The passage's facts and what each carries.

    What a phrase of the passage brings is shared equally by the passage's facts in which it stands.
    HippoRAG reads phrases themselves; in HippoRAG 2 a passage is a node and phrases step onto it.
    """
    phrases = len(graph.phrases)
    brought = np.zeros(phrases)
    own = nodes < phrases
    brought[nodes[own]] = by_node[own]
    if not own.all():
        stepped = (edges[:, 0] < phrases) & (edges[:, 1] >= phrases)
        np.add.at(brought, edges[stepped, 0], by_edge[stepped])
    facts = graph.d2f[[passage]].indices
    ends = graph.f2e[facts]
    standing = np.asarray(ends.sum(axis=0)).ravel()
    return facts, ends @ (brought / np.maximum(standing, 1))
