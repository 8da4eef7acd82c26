"""The worker's side: computes what it is asked for as a machine of its own would.

A worker knows labs by its own registry; what it is sent are names and a config that it validates.
The run itself happens in a process that the worker's own LocalRunner starts, limits and kills, with
a store in the worker's scratch folder; results, inputs and checkpoints go through the shelf.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.core.config import Config
from engine.core.errors import EngramError
from engine.core.registry import get_lab
from engine.core.settings import MB
from engine.runtime.cluster.message import TOPIC, Asked, News, Outcome, key
from engine.runtime.host import load_labs
from engine.runtime.limits import Limits, available_cores
from engine.runtime.local import LocalRunner
from engine.store import RunRow, Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
# A page looks twice a second; a hundred machines that told more would drown the server's list.
NEWS_SECONDS = 0.5
ALIVE_SECONDS = 2.0
# For so long a run goes on that nobody wants any more: a server may come back for it.
ABANDONED_SECONDS = 10.0
LOG_BYTES = 20_000
PLENTY = 1_000_000

_stopped: set[str] = set()


def stop(digest: str) -> None:
    """End the run of ``digest`` if it is here: somebody cancelled it."""
    _stopped.add(digest)


def work(text: str) -> str:
    """Compute what the ``Asked`` in ``text`` describes; returns an ``Outcome``, both as JSON.

    Runs in a thread of a Dask worker for as long as the run takes.
    """
    from distributed import get_worker

    asked = Asked.from_json(text)
    dask_worker = get_worker()
    address = str(dask_worker.address)
    _stopped.discard(asked.digest)
    try:
        with _runner(dask_worker, asked) as runner:
            run_id = runner.submit(asked.lab, asked.experiment, admitted(asked), visitor="cluster")
            row = _Relay(dask_worker, runner, asked.digest).follow(run_id)
            if row.state == "done":
                runner.store.results.share(asked.digest)
            return _outcome(runner.store, row, address).to_json()
    except EngramError as error:
        return Outcome("failed", str(error), worker=address).to_json()


def admitted(asked: Asked) -> Config:
    """The config, if this worker means the same by it as the server; raises EngramError."""
    lab = _labs().get(asked.lab) or get_lab(asked.lab)
    experiment = lab.experiment(asked.experiment)
    config = experiment.config.from_json(asked.config)
    if experiment.digest(lab.name, config) != asked.digest:
        raise EngramError(
            f"this worker has version {experiment.version} of {lab.name} {experiment.name}, the "
            f"server version {asked.version}, or other settings; both must be the same Engram Lab"
        )
    config.admit(local=os.environ.get("ENGRAM_LOCAL") == "1")
    return config


def _references() -> list[str]:
    """Labs outside ``engine.labs`` that the owner of this worker allows, as "module:NAME"."""
    return [name for name in os.environ.get("ENGRAM_WORKER_LABS", "").split(",") if name]


def _labs() -> dict[str, Any]:
    return load_labs(_references())


class _Relay:
    """Tells the server how a run of this worker goes, and the run what the server wants."""

    def __init__(self, dask_worker: Any, runner: LocalRunner, digest: str):
        self._worker = dask_worker
        self._runner = runner
        self._digest = digest
        self._token = secrets.token_hex(8)
        self._step = float("-inf")
        self._told = (-1.0, -1.0)
        self._told_at = float("-inf")

    def follow(self, run_id: str) -> RunRow:
        """Wait for the end of a run; cancels it when it was stopped or nobody wants it."""
        unwanted_since: float | None = None
        asked = False
        while True:
            row = self._runner.store.runs.get(run_id)
            if not row.live:
                return row
            self._tell(row)
            now = time.monotonic()
            unwanted_since = None if self._is_wanted() else unwanted_since or now
            abandoned = unwanted_since is not None and now - unwanted_since > ABANDONED_SECONDS
            if not asked and (abandoned or self._digest in _stopped):
                asked = True
                self._runner.cancel(run_id)
            time.sleep(LOOK_SECONDS)

    def _is_wanted(self) -> bool:
        """Whether a client still waits: the state of a task that nobody wants is another."""
        task = self._worker.state.tasks.get(key(self._digest))
        return task is not None and task.state in ("executing", "long-running")

    def _tell(self, row: RunRow) -> None:
        now = time.monotonic()
        news = (row.done, row.total) != self._told
        if now - self._told_at < (NEWS_SECONDS if news else ALIVE_SECONDS):
            return
        points = self._runner.store.runs.points(row.id, self._step)
        self._told, self._told_at = (row.done, row.total), now
        self._step = max([self._step, *(step for _, step, _ in points)])
        message = News(
            self._digest, self._token, str(self._worker.address), row.done, row.total, points
        )
        self._worker.log_event(TOPIC, message.to_json())


def _outcome(store: Store, row: RunRow, address: str) -> Outcome:
    internal = row.state == "failed" and (row.error or "").startswith("internal error")
    return Outcome(
        state=row.state,
        error=row.error,
        done=row.done,
        total=row.total,
        points=store.runs.points(row.id),
        log=_tail(store.log_file) if internal else "",
        worker=address,
    )


def _tail(path: Path) -> str:
    try:
        return path.read_bytes()[-LOG_BYTES:].decode("utf-8", "replace")
    except OSError:
        return ""


# They end with this process, however it ends: their hosts notice that it is gone.
_lock = threading.Lock()
_runners: dict[str, LocalRunner] = {}
_users: Counter[str] = Counter()


@contextmanager
def _runner(dask_worker: Any, asked: Asked) -> Iterator[LocalRunner]:
    """The runner of this worker with the limits of the request, started when first needed."""
    limits = _limits(dask_worker, asked)
    name = hashlib.sha256(json.dumps(dataclasses.asdict(limits)).encode()).hexdigest()[:16]
    with _lock:
        for other in [other for other in _runners if other != name and not _users[other]]:
            _runners.pop(other).stop()
        if name not in _runners:
            home = Path(dask_worker.local_directory).resolve() / "engram" / name
            _runners[name] = LocalRunner(
                Store.open(home), labs=_references(), limits=limits, attempts=1, orphans=False
            )
            _runners[name].start()
        _users[name] += 1
    try:
        yield _runners[name]
    finally:
        with _lock:
            _users[name] -= 1


def _limits(dask_worker: Any, asked: Asked) -> Limits:
    """The server's limits, lowered to those of this worker."""
    theirs, ours = Limits(**asked.limits), Limits.from_environment()
    places = dask_worker.state.nthreads
    memory = getattr(dask_worker.memory_manager, "memory_limit", None)
    caps = [theirs.memory_mb, ours.memory_mb, int((memory or 0) / places / MB)]
    return dataclasses.replace(
        theirs,
        threads=min(theirs.threads, available_cores()),
        jobs=places,
        seconds=min(theirs.seconds, ours.seconds),
        output_mb=min(theirs.output_mb, ours.output_mb),
        visitor_jobs=PLENTY,
        queue=PLENTY,
        memory_mb=min([cap for cap in caps if cap], default=0),
    )
