"""Which question a view asks: the visitor's own, one of the memory's, or one made of its graph."""

from __future__ import annotations

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_graph.config import Asked
from engine.labs.memory_graph.graph import MemoryGraph
from engine.labs.memory_graph.loading import Loaded
from engine.labs.memory_graph.questions import Question

MADE = "made from the most frequent name"


def own_question(ask: str) -> Question | None:
    """The visitor's own question, which has no gold; None where nothing was asked."""
    return Question(ask.strip()) if ask.strip() else None


def made_question(graph: MemoryGraph) -> Question:
    """A question about the name that stands in most passages, for a memory without questions.

    It is a name of two words or more where there is one: single words that begin a sentence are
    often no names. Raises BadInput("corpus") where there is no name at all.
    """
    if not graph.phrases:
        raise BadInput("corpus", "no name was found in it, so that there is no graph to walk")
    passages = np.asarray((graph.d2e > 0).sum(axis=0)).ravel()
    names = np.array([" " in phrase for phrase in graph.phrases])
    often = int(np.argmax(np.where(names, passages, 0) if names.any() else passages))
    return Question(f"What is known about {graph.phrases[often].title()}?", id=MADE)


def chosen_question(config: Asked, loaded: Loaded, graph: MemoryGraph) -> Question:
    """The visitor's own question, else the one with that number; raises BadInput."""
    own = own_question(config.ask)
    if own is not None:
        return own
    if not loaded.questions:
        return made_question(graph)
    if config.question >= len(loaded.questions):
        last = len(loaded.questions) - 1
        raise BadInput("question", f"must be from 0 to {last} (got {config.question})")
    return loaded.questions[config.question]
