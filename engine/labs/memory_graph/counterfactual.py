"""What a question would find had some facts, seeds or edges not been."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from engine.labs.memory_graph.build import Workshop
from engine.labs.memory_graph.config import WhyConfig
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.trace import Trace


def scores_without(
    config: WhyConfig, workshop: Workshop, retriever: HippoRag | HippoRag2, question: Question
) -> np.ndarray:
    """The score of every passage without what ``config`` drops (passages,).

    A dropped fact is gone from the whole memory, as if the extractor had never found it: its weight
    from the edge of its ends, its place in its passages, and a phrase that no other fact names. The
    question is then linked anew, and seeds and edges are dropped from that walk by their names,
    since nodes may have other numbers there. Raises BadInput for what is not there.
    """
    trace = retriever.trace(question)
    cut = trace.without(seeds=config.seeds_to_drop, edges=config.edges_to_drop)
    if not config.facts_to_drop:
        return retriever.read(cut, question)
    graph = workshop.graph_without(config, config.facts_to_drop)
    other = workshop.retriever(config, graph)
    assert isinstance(other, HippoRag | HippoRag2)
    less = other.trace(question)
    gone = {_name(retriever.graph, trace, place) for place in config.seeds_to_drop}
    seeds = [place for place in range(len(less.seeds)) if _name(graph, less, place) in gone]
    edges = [
        (a, b)
        for a, b in (
            tuple(_moved(node, retriever.graph, graph) for node in pair)
            for pair in config.edges_to_drop
        )
        if a >= 0 and b >= 0 and less.walk.adjacency[a, b]
    ]
    return other.read(less.without(seeds=seeds, edges=edges), question)


def _name(graph: MemoryGraph, trace: Trace, place: int) -> Hashable:
    """A seed by what put it where, in words that another graph of the memory shares."""
    seed = trace.seeds[place]
    if seed.kind == "passage":
        return seed.kind, seed.origin
    because: Hashable = ""
    if seed.kind == "entity":
        because = trace.links[seed.origin].entity
    elif seed.kind == "fact":
        because = graph.facts[seed.origin]
    return seed.kind, because, graph.phrases[seed.node]


def _moved(node: int, here: MemoryGraph, there: MemoryGraph) -> int:
    """The number that a node ``here`` has ``there``; -1 where it is gone."""
    phrases = len(here.phrases)
    if node >= phrases:
        return node - phrases + len(there.phrases)
    return there.places.get(here.phrases[node], -1)
