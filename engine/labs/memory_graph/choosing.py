"""Which question a view asks: the visitor's own, one of the memory's, or one made of its graph."""

from __future__ import annotations

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_graph.build import Workshop
from engine.labs.memory_graph.config import Asked
from engine.labs.memory_graph.config.question import OneQuestion
from engine.labs.memory_graph.graph import GraphRules, MemoryGraph, build_graph
from engine.labs.memory_graph.loading import Loaded
from engine.labs.memory_graph.questions import Question

MADE = "made from the most frequent name"


def own_question(ask: str) -> Question | None:
    """The visitor's own question, which has no gold; None where nothing was asked."""
    return Question(ask.strip()) if ask.strip() else None


def by_frequency(graph: MemoryGraph) -> list[int]:
    """Nodes of a graph, those that a question is made about first.

    Names of two words or more come first, since single words that begin a sentence are often no
    names; then those that stand in most passages.
    """
    single = np.array([" " not in phrase for phrase in graph.phrases], bool)
    return np.lexsort((-graph.ndoc, single)).tolist()


def made_question(graph: MemoryGraph) -> Question:
    """A question about the first name ``by_frequency``, for a memory without questions.

    Raises BadInput("corpus") where there is no name at all.
    """
    if not graph.phrases:
        raise BadInput("corpus", "no name was found in it that could be asked about")
    often = by_frequency(graph)[0]
    return Question(f"What is known about {graph.phrases[often].title()}?", id=MADE)


def chosen_question(
    config: Asked | OneQuestion, loaded: Loaded, graph: MemoryGraph | None = None
) -> Question:
    """The visitor's own question, else the one with that number, else one made of the graph.

    ``graph`` saves the work of building one where there is one of the memory; how it joins
    synonyms does not matter here. Raises BadInput.
    """
    own = own_question(config.ask)
    if own is not None:
        return own
    if not loaded.questions:
        return made_question(graph if graph is not None else _names_of(loaded))
    if config.question >= len(loaded.questions):
        last = len(loaded.questions) - 1
        raise BadInput("question", f"must be from 0 to {last} (got {config.question})")
    return loaded.questions[config.question]


def _names_of(loaded: Loaded) -> MemoryGraph:
    return build_graph(Workshop(loaded.materials).triples, GraphRules(synonyms="none"))
