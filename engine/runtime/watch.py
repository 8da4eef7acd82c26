"""The context of a job: a thread that beats and looks, and a progress call that costs little."""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Mapping

import numpy as np

from engine.core.errors import Cancelled
from engine.store import Store

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
WRITE_SECONDS = 0.1
# A run that reports faster than anybody can look keeps every second point.
POINTS_PER_WRITE = 1000

Point = tuple[str, float, float | None]  # name, step, value; SQLite has no NaN


class WatchedContext:
    """Progress, cancellation and checkpoints through the store."""

    def __init__(self, store: Store, run_id: str, attempt: int, digest: str, output_mb: float):
        self._store = store
        self._run_id = run_id
        self._attempt = attempt
        self._output_mb = output_mb
        self._digest = digest
        self._lock = threading.Lock()
        self._done = 0.0
        self._total = 0.0
        self._points: list[Point] = []
        self._written = 0.0
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat, twice a second."""
        self._write()
        self._thread.start()

    def stop(self) -> None:
        """Write the last progress and stop beating."""
        self._ended.set()
        self._thread.join()
        self._write()

    def look(self) -> None:
        """Raise Cancelled when somebody asked for it."""
        if self._cancelled.is_set():
            raise Cancelled("the run was cancelled")

    def progress(self, done: float, total: float, **metrics: float) -> None:
        """Note how far the run is (written at most ten times a second); raises Cancelled."""
        with self._lock:
            self._done, self._total = _finite(float(done)) or 0.0, _finite(float(total)) or 0.0
            self._points += [
                (name, self._done, _finite(float(value))) for name, value in metrics.items()
            ]
            if len(self._points) > POINTS_PER_WRITE:
                self._points = _every_second(self._points)
        if time.monotonic() - self._written >= WRITE_SECONDS:
            self._write()
        self.look()

    def read_input(self, address: str) -> bytes:
        """The bytes behind an "input:<digest>" address; raises NotFound."""
        return self._store.inputs.get(address)

    def save_checkpoint(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays for a retry; raises LimitExceeded when they are too large or do not fit."""
        self._store.checkpoints.save(self._digest, arrays, self._output_mb)

    def load_checkpoint(self) -> dict[str, np.ndarray] | None:
        """What an earlier attempt saved, or None (also when it cannot be read)."""
        return self._store.checkpoints.load(self._digest)

    def forget_checkpoint(self) -> None:
        """Remove the checkpoint of a run that ended."""
        self._store.checkpoints.forget(self._digest)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self._write()
        self._store.close()

    def _write(self) -> None:
        with self._lock:
            done, total, points = self._done, self._total, self._points
            self._points = []
            self._written = time.monotonic()
            try:
                owned, cancelled = self._store.runs.beat(
                    self._run_id,
                    self._attempt,
                    done,
                    total,
                    points,
                )
            except sqlite3.OperationalError as error:
                # A busy or full disk: the run goes on, the next beat tries again.
                log.warning("run %s: no heartbeat written: %s", self._run_id, error)
                self._points = points + self._points
                return
        if not owned:
            log.error("run %s: another process owns it, stopping", self._run_id)
            os._exit(1)
        if cancelled:
            self._cancelled.set()


def _every_second(points: list[Point]) -> list[Point]:
    seen: dict[str, int] = {}
    kept = []
    for point in points:
        seen[point[0]] = seen.get(point[0], 0) + 1
        if seen[point[0]] % 2:
            kept.append(point)
    return kept


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
