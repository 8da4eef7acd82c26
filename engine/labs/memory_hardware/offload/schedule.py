"""Tasks on lanes: each starts when what it needs is done and its lane is free, and says why then.

What a task moves through host memory competes with what the others move at the same time: where
together they ask for more than the memory gives, all of them slow down by the same factor.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DONE = 1e-12  # of a task's seconds: what rounding may leave of it


@dataclass(frozen=True, slots=True)
class Task:
    """Work for one lane: ``seconds`` alone, ``host_bytes`` through host memory meanwhile.

    ``after`` are positions of earlier tasks that must be done; ``item`` is a subgroup, -1 for none.
    """

    lane: str
    kind: str
    item: int
    seconds: float
    host_bytes: float = 0.0
    after: tuple[int, ...] = ()
    iteration: int = 0


@dataclass(frozen=True, eq=False)
class Schedule:
    """When each task ran: ``start``, ``end`` (tasks,) in seconds.

    ``cause`` (tasks,) is the task whose end let this one start: one that it needed or the one
    before it on its lane; -1 where nothing held it.
    """

    tasks: tuple[Task, ...]
    start: np.ndarray
    end: np.ndarray
    cause: np.ndarray

    @property
    def seconds(self) -> float:
        """The end of the last task; 0 without tasks."""
        return float(self.end.max()) if len(self.end) else 0.0


def schedule(tasks: Sequence[Task], host_rate: float) -> Schedule:
    """Run tasks; ``host_rate`` in bytes a second. A lane takes what was ready first, then by order.

    Raises ValueError where a task waits for a later one.
    """
    waiting, followers = _links(tasks)
    start, end = np.zeros(len(tasks)), np.zeros(len(tasks))
    cause = np.full(len(tasks), -1)
    queues: dict[str, list[tuple[float, int]]] = {task.lane: [] for task in tasks}
    last: dict[str, int] = {}
    for i, count in enumerate(waiting):
        if not count:
            heapq.heappush(queues[tasks[i].lane], (0.0, i))
    needed = [-1] * len(tasks)
    left: dict[int, float] = {}
    busy: dict[str, int] = {}
    now = 0.0
    while True:
        for lane, queue in queues.items():
            if queue and lane not in busy:
                ready, i = heapq.heappop(queue)
                held = lane in last and end[last[lane]] > ready
                busy[lane], left[i], start[i] = i, tasks[i].seconds, now
                cause[i] = last[lane] if held else needed[i]
        if not left:
            return Schedule(tuple(tasks), start, end, cause)
        asked = sum(tasks[i].host_bytes / tasks[i].seconds for i in left if tasks[i].seconds)
        share = min(1.0, host_rate / asked) if asked else 1.0
        speeds = {i: share if tasks[i].host_bytes else 1.0 for i in left}
        passed = min(left[i] / speeds[i] for i in left)
        now += passed
        for i in list(left):
            left[i] -= passed * speeds[i]
            if left[i] > DONE * tasks[i].seconds:
                continue
            del left[i], busy[tasks[i].lane]
            end[i], last[tasks[i].lane] = now, i
            for other in followers[i]:
                waiting[other] -= 1
                if not waiting[other]:
                    needed[other] = i
                    heapq.heappush(queues[tasks[other].lane], (now, other))


def _links(tasks: Sequence[Task]) -> tuple[list[int], list[list[int]]]:
    """How many tasks each waits for, and which wait for it."""
    waiting = [0] * len(tasks)
    followers: list[list[int]] = [[] for _ in tasks]
    for i, task in enumerate(tasks):
        for earlier in set(task.after):
            if not 0 <= earlier < i:
                raise ValueError(f"task {i} waits for {earlier}")
            waiting[i] += 1
            followers[earlier].append(i)
    return waiting, followers
