"""How far a run is, in words: no estimate from its first moments."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.store import Store
from engine.store.runs import Request
from pages.kit.run_panel import _progress_words


def words(monkeypatch: pytest.MonkeyPatch, passed: float, done: float, total: float | None) -> str:
    monkeypatch.setattr(time, "time", lambda: 1000.0 + passed)
    row: Any = SimpleNamespace(
        id="r", state="running", cancel_asked=None, started=1000.0, created=0.0, done=done,
        total=total,
    )  # fmt: skip
    nothing: Any = None
    return _progress_words(nothing, row)


@pytest.mark.parametrize(
    ("passed", "done", "total", "expected"),
    [
        (3, 0, None, "Starting, 3.0 s so far"),
        (60, 0, 100, "Starting, 60 s so far"),
        (3, 1, 100, "Starting, 3.0 s so far"),
        (4.9, 4.9, 100, "Starting, 4.9 s so far"),
        (2, 5, 100, "5 of 100, 2.0 s so far, about 38 s left"),
        (6, 1, 100, "1 of 100, 6.0 s so far, about 9 min 54 s left"),
        (60, 50, 100, "50 of 100, 60 s so far, about 60 s left"),
    ],
)
def test_an_estimate_waits_for_five_percent_or_five_seconds(
    monkeypatch: pytest.MonkeyPatch, passed: float, done: float, total: float | None, expected: str
) -> None:
    assert words(monkeypatch, passed, done, total).replace("1 min 0 s", "60 s") == expected


def test_a_run_that_waits_says_for_whom_and_why(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "")
    first, second = (
        store.runs.submit(
            Request("lab", "experiment", 1, digit * 16, "{}"),
            has_result=store.results.has,
            visitor_limit=9,
            queue_limit=9,
        )
        for digit in "ab"
    )
    assert _progress_words(store, store.runs.get(first)) == "Waiting: it is next"
    for _ in range(3):
        store.runs.hold("the cluster has no worker")
    told = _progress_words(store, store.runs.get(second))
    assert told == "Waiting: 1 run is ahead; the cluster has no worker"
    assert len(store.runs.events(second)) == 2  # told once
    store.runs.take(1)
    assert store.runs.reason(first) == ""
    assert store.runs.reason(second) == "the cluster has no worker"
