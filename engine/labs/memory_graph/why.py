"""Why a passage was found: its score taken apart, and what its rank would be without a part."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_graph.build import Workshop
from engine.labs.memory_graph.choosing import chosen_question
from engine.labs.memory_graph.config import WhyConfig
from engine.labs.memory_graph.counterfactual import scores_without
from engine.labs.memory_graph.explain import explain
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.loading import Loaded, Read, load
from engine.labs.memory_graph.trace import Trace

SHOWN = 12


def why(config: WhyConfig, read: Read) -> Result:
    """Explain one passage's score for one question, and ask again without what is dropped.

    Fields in units of mass: ``by_seed``, ``by_node``, ``by_edge`` and ``by_fact`` (part), the
    largest twelve of each; ``edge`` (part, end), ``seed`` and ``fact`` (part) name what can be
    dropped. ``scores`` and ``scores_without`` (passage) are those of all passages before and after.
    Metrics: ``rank`` and ``rank_without`` from 1, the passage's ``mass`` and ``mass_without``, and
    the sum of each breakdown.
    """
    loaded = load(config, read)
    workshop = Workshop(loaded.materials)
    retriever = workshop.retriever(config)
    if not isinstance(retriever, HippoRag | HippoRag2):
        raise BadInput("method", "must be hipporag or hipporag2: the others do not walk")
    question = chosen_question(config, loaded, retriever.graph)
    graph, trace = retriever.graph, retriever.trace(question)
    if not len(trace.seeds):
        raise BadInput("ask", "names nothing that this graph knows, so that no walk can start")
    count = len(loaded.corpus.passages)
    if config.passage >= count:
        raise BadInput("passage", f"must be from -1 to {count - 1} (got {config.passage})")
    passage = config.passage if config.passage >= 0 else int(np.argmax(trace.scores))
    found = explain(graph, trace, passage)
    seeds = np.argsort(-found.by_seed, kind="stable")[:SHOWN]
    edges, nodes, facts = found.edges[:SHOWN], found.nodes[:SHOWN], found.facts[:SHOWN]
    scores = retriever.read(trace, question)
    after = scores_without(config, workshop, retriever, question)
    return Result(
        {
            "by_seed": Field(found.by_seed[seeds], ("part",)),
            "seed": Field(seeds.astype(np.int32), ("part",)),
            "by_node": Field(found.by_node[:SHOWN], ("node_part",)),
            "by_edge": Field(found.by_edge[:SHOWN], ("edge_part",)),
            "edge": Field(edges.astype(np.int32).reshape(-1, 2), ("edge_part", "end")),
            "by_fact": Field(found.by_fact[:SHOWN], ("fact_part",)),
            "fact": Field(facts.astype(np.int32), ("fact_part",)),
            "scores": Field(scores, ("passage",)),
            "scores_without": Field(after, ("passage",)),
        },
        {
            "mass": found.mass,
            "sum_by_seed": float(found.by_seed.sum()),
            "sum_by_node": float(found.by_node.sum()),
            "sum_by_edge": float(found.by_edge.sum() + found.direct),
            "sum_by_fact": float(found.by_fact.sum() + found.direct_facts),
            "direct": found.direct,
            "rank": _rank(scores, passage),
            "rank_without": _rank(after, passage),
            "mass_without": float(after[passage]),
        },
        {
            **loaded.notes,
            "question": question.text,
            "answer": question.answer,
            "gold": list(question.gold),
            "seeds": [_seed_words(graph, loaded, trace, int(i)) for i in seeds],
            "nodes": [_node_words(graph, loaded, int(i)) for i in nodes],
            "edges": [[_node_words(graph, loaded, int(i)) for i in pair] for pair in edges],
            "facts": [" ".join(graph.facts[int(i)]) for i in facts],
            "dropped_facts": [" ".join(graph.facts[i]) for i in config.facts_to_drop],
            "titles": [p.title or p.text[:80] for p in loaded.corpus.passages],
            "questions": [one.text for one in loaded.questions],
            "text": loaded.corpus.passages[passage].text,
        },
    )


def _rank(scores: np.ndarray, passage: int) -> int:
    order = np.argsort(-scores, kind="stable")
    return int(np.flatnonzero(order == passage)[0]) + 1


def _node_words(graph: MemoryGraph, loaded: Loaded, node: int) -> str:
    phrases = len(graph.phrases)
    if node < phrases:
        return graph.phrases[node]
    passage = loaded.corpus.passages[node - phrases]
    return f"passage: {passage.title or passage.text[:80]}"


def _seed_words(graph: MemoryGraph, loaded: Loaded, trace: Trace, place: int) -> dict[str, Any]:
    seed = trace.seeds[place]
    named = _node_words(graph, loaded, seed.node)
    because = {
        "entity": lambda: f"named in the question as {trace.links[seed.origin].entity}",
        "fact": lambda: f"in the linked fact: {' '.join(graph.facts[seed.origin])}",
        "passage": lambda: "like the question as a whole",
        "neighbour": lambda: "next to a seed",
    }[seed.kind]()
    return {"place": place, "node": named, "because": because, "share": seed.share}
