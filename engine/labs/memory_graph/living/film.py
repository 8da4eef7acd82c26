"""What EM-LLM's buffers bring, block after block of the stream, or to one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.labs.memory_graph.living.checks import whole
from engine.labs.memory_graph.living.event_buffers import Block, Context, EventMemory, event_scores
from engine.labs.memory_graph.living.events import blocks


@dataclass(frozen=True)
class Budget:
    """Tokens before the model: ``n_mem`` for both buffers, ``contiguity`` the share of the second,
    ``n_initial`` and ``n_local`` always there."""

    n_mem: int = 512
    contiguity: float = 0.3
    n_initial: int = 32
    n_local: int = 256


@dataclass(frozen=True, eq=False)
class Frame:
    """One step: the context at token ``now``, and the score of each event (NaN: not asked)."""

    now: int
    context: Context
    score: np.ndarray


@dataclass(frozen=True, eq=False)
class Film:
    """``events`` as (start, end) token ranges, and the frames in order of time."""

    events: tuple[Block, ...]
    frames: tuple[Frame, ...]
    budget: Budget

    @property
    def similar_budget(self) -> int:
        """Tokens of the similarity buffer."""
        return self.budget.n_mem - self.contiguous_budget

    @property
    def contiguous_budget(self) -> int:
        """Tokens of the contiguity buffer."""
        return round(self.budget.n_mem * self.budget.contiguity)

    def tokens(self, chosen: Sequence[int]) -> int:
        """How many tokens the events ``chosen`` have together."""
        return sum(b - a for a, b in (self.events[i] for i in chosen))


def film(
    keys: np.ndarray,
    opening: np.ndarray,
    asked: Sequence[tuple[int, np.ndarray]],
    budget: Budget,
) -> Film:
    """Retrieve for each of ``asked``: (token, query (width,)), in order of time.

    ``keys: t width``. The contiguity buffer is carried from step to step. Raises BadInput.
    """
    events = tuple(blocks(opening, len(keys)))
    memory = EventMemory(
        keys,
        events,
        n_mem=budget.n_mem,
        contiguity=budget.contiguity,
        n_initial=budget.n_initial,
        n_local=budget.n_local,
    )
    frames = []
    for now, query in asked:
        row = np.asarray(query, dtype=np.float32)[None]
        context = memory.retrieve(row, now)
        score = event_scores(row, keys, memory.standing)
        early = [not context.initial[1] <= a < b <= context.local[0] for a, b in events]
        frames.append(Frame(now, context, np.where(early, np.nan, score)))
    return Film(events, tuple(frames), budget)


def steps_to(
    token: int, queries: np.ndarray, block: int, steps: int
) -> list[tuple[int, np.ndarray]]:
    """The last ``steps`` blocks up to the one that holds ``token``, with their mean queries."""
    last = whole(token, "token", 0) // block
    return [(i * block, queries[i]) for i in range(max(last - steps + 1, 0), last + 1)]
