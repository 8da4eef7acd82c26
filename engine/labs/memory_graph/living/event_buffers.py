"""What EM-LLM puts before the model: similar events, their neighbours in time, and the rest.

arXiv 2407.09450, section 3.3, with the numbers of its shipped configurations. The context is 128
initial tokens, the similarity and the contiguity buffer (together ``n_mem`` tokens, 30 % of them
for contiguity) and the local window of 4,096 tokens.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import real, top, vectors, whole

REPRESENTATIVES = 4
N_MEM = 2048  # Mistral; 4,096 for Llama-3.1
CONTIGUITY_SHARE = 0.3
N_INITIAL = 128
N_LOCAL = 4096

Block = tuple[int, int]


def representatives(
    keys: np.ndarray,
    events: Sequence[Block],
    received: np.ndarray | None = None,
    count: int = REPRESENTATIVES,
) -> list[np.ndarray]:
    """Positions of the tokens that stand for each event, int (at most ``count``,) an event.

    ``received: t`` is the attention that each token received. Without it, the tokens nearest to
    the mean of their event's ``keys: t d`` stand for it, which the paper does not do.
    """
    keys = vectors(keys, "keys")
    whole(count, "count", 1)
    if received is not None and len(received) != len(keys):
        raise BadInput("received", f"has {len(received)} values for {len(keys)} keys")
    found = []
    for start, end in events:
        inside = keys[start:end]
        weight = inside @ inside.mean(0) if received is None else np.asarray(received)[start:end]
        found.append(np.sort(start + top(weight, count)))
    return found


def event_scores(query: np.ndarray, keys: np.ndarray, standing: Sequence[np.ndarray]) -> np.ndarray:
    """Mean product of the mean ``query: q d`` with each event's representative keys, (events,)."""
    keys = vectors(keys, "keys")
    mean = vectors(query, "query", width=keys.shape[1]).mean(0)
    return np.array([float((keys[places] @ mean).mean()) for places in standing])


def fill(scores: np.ndarray, sizes: np.ndarray, budget: int) -> list[int]:
    """Events by falling score until ``budget`` tokens are full, in that order.

    The event that crosses the budget stays or goes, whichever ends nearer to it (it goes if both
    are as near).
    """
    whole(budget, "budget", 0)
    chosen: list[int] = []
    used = 0
    for event in top(np.asarray(scores), len(scores)):
        size = int(sizes[event])
        if used + size > budget:
            if used + size - budget < budget - used:
                chosen.append(int(event))
            break
        chosen.append(int(event))
        used += size
    return chosen


@dataclass
class ContiguityBuffer:
    """Neighbours in time of the events that were retrieved, newest first to stay.

    ``sizes: events`` in tokens. For each retrieved event i the events i+1 and i-1 enter the queue;
    the oldest leave while it holds more than ``budget`` tokens.
    """

    sizes: np.ndarray
    budget: int
    _queue: OrderedDict[int, None] = field(default_factory=OrderedDict)

    def push(self, retrieved: Iterable[int], leave_out: Iterable[int] = ()) -> list[int]:
        """Enter the neighbours of ``retrieved``; returns the buffer, oldest first."""
        barred = set(leave_out)
        for event in retrieved:
            for near in (event + 1, event - 1):
                if 0 <= near < len(self.sizes) and near not in barred:
                    self._queue.pop(near, None)
                    self._queue[near] = None
        while self.tokens > self.budget:
            self._queue.popitem(last=False)
        return list(self._queue)

    @property
    def tokens(self) -> int:
        """How many tokens the buffer holds."""
        return int(sum(self.sizes[event] for event in self._queue))


@dataclass(frozen=True)
class Context:
    """The token ranges before the model at one step, by where they come from; ascending."""

    initial: Block
    similar: tuple[int, ...]
    contiguous: tuple[int, ...]
    local: Block


class EventMemory:
    """Events of a stream with their representative keys, asked step by step.

    ``keys: t d``; ``events`` as (start, end). With ``contiguity`` 0 there is no second buffer, as
    in the shipped configurations of EM-LLM.
    """

    def __init__(
        self,
        keys: np.ndarray,
        events: Sequence[Block],
        *,
        n_mem: int = N_MEM,
        contiguity: float = CONTIGUITY_SHARE,
        n_initial: int = N_INITIAL,
        n_local: int = N_LOCAL,
        received: np.ndarray | None = None,
    ):
        self.keys = vectors(keys, "keys")
        self.events = list(events)
        if any(not 0 <= a < b <= len(self.keys) for a, b in self.events):
            raise BadInput("events", f"must be ranges within 0 to {len(self.keys)}")
        self.n_initial, self.n_local = (
            whole(n_initial, "n_initial", 0),
            whole(n_local, "n_local", 0),
        )
        second = round(whole(n_mem, "n_mem", 0) * real(contiguity, "contiguity", 0.0, 1.0))
        self.similar_budget = n_mem - second
        self.sizes = np.array([b - a for a, b in self.events], dtype=np.int64)
        self.standing = representatives(self.keys, self.events, received)
        self.buffer = ContiguityBuffer(self.sizes, second)

    def retrieve(self, query: np.ndarray, now: int) -> Context:
        """The context at token ``now`` for the queries ``query: q d`` of the current chunk.

        Events that reach into the initial tokens or the local window are read there already and
        are not retrieved.
        """
        whole(now, "now", 0, len(self.keys))
        local = (max(now - self.n_local, 0), now)
        initial = (0, min(self.n_initial, local[0]))
        free = [i for i, (a, b) in enumerate(self.events) if a >= initial[1] and b <= local[0]]
        scores = event_scores(query, self.keys, [self.standing[i] for i in free])
        similar = [free[i] for i in fill(scores, self.sizes[free], self.similar_budget)]
        barred = (set(range(len(self.events))) - set(free)) | set(similar)
        contiguous = [i for i in self.buffer.push(similar, barred) if i not in barred]
        return Context(initial, tuple(sorted(similar)), tuple(sorted(contiguous)), local)
