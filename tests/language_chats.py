"""Chats for tests: replies from a list, or from a function."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from engine.labs.memory_graph.language.chat import Message, Reply
from tests.fake_endpoint import rule_model


class Scripted:
    """Gives its replies one by one and keeps what it was asked."""

    name = "scripted"

    def __init__(self, replies: Iterable[str]):
        self.replies = iter(replies)
        self.asked: list[Sequence[Message]] = []

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """The next one."""
        self.asked.append(messages)
        return Reply(next(self.replies), 10, 5)


class Spoken:
    """Answers by ``speak``, by default as ``rule_model``; counts its calls."""

    def __init__(
        self, speak: Callable[[Sequence[Message]], str] | None = None, name: str = "rules"
    ):
        self.name = name
        self.speak = speak or obey
        self.calls = 0
        self.lock = threading.Lock()

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """The answer to just this."""
        with self.lock:
            self.calls += 1
        text = self.speak(messages)
        return Reply(text, sum(len(message.content) for message in messages) // 4, 20)


def obey(messages: Sequence[Message]) -> str:
    """As the fake endpoint's model."""
    return rule_model({"messages": [message._asdict() for message in messages]})
