"""Lanes on which spans run at once, as lanes that each do one thing at a time."""

from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np

from engine.core.timeline import Lane, Timeline


def without_overlaps(timeline: Timeline) -> Timeline:
    """The same spans in the same order, none of them beside another on its lane.

    A lane whose spans overlap is followed by further ones, "name (2)" and so on; each span goes to
    the first of them that is free. Spans that only touch do not overlap.
    """
    lanes: list[Lane] = []
    lane = np.empty(len(timeline), np.int64)
    for i, given in enumerate(timeline.lanes):
        spans = np.flatnonzero(timeline.lane == i)
        rows, count = _rows(timeline.start[spans], timeline.end[spans])
        lane[spans] = len(lanes) + rows
        lanes += [given, *(Lane(f"{given.name} ({n})", given.group) for n in range(2, count + 1))]
    if len(lanes) == len(timeline.lanes):
        return timeline
    return replace(timeline, lanes=tuple(lanes), lane=lane)


def _rows(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, int]:
    """The row of each span (spans,), starts in order, and how many rows that takes, at least 1."""
    rows = np.zeros(len(start), np.int64)
    if len(start) < 2 or np.all(start[1:] >= np.maximum.accumulate(end)[:-1]):
        return rows, 1
    busy: list[tuple[float, int]] = []  # (until when, row)
    free: list[int] = []
    count = 0
    for i, (begin, until) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        while busy and busy[0][0] <= begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            rows[i] = heapq.heappop(free)
        else:
            rows[i], count = count, count + 1
        heapq.heappush(busy, (until, int(rows[i])))
    return rows, count
