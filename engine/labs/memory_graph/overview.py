"""A whole memory at a glance: its map, its communities, and the stored memory itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_graph.chance import chance_modularity
from engine.labs.memory_graph.communities import (
    Communities,
    community_layout,
    community_links,
    find_communities,
)
from engine.labs.memory_graph.community_names import names_of
from engine.labs.memory_graph.config import OverviewConfig
from engine.labs.memory_graph.config.overview import MOST_EDGES, MOST_NODES
from engine.labs.memory_graph.layout import layout
from engine.labs.memory_graph.loading import Read, load_memory
from engine.labs.memory_graph.memory import Memory
from engine.labs.memory_graph.memory_read import Snapshot
from engine.labs.memory_graph.neighbourhood import edge_weights
from engine.labs.memory_graph.node_map import EDGE_KINDS, Map


def overview(config: OverviewConfig, read: Read) -> Result:
    """A memory of the documents that ``config`` names, and what there is to see of it.

    Nodes are phrases, then notes, the best joined 20,000 with their strongest 60,000 edges. Fields:
    ``xy`` (node, axis), ``note`` (node): id of the note, 0 for a phrase, ``community`` (node),
    ``degree`` (node), ``edges`` (edge, end), ``edge_kind`` (edge), the strongest first;
    ``group_xy`` (group, axis), ``group_notes`` and ``group_names`` (group): members of each kind,
    ``links`` (link, end) and ``link_edges`` (link) between groups; ``memory`` (byte): the file of
    the memory. Metrics: ``modularity``, and the mean, least and most (``null_mean``, ``null_low``,
    ``null_high``) of ``null_draws`` graphs of the same degrees with random links.
    Notes hold the nodes' labels, the groups' names and what was left out of the documents.
    """
    memory, notes = load_memory(config, read)
    with memory:
        if not len(memory):
            raise BadInput("corpus", "holds no note")
        return _overview(memory, notes, config)


def _overview(memory: Memory, notes: dict[str, Any], config: OverviewConfig) -> Result:
    snapshot = memory.snapshot()
    nodes, shown = strongest(snapshot.map)
    graph = snapshot.graph
    phrases = len(graph.phrases)
    phrase_nodes, passages = nodes[nodes < phrases], nodes[nodes >= phrases] - phrases
    found = find_communities(shown, config.grain, config.seed)
    chance = chance_modularity(shown, config.grain, config.seed)
    pairs, counts = community_links(shown, found)
    is_note = np.arange(len(nodes)) >= len(phrase_nodes)
    degree = np.bincount(shown.edges.ravel(), minlength=shown.size)
    fields = {
        "xy": Field(layout(shown.adjacency, config.seed).astype(np.float32), ("node", "axis")),
        "note": Field(_ids(snapshot, passages, len(phrase_nodes)), ("node",)),
        "community": Field(found.member.astype(np.int32), ("node",)),
        "degree": Field(degree.astype(np.int32), ("node",), "edges"),
        "edges": Field(shown.edges.astype(np.int32), ("edge", "end")),
        "edge_kind": Field(shown.kinds, ("edge",)),
        "group_xy": Field(
            community_layout(pairs, counts, found.count).astype(np.float32),
            ("group", "axis"),
        ),
        "group_notes": Field(_count(found, is_note), ("group",), "notes"),
        "group_names": Field(_count(found, ~is_note), ("group",), "names"),
        "links": Field(pairs.astype(np.int32), ("link", "end")),
        "link_edges": Field(counts.astype(np.int32), ("link",), "edges"),
        "memory": Field(np.frombuffer(memory.to_bytes(), np.uint8), ("byte",), "B"),
    }
    metrics = {
        **memory.counts(),
        "nodes": snapshot.map.size,
        "edges": len(snapshot.map.edges),
        "nodes_drawn": shown.size,
        "edges_drawn": len(shown.edges),
        "communities": found.count - (found.rest >= 0),
        "modularity": found.modularity,
        "null_draws": len(chance),
    }
    if len(chance):
        metrics |= {
            "null_mean": float(chance.mean()),
            "null_low": float(chance.min()),
            "null_high": float(chance.max()),
        }
    entries = memory.entries()
    called = [name for one in entries for name in (one.title, one.source)]
    texts = (one.text for one in entries)
    labels = [graph.phrases[node] for node in phrase_nodes.tolist()]
    return Result(
        fields,
        metrics,
        {
            **notes,
            "labels": [*labels, *_titles(memory, snapshot.ids[passages].tolist())],
            "groups": names_of(found, graph, passages, called, texts),
            "rest": found.rest,
            "edge_kinds": list(EDGE_KINDS),
        },
    )


def strongest(of: Map, nodes: int = MOST_NODES, edges: int = MOST_EDGES) -> tuple[np.ndarray, Map]:
    """The best joined nodes of a map, in its order, and their part of it, strongest edges first."""
    degree = np.bincount(of.edges.ravel(), minlength=of.size)
    kept = np.sort(np.argsort(-degree, kind="stable")[:nodes])
    place = np.full(of.size, -1)
    place[kept] = np.arange(len(kept))
    weights = edge_weights(of)
    inside = np.flatnonzero((place[of.edges] >= 0).all(axis=1))
    inside = inside[np.argsort(-weights[inside], kind="stable")][:edges]
    return kept, Map(len(kept), place[of.edges[inside]].reshape(-1, 2), of.kinds[inside])


def _ids(snapshot: Snapshot, passages: np.ndarray, phrases: int) -> np.ndarray:
    return np.concatenate([np.zeros(phrases, np.int64), snapshot.ids[passages]])


def _count(found: Communities, chosen: np.ndarray) -> np.ndarray:
    return np.bincount(found.member[chosen], minlength=found.count).astype(np.int32)


def _titles(memory: Memory, notes: list[int]) -> list[str]:
    titles = memory.titles()
    return [titles[note] or f"note {note}" for note in notes]
