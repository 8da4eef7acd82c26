"""One question to a memory, for the experiments that do not rank passages by a chosen method."""

from __future__ import annotations

from pydantic import Field

from engine.labs.memory_graph.config.files import Files
from engine.labs.memory_graph.config.retrieval import DEFAULT_QUESTION, OWN_QUESTION


class OneQuestion(Files):
    """A question that came with the memory, by its number, or one of the visitor's own."""

    question: int = Field(DEFAULT_QUESTION, ge=0, le=100_000, title="Question")
    ask: str = OWN_QUESTION
