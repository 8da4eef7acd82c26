"""A ceiling on tokens: the call that could break through it is not made."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from engine.core.errors import BadInput, LimitExceeded
from engine.labs.memory_graph.language.chat import (
    BYTES_PER_TOKEN,
    MESSAGE_TOKENS,
    Chat,
    Message,
    Reply,
    estimate,
)

LEAST, MOST = 100, 1_000_000_000


class Budget:
    """Tokens spent and held; threads may share one.

    A call holds the estimate of its prompt and its longest reply until its true cost is known. The
    estimate follows the most tokens per byte that this run has seen, so that only a first prompt of
    an unusual script can cost more than it held.
    """

    def __init__(self, ceiling: int):
        if isinstance(ceiling, bool) or not isinstance(ceiling, int):
            raise BadInput("ceiling", f"must be a whole number of tokens (got {ceiling!r})")
        if not LEAST <= ceiling <= MOST:
            raise BadInput("ceiling", f"must be {LEAST:,} to {MOST:,} tokens (got {ceiling:,})")
        self.ceiling = ceiling
        self.spent = 0
        self.calls = 0
        self._held = 0
        self._bytes_per_token: float | None = None
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Tokens that are neither spent nor held."""
        return max(0, self.ceiling - self.spent - self._held)

    def hold(self, messages: Sequence[Message], max_tokens: int) -> int:
        """Hold what a call may cost and return it; raises LimitExceeded where it is not left."""
        with self._lock:
            wanted = estimate(messages, self._bytes_per_token or BYTES_PER_TOKEN) + max_tokens
            if wanted > self.left:
                raise LimitExceeded(
                    f"the ceiling of {self.ceiling:,} tokens is reached: {self.left:,} are left, "
                    f"and the next call could take {wanted:,}"
                )
            self._held += wanted
            return wanted

    def settle(self, held: int, messages: Sequence[Message], reply: Reply | None) -> None:
        """Give back what was held, and book what a reply did cost."""
        with self._lock:
            self._held -= held
            if reply is None:
                return
            self.calls += 1
            self.spent += reply.tokens
            size = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
            counted = reply.prompt_tokens - MESSAGE_TOKENS * len(messages)
            if reply.counted and counted > 0:
                seen = size / counted
                self._bytes_per_token = min(self._bytes_per_token or seen, seen)


class Metered:
    """A chat under a budget."""

    def __init__(self, inner: Chat, budget: Budget):
        self.inner, self.budget = inner, budget
        self.name = inner.name

    def complete(self, messages: Sequence[Message], max_tokens: int) -> Reply:
        """Ask if the budget allows it; raises LimitExceeded."""
        held = self.budget.hold(messages, max_tokens)
        reply = None
        try:
            reply = self.inner.complete(messages, max_tokens)
            return reply
        finally:
            self.budget.settle(held, messages, reply)
