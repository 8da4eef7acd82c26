"""The host process of a server that uses a cluster: takes queued runs and hands them to workers.

The list of runs is the truth. A task of the cluster only computes: what is lost with a worker, a
scheduler or this process is asked for again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from engine.core.errors import EngramError
from engine.core.registry import Lab
from engine.runtime.cluster import worker
from engine.runtime.cluster.link import Link
from engine.runtime.cluster.message import Asked, News, Outcome, key
from engine.runtime.host import Host
from engine.runtime.limits import Limits
from engine.store import RunRow, Store
from engine.store.shelf import ShelfGoneError

log = logging.getLogger(__name__)

# A worker that has not said a word by then still waits for a free thread.
UNHEARD_SECONDS = 2.0
# A cancel is forced by the worker; when that does not answer either, it is given up.
SILENT_SECONDS = 15.0
# So long a result may be computed and not be seen, because the shelf cannot be reached from here.
SHELF_SECONDS = 60.0


@dataclass
class Task:
    """A run that the cluster has; ``executions`` are the tokens of those heard of, newest last."""

    row: RunRow
    future: Any
    worker: str = ""
    executions: list[str] = field(default_factory=list)
    stop_told: bool = False
    unseen_since: float | None = None


class ClusterHost(Host):
    """The loop of the host process, with a cluster in the place of processes."""

    def __init__(self, store: Store, limits: Limits, labs: Mapping[str, Lab], address: str):
        super().__init__(store, limits, labs)
        self.tasks: dict[str, Task] = {}
        self.news: SimpleQueue[str] = SimpleQueue()
        self.ear, self.bell = os.pipe()
        os.set_blocking(self.ear, False)
        os.set_blocking(self.bell, False)
        self.link = Link(address, self.hear)
        # Calls to workers may hang with their machine; the loop must not.
        self.calls = ThreadPoolExecutor(4, "calls")

    def hear(self, text: str) -> None:
        """A message of a worker (called in a thread of the client)."""
        self.news.put(text)
        self.ring()

    def ring(self, future: Any = None) -> None:
        """Have the loop look now (called in a thread of the client)."""
        with contextlib.suppress(OSError):  # a full pipe rings already
            os.write(self.bell, b".")

    def busy(self) -> bool:
        """Whether to look often."""
        return bool(self.tasks)

    def bells(self) -> list[int]:
        """What becomes readable when there is something to see."""
        return [self.ear]

    def sweep(self) -> None:
        """What an earlier host had given away is asked for again; workers share what still runs."""
        self.store.results.sweep()
        for row in self.store.runs.live():
            if row.state == "running":
                self.put_back(row, "asked for again: the server began anew")

    def adopt(self) -> None:
        """Running rows are this host's own: there is one host, and it swept when it began."""

    def preload(self, run: str = "") -> None:
        """Nothing is computed here."""

    def dispatch(self) -> None:
        """Hand queued runs to the cluster while it has free threads."""
        if not any(row.state == "queued" for row in self.store.runs.live()):
            return
        threads = self.link.threads()
        if threads == 0:
            self.store.runs.hold(self.link.reason())
        room = min(self.limits.jobs, threads)
        while room and (row := self.store.runs.take(room)) is not None:
            try:
                job = self.job(row)
            except EngramError as error:
                self.store.runs.end(row.id, row.attempts, "failed", str(error))
                continue
            asked = Asked(
                job.lab, job.experiment, job.version, job.digest, job.config, asdict(job.limits)
            )
            future = self.link.submit(
                worker.work, asked.to_json(), key(row.digest), row.priority, _holder(row)
            )
            if future is None:
                self.put_back(row, "put back: the cluster cannot be reached")
                return
            future.add_done_callback(self.ring)
            self.tasks[row.digest] = Task(row, future)

    def watch(self) -> None:
        """Write what workers told, note runs that ended, pass on cancels."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.ear, 65536)
        with contextlib.suppress(Empty):
            while True:
                self.note(self.news.get_nowait())
        for task in list(self.tasks.values()):
            row = self.store.runs.get(task.row.id)
            if row.state != "running" or row.attempts != task.row.attempts:
                self.let_go(task)
                continue
            status = task.future.status
            if status == "finished":
                self.finish(task, row)
            elif status == "error":
                self.broke(task, row)
            elif status in ("cancelled", "lost"):
                self.let_go(task)
                self.put_back(row, "put back: the scheduler was lost")
            elif row.cancel_asked:
                self.cancel(task, row, time.time() - row.cancel_asked)
            elif not task.worker:
                # Waiting for a worker is no progress, but the run is looked after.
                self.store.runs.beat(row.id, row.attempts, row.done, row.total, ())

    def note(self, text: str) -> None:
        """One message: progress, and whether the task moved to another worker."""
        try:
            news = News.from_json(text)
        except (TypeError, ValueError):
            log.warning("a message that is none: %.200s", text)
            return
        task = self.tasks.get(news.digest)
        if task is None or news.token in task.executions[:-1]:
            return
        row = task.row
        if news.token not in task.executions:
            if task.executions and not self.moved(task):
                return
            row = task.row
            task.executions.append(news.token)
            task.worker, task.stop_told = news.worker, False
            self.store.runs.own(row.id, row.attempts, news.worker)
        points = [(name, step, value) for name, step, value in news.points]
        self.store.runs.beat(row.id, row.attempts, news.done, news.total, points)

    def moved(self, task: Task) -> bool:
        """The cluster began a run anew elsewhere; False when that was once too often."""
        row, how = task.row, f"its worker {task.worker} was lost"
        if row.attempts >= self.attempts:
            self.let_go(task)
            self.vanished(row, how)
            return False
        log.warning("run %s: %s, trying once more", row.id, how)
        self.store.runs.again(row.id, row.attempts, f"{how}; trying once more")
        task.row = self.store.runs.get(row.id)
        return True

    def finish(self, task: Task, row: RunRow) -> None:
        """An execution came to its end: write how."""
        text = self.link.result(task.future)
        if text is None:  # the worker that holds it was lost: the cluster asks another
            return
        outcome = Outcome.from_json(text)
        try:
            published = outcome.state == "done" and self.store.results.is_published(row.digest)
        except ShelfGoneError as error:
            task.unseen_since = task.unseen_since or time.monotonic()
            if time.monotonic() - task.unseen_since < SHELF_SECONDS:
                return
            outcome, published = replace(outcome, state="failed", error=str(error)), False
        self.let_go(task)
        points = [(name, step, value) for name, step, value in outcome.points]
        self.store.runs.beat(row.id, row.attempts, outcome.done, outcome.total, points)
        if outcome.log:
            log.error("run %s on %s:\n%s", row.id, outcome.worker, outcome.log)
        if published:
            self.store.runs.end(row.id, row.attempts, "done", event="done")
        elif outcome.state == "done":
            sentence = (
                f"worker {outcome.worker} has the result, but the shared store of this server "
                "does not; ENGRAM_STORE_URL must name the same place on both"
            )
            self.store.runs.end(row.id, row.attempts, "failed", sentence)
        elif outcome.state == "failed":
            self.store.runs.end(row.id, row.attempts, "failed", outcome.error)
        elif row.cancel_asked:
            self.store.runs.end(row.id, row.attempts, "cancelled", event="cancelled")
        elif outcome.state == "cancelled":  # for another server that shared it
            self.put_back(row, "put back: its worker let it go")
        else:
            self.vanished(row, outcome.error or "its process was lost")

    def broke(self, task: Task, row: RunRow) -> None:
        """The task itself failed: its workers died, or they cannot import the engine."""
        error = self.link.exception(task.future)
        self.let_go(task)
        if type(error).__name__ == "KilledWorker":
            self.store.runs.end(
                row.id, row.attempts, "lost",
                "the run was tried several times and each time its worker was lost",
            )  # fmt: skip
            return
        log.error("run %s: the cluster failed it: %r", row.id, error)
        sentence = f"the workers of the cluster cannot compute it ({type(error).__name__})"
        self.store.runs.end(row.id, row.attempts, "failed", sentence)

    def cancel(self, task: Task, row: RunRow, waited: float) -> None:
        """Ask the worker to end a run; it uses force where asking does not help."""
        if task.worker and not task.stop_told:
            task.stop_told = True
            self.calls.submit(self.link.call, worker.stop, row.digest, task.worker)
        late = UNHEARD_SECONDS if not task.worker else (
            self.limits.cancel_grace_seconds + SILENT_SECONDS
        )  # fmt: skip
        if waited > late:
            self.let_go(task)
            how = "by force" if task.worker else "while it waited for a worker"
            self.store.runs.end(row.id, row.attempts, "cancelled", event=f"cancelled {how}")

    def stop(self) -> None:
        """The server shuts down: workers end its runs, which stay queued for the next start."""
        for task in list(self.tasks.values()):
            if task.worker:
                self.calls.submit(self.link.call, worker.stop, task.row.digest, task.worker)
            self.put_back(task.row, "put back: the server stopped")
        self.calls.shutdown(wait=True)
        for task in list(self.tasks.values()):
            self.let_go(task)
        self.link.close()

    def put_back(self, row: RunRow, event: str) -> None:
        """Into the queue, with its attempt given back."""
        self.store.runs.requeue(row.id, row.attempts, event, counts=False)

    def let_go(self, task: Task) -> None:
        """Nothing more is wanted of a task; a worker that computes it for nobody ends it."""
        self.tasks.pop(task.row.digest, None)
        task.future.release()


def _holder(row: RunRow) -> str:
    """The worker that may still compute a run that was asked for before, else "".

    A run that lost its process had a further attempt; that one is better made elsewhere.
    """
    had = row.machine or ""
    return had if row.attempts == 1 and "://" in had else ""
