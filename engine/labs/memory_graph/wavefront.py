"""How a question's mass spreads: the map of the graph, and the mass on it after each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.memory_graph import metrics
from engine.labs.memory_graph.build import build_retriever
from engine.labs.memory_graph.choosing import MADE, chosen_question
from engine.labs.memory_graph.config import WavefrontConfig
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.hipporag2 import HippoRag2
from engine.labs.memory_graph.layout import layout
from engine.labs.memory_graph.loading import Loaded, Read, load
from engine.labs.memory_graph.node_map import EDGE_KINDS, Map, node_map
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.trace import Trace

SHOWN = 10
TITLE = 120


def wavefront(config: WavefrontConfig, read: Read) -> Result:
    """The walk of one question, step by step.

    Nodes are phrases, then passages. Fields: ``xy`` (node, axis), ``passage`` (node): 0 or 1,
    ``seed`` (node): share of the reset, ``mass`` (step, node): of a phrase its mass, of a passage
    its score as the retriever reads it, ``edges`` (edge, end), ``edge_kind`` (edge): a position in
    the note ``edge_kinds``, ``flow`` (step, edge): mass that the step carried over the edge in both
    directions, ``gold_rank`` (step, gold): from 1, ``recall`` (step, cutoff), ``top`` (step,
    place): passages. Notes hold labels, the linked names, the question and the passages' texts.
    """
    loaded = load(config, read)
    retriever = build_retriever(config, loaded.materials)
    if not isinstance(retriever, HippoRag | HippoRag2):
        raise BadInput("method", "must be hipporag or hipporag2: the others do not walk")
    question = chosen_question(config, loaded, retriever.graph)
    graph, trace = retriever.graph, retriever.trace(question)
    if not len(trace.seeds):
        raise BadInput("ask", "names nothing that this graph knows, so that no walk can start")
    shown = node_map(graph)
    states = trace.states(config.steps)
    scores = states @ trace.readout.T
    phrases = len(graph.phrases)
    fields = {
        "xy": Field(layout(shown.adjacency, config.seed).astype(np.float32), ("node", "axis")),
        "passage": Field((np.arange(shown.size) >= phrases).astype(np.uint8), ("node",)),
        "seed": Field(_over_nodes(trace.reset, shown.size).astype(np.float32), ("node",)),
        "mass": Field(
            np.hstack([states[:, :phrases], scores]).astype(np.float32), ("step", "node")
        ),
        "edges": Field(shown.edges.astype(np.int32), ("edge", "end")),
        "edge_kind": Field(shown.kinds, ("edge",)),
        "flow": Field(_flow(trace, states, shown).astype(np.float32), ("step", "edge")),
        **_ranks(scores, question),
    }
    return Result(
        fields,
        {
            "nodes": shown.size,
            "phrases": phrases,
            "edges": len(shown.edges),
            "seeds": len(trace.seeds),
            "reached": int((states[-1] > 0).sum()),
        },
        {
            **loaded.notes,
            **_words(loaded, graph, trace, question),
            "edge_kinds": list(EDGE_KINDS),
            "cutoffs": list(metrics.CUTOFFS),
        },
    )


def _over_nodes(values: np.ndarray, size: int) -> np.ndarray:
    """Values of the walk's nodes for all nodes of the map; HippoRAG 1 walks on phrases alone."""
    return np.concatenate([values, np.zeros(size - len(values))])


def _flow(trace: Trace, states: np.ndarray, shown: Map) -> np.ndarray:
    """Mass that each step carried over each edge (steps + 1, edges); none in step 0."""
    size = trace.walk.size
    walked = (shown.edges < size).all(axis=1)
    here, there = shown.edges[walked].T
    back_and_forth = [
        np.asarray(trace.walk.forward[to, at]).ravel() for at, to in ((here, there), (there, here))
    ]
    flow = np.zeros((len(states), len(shown.edges)))
    for step, mass in enumerate(states[:-1], start=1):
        moved = mass[here] * back_and_forth[0] + mass[there] * back_and_forth[1]
        flow[step, walked] = trace.damping * moved
    return flow


def _ranks(scores: np.ndarray, question: Question) -> dict[str, Field]:
    orders = np.argsort(-scores, axis=1, kind="stable")
    found = {"top": Field(orders[:, :SHOWN].astype(np.int32), ("step", "place"))}
    if question.gold:
        ranks = np.stack([metrics.gold_ranks(order, question.gold) for order in orders])
        found["gold_rank"] = Field(ranks.astype(np.int32), ("step", "gold"))
        recall = metrics.recalls(list(ranks))
        found["recall"] = Field(recall.astype(np.float32), ("step", "cutoff"), "%")
    return found


def _words(loaded: Loaded, graph: MemoryGraph, trace: Trace, question: Question) -> dict[str, Any]:
    passages = loaded.corpus.passages
    return {
        "labels": [*graph.phrases, *((p.title or p.text)[:TITLE] for p in passages)],
        "question": question.text,
        "made": question.id if question.id == MADE else "",
        "answer": question.answer,
        "gold": list(question.gold),
        "questions": [one.text for one in loaded.questions],
        "links": [[link.entity, graph.phrases[link.node], link.similarity] for link in trace.links],
        "facts": [[" ".join(graph.facts[fact]), score] for fact, score in trace.facts.items()],
        "passages": [
            {"title": p.title, "text": p.text, "when": p.when, "source": p.source} for p in passages
        ],
    }
