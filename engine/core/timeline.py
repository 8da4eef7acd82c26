"""Spans on lanes: what a timeline view draws and a trace file holds, whatever was simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

TimeUnit = Literal["ns", "us", "ms", "s"]
NANOSECONDS: Mapping[TimeUnit, float] = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass(frozen=True)
class Lane:
    """A resource that does one thing at a time; lanes of one ``group`` stand together."""

    name: str
    group: str = ""


@dataclass(frozen=True, eq=False)
class Counter:
    """A quantity in time: ``value`` (points,) in ``unit`` holds from ``time`` (points,) on."""

    name: str
    unit: str
    time: np.ndarray
    value: np.ndarray


@dataclass(frozen=True, eq=False)
class Timeline:
    """Spans by start time.

    ``lane``, ``kind`` (spans,) are positions in ``lanes`` and ``kinds``; ``start``, ``end``
    (spans,) are float64 in ``unit``. ``cause`` (spans,) is the position of the span that this one
    waited for, -1 where there is none here. ``details`` are more columns (spans,) of numbers or
    words, by what a reader calls them. Raises ValueError for columns that do not fit.
    """

    lanes: tuple[Lane, ...]
    kinds: tuple[str, ...]
    unit: TimeUnit
    lane: np.ndarray
    kind: np.ndarray
    start: np.ndarray
    end: np.ndarray
    cause: np.ndarray | None = None
    details: Mapping[str, np.ndarray] = field(default_factory=dict)
    counters: tuple[Counter, ...] = ()

    def __post_init__(self) -> None:
        columns = {"lane": self.lane, "kind": self.kind, "end": self.end, **self.details}
        if self.cause is not None:
            columns["cause"] = self.cause
        for name, column in columns.items():
            if column.shape != self.start.shape:
                raise ValueError(f"{name} has shape {column.shape}, start {self.start.shape}")
        if len(self.start):
            if np.any(self.end < self.start) or np.any(np.diff(self.start) < 0):
                raise ValueError("spans must end after they start, and be in order of their start")
            for name, column, most in (
                ("lane", self.lane, len(self.lanes)),
                ("kind", self.kind, len(self.kinds)),
            ):
                if column.min() < 0 or column.max() >= most:
                    raise ValueError(f"{name} must be from 0 to {most - 1}")

    def __len__(self) -> int:
        return len(self.start)
