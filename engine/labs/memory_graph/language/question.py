"""A language model at question time: the names of a question, and which linked facts serve it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from engine.labs.memory_graph.language.chat import Chat, Message, RequestRefused
from engine.labs.memory_graph.language.prompts import ask_question_names, ask_useful_facts
from engine.labs.memory_graph.language.reading import find_object, texts

NAME_TOKENS = 256
FACT_TOKENS = 512
MOST_NAMES = 20


class QuestionReader:
    """``asked`` and ``unreadable`` count the replies; raises ChatError and LimitExceeded."""

    def __init__(self, chat: Chat):
        self.chat = chat
        self.asked = 0
        self.unreadable = 0

    def names(self, question: str) -> tuple[str, ...] | None:
        """The names in a question (``Question.entities``); None where the reply is unreadable."""
        found = self._list(ask_question_names(question), NAME_TOKENS, "names")
        listed = texts(found, MOST_NAMES)
        return None if listed is None else tuple(listed)

    def keep(self, question: str, facts: Sequence[Sequence[str]]) -> list[int] | None:
        """Positions of the facts that serve the question, in their order; HippoRAG 2's filter.

        A kept fact is matched to the candidate that is spelt most alike, as in the authors' code.
        None where the reply is unreadable: all facts then stay.
        """
        if not facts:
            return []
        found = self._list(ask_useful_facts(question, facts), FACT_TOKENS, "facts")
        if not isinstance(found, list):
            return None
        candidates = [_spelt(fact) for fact in facts]
        kept: set[int] = set()
        for one in found:
            (match,) = difflib.get_close_matches(_spelt(one), candidates, n=1, cutoff=0.0)
            kept.add(candidates.index(match))
        return sorted(kept)

    def _list(self, messages: list[Message], tokens: int, key: str) -> object:
        self.asked += 1
        try:
            found = find_object(self.chat.complete(messages, tokens).text, key)
        except RequestRefused:
            found = None
        value = found[key] if found else None
        if not isinstance(value, list):
            self.unreadable += 1
            return None
        return value


def _spelt(fact: object) -> str:
    """A fact as one line, whether it came as a list or as a sentence."""
    if isinstance(fact, list | tuple):
        fact = " ".join(str(part) for part in fact)
    return " ".join(str(fact).lower().split())[:2_000]
