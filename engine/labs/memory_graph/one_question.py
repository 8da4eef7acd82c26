"""The question of an experiment: the visitor's, one that came with the memory, or a made one."""

from __future__ import annotations

from collections import Counter

from engine.core.errors import BadInput
from engine.labs.memory_graph.config.question import OneQuestion
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.loading import Loaded
from engine.labs.memory_graph.openie import Triples
from engine.labs.memory_graph.questions import Question

MADE = "made from the most frequent name"


def one_question(config: OneQuestion, loaded: Loaded) -> Question:
    """The visitor's own question, else the one with that number; raises BadInput.

    A memory without questions is asked about the name that stands in most of its passages.
    """
    if config.ask.strip():
        return Question(config.ask.strip())
    if loaded.questions:
        if config.question >= len(loaded.questions):
            last = len(loaded.questions) - 1
            raise BadInput("question", f"must be from 0 to {last} (got {config.question})")
        return loaded.questions[config.question]
    materials = loaded.materials
    name = _frequent(materials.triples or extract_all(materials.corpus.passages))
    if name is None:
        raise BadInput("corpus", "no name was found in it that could be asked about")
    return Question(f"What is known about {name}?", id=MADE)


def _frequent(triples: Triples) -> str | None:
    """The end of triples that stands in most passages; of equal ones the first in order."""
    counts: Counter[str] = Counter()
    for rows in triples:
        counts.update({end for row in rows for end in (row.subject, row.object) if end})
    return min(counts, key=lambda end: (-counts[end], end)) if counts else None
