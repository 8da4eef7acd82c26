"""When each token of a generation begins, from all tokens at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_hardware.asic import Ints
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.rows import row_cycles, run_cycles
from engine.labs.memory_hardware.slots import Slot, at


def refresh_count(boundary: Ints, first: int, rfc: int, refi: int) -> Ints:
    """Refreshes up to a row boundary in undisturbed time, when the first is due at ``first``.

    Each moves what follows by tRFC and what is due by tREFI, so they are tREFI - tRFC apart there.
    """
    return np.maximum(0, (boundary - first) // (refi - rfc) + 1)


class Schedule:
    """Tokens of a prompt, which have no head, then generated tokens.

    ``undisturbed`` and ``ends`` (tokens + 1,) are the cycles at which each token begins without
    and with refresh (the last entry: at which all is over), ``seen`` the refreshes before. Raises
    BadInput for less than one token.
    """

    def __init__(
        self,
        compiler: Compiler,
        tokens: int,
        *,
        start: int = 0,
        prompt: int = 0,
        refresh: bool | None = None,
    ):
        if tokens < 1 or start < 0 or prompt < 0:
            raise BadInput("tokens", f"must be 1 or more, and those before 0 or more (got {tokens},"
                           f" {start}, {prompt})")  # fmt: skip
        self.compiler, self.prompt = compiler, prompt
        self.timing = t = compiler.timing
        self.contexts = np.arange(start + 1, start + prompt + tokens + 1, dtype=np.int64)
        self.refresh = compiler.choices.refresh if refresh is None else refresh
        self.refi = t["refi"] if self.refresh else 0
        count = len(self.contexts)
        layer = sum(np.broadcast_to(run_cycles(slot, t), count) for slot in self.layer)
        after = sum(at(run_cycles(slot, t), 0) for slot in self.after)
        generated = np.arange(count) >= prompt
        layers = compiler.shape.layers
        self.lengths = layers * layer + after * generated
        self.undisturbed = np.concatenate([[0], np.cumsum(self.lengths)])
        tails = np.where(generated, self._tail(self.after), self._tail([]))
        self.seen = np.zeros(count + 1, np.int64)
        if self.refi:
            boundaries = self.undisturbed[1:] - tails
            self.seen[1:] = refresh_count(boundaries, self.refi, t["rfc"], self.refi)
        self.ends = self.undisturbed + t["rfc"] * self.seen

    @cached_property
    def layer(self) -> list[Slot]:
        """One layer for all contexts."""
        return self.compiler.layer(self.contexts)

    @cached_property
    def after(self) -> list[Slot]:
        """What follows the last layer of a generated token."""
        return self.compiler.after()

    def slots(self, tokens: int) -> Iterator[tuple[Slot, np.ndarray]]:
        """Every slot, and how often it comes in each token of the first ``tokens``."""
        layers = np.zeros(len(self.contexts), np.int64)
        layers[:tokens] = self.compiler.shape.layers
        for slot in self.layer:
            yield slot, layers
        generated = np.zeros(len(self.contexts), np.int64)
        generated[self.prompt : tokens] = 1
        for slot in self.after:
            yield slot, generated

    def _tail(self, after: list[Slot]) -> int:
        """Cycles from the last row boundary of a token to its end.

        The same for every context, as the last product does not depend on it.
        """
        t = self.timing
        cycles = 0
        for slot in reversed([*self.layer, *after]):
            rows = at(slot.rows, 0)
            if slot.in_memory and rows:
                return cycles + at(row_cycles(slot, t), 0)
            cycles += at(run_cycles(slot, t), 0)
        return cycles
