"""Jobs on this machine: one process per job, started by one host process per store."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.core.config import Config
from engine.core.errors import BadInput
from engine.core.registry import get_lab
from engine.runtime.host import ATTEMPTS, load_labs
from engine.runtime.limits import Limits
from engine.store import Store
from engine.store.hosts import is_stopped
from engine.store.runs import Request
from engine.store.shelf import VARIABLE

log = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


class LocalRunner:
    """Keeps a host process alive while this process lives; all state is in the store.

    ``labs`` names further labs as "module:NAME"; jobs may import those modules and
    ``engine.labs``, nothing else. Several servers may share a store: one of their hosts works,
    and when it dies the next one takes its place within seconds. ``attempts`` are how often a run
    may lose its process; with ``orphans`` its job goes on when this process is killed.
    ``at_once`` is how many runs may wait, of one visitor and of all, instead of ``limits``.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        labs: Sequence[str] = (),
        limits: Limits | None = None,
        attempts: int = ATTEMPTS,
        orphans: bool = True,
        at_once: int | None = None,
    ):
        self.store = store or Store.open()
        self.limits = (limits or Limits.from_environment()).widened(at_once)
        self._references = list(labs)
        self._attempts = attempts
        self._orphans = orphans
        self._labs = load_labs(self._references)
        self._lock = threading.Lock()
        self._host: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._stopped = threading.Event()

    def start(self) -> None:
        """Keep a host running from now on; returns at once."""
        with self._lock:
            if self._watcher is None:
                self._stopped.clear()
                self._watcher = threading.Thread(target=self._watch, name="runner", daemon=True)
                self._watcher.start()

    def submit(
        self,
        lab_name: str,
        experiment_name: str,
        config: Config,
        *,
        visitor: str = "local",
        priority: int = 0,
    ) -> str:
        """See Runner.submit."""
        lab = self._labs.get(lab_name) or get_lab(lab_name)
        experiment = lab.experiment(experiment_name)
        if not isinstance(config, experiment.config):
            raise BadInput("config", f"{experiment.config.__name__} is required")
        digest = experiment.digest(lab_name, config)
        # Asked before the transaction: a shelf may take long to answer, and a run of this digest
        # may end meanwhile.
        looked = time.time()
        stored = self.store.results.has(digest)
        if not stored:
            config.fits(self.store.inputs.get)
        request = Request(
            lab=lab_name,
            experiment=experiment_name,
            version=experiment.version,
            digest=digest,
            config=config.canonical_json(),
            visitor=visitor,
            priority=priority,
        )
        run_id = self.store.runs.submit(
            request,
            has_result=lambda asked: stored or self.store.results.is_here(asked),
            visitor_limit=self.limits.visitor_jobs,
            queue_limit=self.limits.queue,
            since=looked,
        )
        self.start()
        self._tell(b"look\n")
        return run_id

    def cancel(self, run_id: str) -> None:
        """See Runner.cancel."""
        self.store.runs.cancel(run_id)
        self._tell(b"look\n")

    def stop(self) -> None:
        """End the host if this process started it; its jobs go back into the queue."""
        self._stopped.set()
        with self._lock:
            watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.join(10)
        host, self._host = self._host, None
        if host is None:
            return
        with contextlib.suppress(OSError):
            assert host.stdin is not None
            host.stdin.write(b"stop\n")
            host.stdin.close()
        try:
            host.wait(20)
        except subprocess.TimeoutExpired:
            host.kill()
            host.wait()

    def _watch(self) -> None:
        pause = WATCH_SECONDS
        while not self._stopped.is_set():
            try:
                if self._host is not None and self._host.poll() is not None:
                    log.warning("the host process ended with code %s", self._host.returncode)
                    self._host = None
                    # A host that keeps dying is not started again and again at full speed.
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                elif self._host is not None:
                    pause = max(WATCH_SECONDS, pause * 0.9)
                    if is_stopped(self._host.pid) and not self.store.hosts.alive():
                        log.warning("the host process is frozen; another takes its place")
                        self._host.kill()  # its jobs go on, and the next one adopts them
                        continue
                if self._host is None and not self.store.hosts.alive():
                    self._host = self._launch()
            except Exception:
                log.exception("the host process could not be started")
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            self._stopped.wait(pause)
        self.store.close()

    def _settings(self) -> dict[str, Any]:
        """What the host process is told."""
        return {
            "home": str(self.store.home),
            "url": self.store.shelf.url if self.store.shelf else "",
            "limits": asdict(self.limits),
            "labs": self._references,
            "attempts": self._attempts,
            "orphans": self._orphans,
            "cluster": "",
        }

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = self._settings()
        environment = {
            # Threads that wait for one another leave the core to the page, or to another job.
            "OMP_WAIT_POLICY": "passive",
            **os.environ,
            "ENGRAM_HOME": str(self.store.home),
            VARIABLE: settings["url"],
            "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path),
            "OMP_NUM_THREADS": str(self.limits.threads),
            "OPENBLAS_NUM_THREADS": str(self.limits.threads),
            "MKL_NUM_THREADS": str(self.limits.threads),
        }
        output = self.store.home / "logs" / "jobs.out"
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("ab") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "engine.runtime.host", json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                env=environment,
                start_new_session=True,
            )

    def _tell(self, word: bytes) -> None:
        host = self._host
        if host is not None and host.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                host.stdin.write(word)
                host.stdin.flush()
