"""The process that runs a store's jobs: takes queued runs, forks a job for each, watches them.

``python -m engine.runtime.host SETTINGS_JSON``, started by LocalRunner. It is a process of its own
for three reasons. A web server is full of threads and must not be forked; what the standard
library's fork server tells a child to import is the server's ``__main__``, which Streamlit swaps
for the page being run; and jobs outlive a server that is killed. Being single-threaded it imports
torch once and forks jobs that share those pages.

Standard input is the line to the server: "stop" puts running jobs back into the queue, any other
line means "look now", and its end means that the server died: the host leaves, its jobs go on, and
the next host adopts them.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import multiprocessing
import os
import selectors
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from engine.core.errors import EngramError
from engine.core.registry import Lab, get_lab
from engine.runtime import child
from engine.runtime.execute import repeatable
from engine.runtime.limits import Limits
from engine.runtime.logs import log_to, rotate
from engine.store import RunRow, Store
from engine.store.hosts import is_alive, is_same_process, machine, process_started
from engine.store.runs import State

log = logging.getLogger("engine.runtime.host")  # __name__ is "__main__" here

ATTEMPTS = 2
IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.25
MUTE_SECONDS = 5.0
PRELOAD = "torch,transformers"
PRELOAD_AFTER_SECONDS = 10.0
NICE = 5


@dataclass
class Running:
    """A job that this host watches; ``process`` is None for one that an earlier host started."""

    row: RunRow
    process: BaseProcess | None
    pid: int
    pid_started: float | None
    deadline: float


class Host:
    """The loop of the host process.

    ``attempts`` are how often a run may lose its process; with ``orphans`` jobs go on when the
    server dies.
    """

    def __init__(
        self,
        store: Store,
        limits: Limits,
        labs: Mapping[str, Lab],
        *,
        attempts: int = ATTEMPTS,
        orphans: bool = True,
    ):
        self.store = store
        self.limits = limits
        self.labs = labs
        self.attempts = attempts
        self.orphans = orphans
        self.running: dict[str, Running] = {}
        self.silent: dict[str, tuple[float | None, float]] = {}
        modules = {
            experiment.run.partition(":")[0]
            for lab in labs.values()
            for experiment in lab.experiments
        }
        modules |= {
            experiment.config.__module__ for lab in labs.values() for experiment in lab.experiments
        }
        self.allowed = ("engine.labs", *sorted(modules))
        # Forking keeps what was imported; where it is not to be had or not safe, jobs import anew.
        self.forks = sys.platform.startswith("linux")
        self.context: Any = multiprocessing.get_context("fork" if self.forks else "spawn")
        self.preloaded: set[str] = set()

    def serve(self) -> None:
        """Run jobs until the server stops or dies, or another host takes over."""
        begun = time.monotonic()
        self.sweep()
        selector = selectors.DefaultSelector()
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            try:
                if not self.store.hosts.beat():
                    log.warning("another host has taken over")
                    return
                self.watch()
                self.adopt()
                self.dispatch()
            except sqlite3.OperationalError as error:  # a busy or full disk passes
                log.warning("the run database cannot be written now: %s", error)
            if time.monotonic() - begun > PRELOAD_AFTER_SECONDS:
                self.preload()
            bells = self.bells()
            for bell in bells:
                selector.register(bell, selectors.EVENT_READ)
            ready = selector.select(BUSY_SECONDS if self.busy() else IDLE_SECONDS)
            for bell in bells:
                selector.unregister(bell)
            if any(key.fileobj is sys.stdin for key, _ in ready):
                word = os.read(sys.stdin.fileno(), 4096)
                if not word:
                    log.info("the server is gone")
                    if not self.orphans:
                        self.stop()
                    return
                if b"stop" in word:
                    self.stop()
                    return

    def busy(self) -> bool:
        """Whether to look often."""
        return bool(self.running)

    def bells(self) -> list[int]:
        """What becomes readable when there is something to see."""
        return [job.process.sentinel for job in self.running.values() if job.process]

    def sweep(self) -> None:
        """Make what an earlier host left consistent: adopt what lives, requeue what does not."""
        self.store.results.sweep()
        self.adopt()

    def adopt(self) -> None:
        """Watch running rows that this host did not start, and give up those that are lost."""
        for row in self.store.runs.live():
            if row.state != "running" or row.id in self.running:
                continue
            if not is_alive(row.machine or machine(), row.pid, row.pid_started, row.heartbeat):
                if row.pid is None and row.heartbeat and time.time() - row.heartbeat < 2:
                    continue  # taken a moment ago; its process is being started
                if row.machine == machine() and is_same_process(row.pid, row.pid_started):
                    if not self.mute(row):
                        continue
                    _kill(row.pid)  # alive but silent: it must not go on beside its retry
                self.vanished(row, "its process was lost")
            elif row.machine == machine() and row.pid is not None:
                log.info("run %s: adopted process %d", row.id, row.pid)
                begun = row.started or time.time()
                left = self.limits.seconds - (time.time() - begun)
                self.running[row.id] = Running(
                    row, None, row.pid, row.pid_started, time.monotonic() + left
                )

    def mute(self, row: RunRow) -> bool:
        """Whether a living process stays silent; right after the clock was set all seem to be."""
        now = time.monotonic()
        heartbeat, since = self.silent.setdefault(row.id, (row.heartbeat, now))
        if heartbeat != row.heartbeat:
            del self.silent[row.id]
            return False
        return now - since > MUTE_SECONDS

    def dispatch(self) -> None:
        """Start queued runs while there is room."""
        while (row := self.store.runs.take(self.limits.jobs)) is not None:
            try:
                job = self.job(row)
            except EngramError as error:
                self.store.runs.end(row.id, row.attempts, "failed", str(error))
                continue
            self.preload(job.run)
            process = self.context.Process(target=child.main, args=(job,), daemon=True)
            # An open SQLite connection does not survive a fork.
            self.store.close()
            process.start()
            assert process.pid is not None
            started = process_started(process.pid)
            self.store.runs.own(
                row.id, row.attempts, machine(), process.pid, started or time.time()
            )
            self.running[row.id] = Running(
                row, process, process.pid, started, time.monotonic() + self.limits.seconds
            )

    def job(self, row: RunRow) -> child.Job:
        """What the job process is told; raises EngramError when the run no longer makes sense."""
        lab = self.labs.get(row.lab) or get_lab(row.lab)
        experiment = lab.experiment(row.experiment)
        config = experiment.config.build(row.config)
        if experiment.digest(lab.name, config) != row.digest:
            raise EngramError("this experiment has changed since the run was asked for; ask again")
        try:
            child.check_allowed(experiment.run, self.allowed)
        except PermissionError as error:
            raise EngramError(str(error)) from None
        return child.Job(
            home=str(self.store.home),
            run_id=row.id,
            attempt=row.attempts,
            lab=lab.name,
            experiment=experiment.name,
            version=experiment.version,
            digest=row.digest,
            config=config.canonical_json(),
            config_class=f"{experiment.config.__module__}:{experiment.config.__qualname__}",
            run=experiment.run,
            memory_mb=self.limits.memory_of(experiment.memory_mb),
            limits=self.limits,
            allowed=self.allowed,
        )

    def watch(self) -> None:
        """Note jobs that ended, kill those over their time and those that ignore a cancel."""
        for run_id, job in list(self.running.items()):
            ended = self.ended(job)
            row = self.store.runs.get(run_id)
            if row.state != "running" or row.attempts != job.row.attempts:
                if not ended and row.ended and time.time() - row.ended > 2:
                    _kill(job.pid)  # it said that it ended, but hangs on its way out
                if ended:
                    del self.running[run_id]
            elif ended:
                del self.running[run_id]
                self.vanished(row, _how(job.process))
            elif row.cancel_asked and time.time() - row.cancel_asked > (
                self.limits.cancel_grace_seconds
            ):
                self.kill(job)
                self.store.runs.end(run_id, row.attempts, "cancelled", event="cancelled by force")
            elif time.monotonic() > job.deadline:
                self.kill(job)
                self.store.runs.end(
                    run_id,
                    row.attempts,
                    "failed",
                    f"the run took longer than the {self.limits.seconds:g} s it may take; "
                    "choose a smaller setting",
                )

    def ended(self, job: Running) -> bool:
        """Whether the job's process is gone (and, for an own child, reaped)."""
        if job.process is not None:
            return job.process.exitcode is not None
        return not is_same_process(job.pid, job.pid_started)

    def kill(self, job: Running) -> None:
        """End a job's process group now."""
        _kill(job.pid)
        if job.process is not None:
            job.process.join(5)

    def vanished(self, row: RunRow, how: str) -> None:
        """A process ended without saying how: once more, then no more."""
        if self.attempts == 1:  # whoever asked decides whether to ask again
            self.store.runs.end(row.id, row.attempts, "lost", how)
            return
        if row.attempts < self.attempts:
            log.warning("run %s: %s, trying once more", row.id, how)
            self.store.runs.requeue(row.id, row.attempts, f"{how}; trying once more")
            return
        state: State = "lost" if "lost" in how else "failed"
        sentence = f"the run was tried twice and did not survive: {how}"
        log.error("run %s: %s", row.id, sentence)
        self.store.runs.end(row.id, row.attempts, state, sentence)

    def stop(self) -> None:
        """The server shuts down: end all jobs and leave their runs queued for the next start."""
        for run_id, job in self.running.items():
            self.kill(job)
            self.store.runs.requeue(
                run_id, job.row.attempts, "put back: the server stopped", counts=False
            )

    def preload(self, run: str = "") -> None:
        """Import what most jobs need, and the module of ``run``, so that each fork starts at once.

        What cannot be imported here fails again in the job, where its run can say so.
        """
        if not self.forks:
            return
        names = os.environ.get("ENGRAM_PRELOAD", PRELOAD).split(",")
        if run:
            names.append(run.partition(":")[0])
        for name in set(names) - self.preloaded:
            self.preloaded.add(name)
            self.store.hosts.beat()  # a cold disk may take long for each
            with contextlib.suppress(Exception):
                importlib.import_module(name.strip())
            with repeatable(0, self.limits.threads):
                pass  # the first use of torch's switches imports as much again


def _kill(pid: int | None) -> None:
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg") and os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _how(process: BaseProcess | None) -> str:
    code = None if process is None else process.exitcode
    if code is None:
        return "its process was lost"
    if code >= 0:
        return f"its process ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    memory = " (the system may have run out of memory)" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{memory}"


def load_labs(references: list[str]) -> dict[str, Lab]:
    """Labs outside ``engine.labs`` that the builder of the runner allowed, as "module:NAME"."""
    found = {}
    for reference in references:
        module, _, name = reference.partition(":")
        lab: Any = getattr(importlib.import_module(module), name)
        found[lab.name] = lab
    return found


def build_host(store: Store, settings: Mapping[str, Any]) -> Host:
    """The host that the runner asked for: for this machine or for a cluster."""
    limits, labs = Limits(**settings["limits"]), load_labs(settings["labs"])
    if settings["cluster"]:
        from engine.runtime.cluster.host import ClusterHost

        return ClusterHost(store, limits, labs, settings["cluster"])
    return Host(store, limits, labs, attempts=settings["attempts"], orphans=settings["orphans"])


def main() -> None:
    """Read the settings and serve; returns at once when another host is at work."""
    settings = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then says stop
    if hasattr(os, "nice"):
        os.nice(NICE)
    store = Store.open(settings["home"], settings["url"])
    if not store.hosts.claim():
        return
    rotate(store.log_file)
    log_to(store.log_file)
    try:
        build_host(store, settings).serve()
    except Exception:
        log.exception("the host failed")
        raise
    finally:
        with contextlib.suppress(sqlite3.Error):
            store.hosts.leave()
        logging.shutdown()
        # Not through atexit: multiprocessing would end the jobs that are meant to go on.
        os._exit(0)


if __name__ == "__main__":
    main()
