"""Runs of a small lab on runners of their own, and what tests of faults ask about them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from engine.runtime.limits import Limits
from engine.runtime.local import LocalRunner
from engine.store import RunRow, Store
from tests.conformance.runner_lab import Steps

REFERENCE = "tests.conformance.runner_lab:LAB"
LIMITS = Limits(
    threads=1, jobs=1, seconds=600, output_mb=64, visitor_jobs=16, queue=16,
    cancel_grace_seconds=1.0,
)  # fmt: skip
PATIENCE_SECONDS = 600  # a ceiling for broken code, not a measurement

# A server in small: it builds a runner, asks for two runs, tells their ids and waits to be killed.
SERVER = """
import sys, time
from engine.runtime.local import LocalRunner
from engine.store import Store
from tests.conformance.runner_lab import Steps
from tests.security.small_runs import LIMITS, REFERENCE
runner = LocalRunner(Store.open(sys.argv[1]), labs=[REFERENCE], limits=LIMITS)
runner.start()
for seed in (1, 2):
    fields = {"steps": 2, "then": "gate", "seed": seed, "folder": sys.argv[2]}
    print(runner.submit("runner_lab", "count", Steps(**fields)), flush=True)
time.sleep(600)
"""


class Build(Protocol):
    """A runner on the test's store, started; it stops when the test ends."""

    def __call__(self, limits: Limits = LIMITS) -> LocalRunner: ...


def ask(runner: LocalRunner, **fields: Any) -> str:
    return runner.submit("runner_lab", "count", Steps(**fields))


def eventually(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    pytest.fail("it did not happen")


def ended(store: Store, run_id: str) -> RunRow:
    eventually(lambda: not store.runs.get(run_id).live)
    return store.runs.get(run_id)


def open_gate(folder: Path) -> None:
    (folder / "gate").touch()


def at_work(store: Store, run_id: str) -> RunRow:
    eventually(lambda: store.runs.get(run_id).pid and store.runs.get(run_id).done >= 2)
    return store.runs.get(run_id)


def host_pid(store: Store) -> int | None:
    row = store.database.connection().execute("SELECT pid FROM host").fetchone()
    return row and row[0]


def nothing_half_written(store: Store) -> bool:
    return not list((store.home / "results").glob("tmp-*"))
