"""A language model as A-MEM's analyst (arXiv 2502.12110): describe a note, then link and evolve.

The answers have the field names of ``living.analyst``. A reply that cannot be read leaves its note
undescribed, or changes nothing, and is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.labs.memory_graph.language.chat import Chat, Message, RequestRefused
from engine.labs.memory_graph.language.prompts import (
    LONGEST_NOTE,
    ask_description,
    ask_evolution,
)
from engine.labs.memory_graph.language.reading import clean, find_object, texts
from engine.labs.memory_graph.living.analyst import (
    MAX_CONTEXT,
    MAX_TAGS,
    Analysis,
    Evolution,
    Neighbour,
)
from engine.labs.memory_graph.living.notes import Note

DESCRIPTION_TOKENS = 400
EVOLUTION_TOKENS = 1_200
MOST_KEYWORDS = 20
ACTIONS = ("strengthen", "update_neighbor")


class LanguageAnalyst:
    """Answers of ``chat``; ``asked`` and ``unreadable`` count them.

    Raises ChatError and LimitExceeded, at which a memory stops growing and keeps what it has.
    """

    def __init__(self, chat: Chat):
        self.chat = chat
        self.name = f"language model {chat.name}"
        self.asked = 0
        self.unreadable = 0

    def analyse(self, content: str) -> Analysis:
        """Keywords, one sentence of context, tags."""
        found = self._ask(ask_description(content), DESCRIPTION_TOKENS, "keywords")
        if found is None:
            return Analysis()
        context = found.get("context")
        return Analysis(
            keywords=texts(found["keywords"], MOST_KEYWORDS) or [],
            context=_sentence(context) or Analysis().context,
            tags=texts(found.get("tags"), MAX_TAGS) or [],
        )

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        """Links and rewritten descriptions; what a neighbour's entry leaves open stays as it is."""
        shown = [_shown(near.note) for near in neighbours]
        found = self._ask(ask_evolution(_shown(note), shown), EVOLUTION_TOKENS, "should_evolve")
        if found is None or not _yes(found["should_evolve"]):
            return Evolution()
        actions = [name for name in texts(found.get("actions"), 10) or [] if name in ACTIONS]
        return Evolution(
            should_evolve=bool(actions),
            actions=actions,
            suggested_connections=texts(found.get("suggested_connections"), 100) or [],
            tags_to_update=texts(found.get("tags_to_update"), MAX_TAGS) or [],
            new_context_neighborhood=[
                _sentence(one) for one in _entries(found, "new_context_neighborhood", neighbours)
            ],
            new_tags_neighborhood=[
                texts(one, MAX_TAGS) or list(near.note.tags)
                for one, near in zip(
                    _entries(found, "new_tags_neighborhood", neighbours), neighbours, strict=True
                )
            ],
        )

    def _ask(self, messages: list[Message], tokens: int, key: str) -> dict[str, Any] | None:
        self.asked += 1
        try:
            found = find_object(self.chat.complete(messages, tokens).text, key)
        except RequestRefused:
            found = None
        if found is None:
            self.unreadable += 1
        return found


def _entries(found: dict[str, Any], name: str, neighbours: Sequence[Neighbour]) -> list[Any]:
    """One entry for each neighbour; None where the model gave none."""
    given = found.get(name)
    given = given if isinstance(given, list) else []
    return [given[i] if i < len(given) else None for i in range(len(neighbours))]


def _shown(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "time": note.timestamp,
        "content": note.content[:LONGEST_NOTE],
        "context": note.context,
        "keywords": note.keywords,
        "tags": note.tags,
    }


def _sentence(value: Any) -> str:
    return clean(value)[:MAX_CONTEXT] if isinstance(value, str) else ""


def _yes(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes"))
