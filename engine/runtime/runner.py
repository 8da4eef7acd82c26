"""The Runner protocol, and the one runner of this process."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Protocol

from engine.core.config import Config
from engine.core.errors import LimitExceeded


class Runner(Protocol):
    """Something that computes results elsewhere and writes how it goes into the store."""

    def start(self) -> None:
        """Get ready; returns at once. Called when the server starts, never by a page."""

    def submit(
        self,
        lab_name: str,
        experiment_name: str,
        config: Config,
        *,
        visitor: str = "local",
        priority: int = 0,
    ) -> str:
        """Ask for a result; returns the id of the run that gives it (somebody else's if equal).

        Raises NotFound for an unknown lab or experiment, LimitExceeded when too many runs wait.
        """

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop; raises NotFound."""

    def stop(self) -> None:
        """Stop computing; runs in progress go back into the queue."""


class ClosedRunner:
    """Refuses everything: for a server that only shows what it has."""

    def __init__(self, sentence: str):
        self._sentence = sentence

    def start(self) -> None:
        """Nothing to start."""

    def submit(
        self,
        lab_name: str,
        experiment_name: str,
        config: Config,
        *,
        visitor: str = "local",
        priority: int = 0,
    ) -> str:
        """Raise LimitExceeded with the reason."""
        raise LimitExceeded(self._sentence)

    def cancel(self, run_id: str) -> None:
        """Nothing runs here."""

    def stop(self) -> None:
        """Nothing to stop."""


_lock = threading.Lock()
_runner: Runner | None = None


def get_runner() -> Runner:
    """The runner of this process, chosen by the environment when first asked for.

    ``ENGRAM_RUNNER=off`` refuses new runs; ``ENGRAM_CLUSTER=tcp://host:8786`` sends them to the
    workers of that Dask scheduler.
    """
    global _runner
    with _lock:
        if _runner is None:
            _runner = build_runner()
            atexit.register(_runner.stop)
        return _runner


def build_runner(at_once: int | None = None) -> Runner:
    """A runner as the environment wants it; its builder stops it.

    ``at_once`` takes the place of the limits for one visitor and for the queue: for whoever owns
    the machine and asks for many runs together. Raises BadInput for a malformed setting.
    """
    if os.environ.get("ENGRAM_RUNNER", "").strip().lower() == "off":
        return ClosedRunner(
            "new runs are switched off on this server; results that are already here can be opened"
        )
    cluster = os.environ.get("ENGRAM_CLUSTER", "").strip()
    if cluster:
        from engine.runtime.cluster import DaskRunner

        return DaskRunner(cluster, at_once=at_once)
    from engine.runtime.local import LocalRunner

    return LocalRunner(at_once=at_once)
