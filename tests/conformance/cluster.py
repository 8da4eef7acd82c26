"""A Dask scheduler and its workers as processes of their own, for the tests of the cluster."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 600  # a ceiling for broken code, not a measurement
LABS = "tests.conformance.runner_lab:LAB"


class Cluster:
    """A scheduler on a free port of this machine, and workers."""

    def __init__(
        self, folder: Path, labs: str = LABS, host: str = "127.0.0.1", memory: str = "2GB"
    ):
        self.folder = folder
        self.memory = memory
        self.host = host
        self.url = f"file://{folder / 'shelf'}"
        self.labs = labs
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler = self._start("scheduler", "--port", "0", "--host", host)
        self.address = self._address()

    def add_workers(self, count: int, threads: int = 1, **environment: str) -> None:
        """Start workers with ``threads`` places; they are there when the scheduler lists them."""
        for _ in range(count):
            name = f"worker-{len(self.workers)}"
            self.workers.append(
                self._start(
                    "worker", "--nthreads", str(threads), "--no-nanny", "--name", name,
                    "--memory-limit", self.memory, "--local-directory", str(self.folder / name),
                    **environment,
                )
            )  # fmt: skip

    def complete(self, count: int) -> None:
        """Replace workers that were killed, so that ``count`` are there."""
        alive = sum(worker.poll() is None for worker in self.workers)
        self.add_workers(max(0, count - alive))

    def holder(self, machine: str | None) -> subprocess.Popen[bytes]:
        """The worker at the address that a run names as its machine."""
        port = int((machine or "").rpartition(":")[2])
        for worker in self.workers:
            with contextlib.suppress(psutil.Error):
                for connection in psutil.Process(worker.pid).net_connections("tcp"):
                    if connection.status == "LISTEN" and connection.laddr.port == port:
                        return worker
        raise LookupError(f"no worker listens on {port}")

    def kill_scheduler(self) -> None:
        """End the scheduler without a word; its workers leave by themselves."""
        self._scheduler.kill()
        self._scheduler.wait()

    def restart_scheduler(self) -> None:
        """Start a scheduler at the address of the one that was killed."""
        port = self.address.rpartition(":")[2]
        self._scheduler = self._start("scheduler", "--port", port, "--host", self.host)
        self._address()

    def close(self) -> None:
        """End all processes that were started here."""
        for process in (*self.workers, self._scheduler):
            process.kill()
        for process in (*self.workers, self._scheduler):
            process.wait()

    @property
    def _file(self) -> Path:
        return self.folder / "scheduler.json"

    def _address(self) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError):
                found = json.loads(self._file.read_text())
                return str(found["address"])
            time.sleep(0.1)
        raise TimeoutError((self.folder / "scheduler.log").read_text()[-2000:])

    def _start(self, role: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        if role == "scheduler":
            self._file.unlink(missing_ok=True)
        variables = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ENGRAM_STORE_URL": self.url,
            "ENGRAM_WORKER_LABS": self.labs,
            "ENGRAM_PRELOAD": "",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        with (self.folder / f"{role}.log").open("ab") as file:
            return subprocess.Popen(
                [
                    sys.executable, "-m", f"distributed.cli.dask_{role}",
                    "--scheduler-file", str(self._file), "--no-dashboard", *arguments,
                ],
                stdout=file, stderr=file, env=variables, cwd=ROOT,
            )  # fmt: skip


@contextlib.contextmanager
def cluster(
    folder: Path, workers: int = 2, host: str = "127.0.0.1", memory: str = "2GB"
) -> Iterator[Cluster]:
    """A running cluster, ended afterwards."""
    built = Cluster(folder, host=host, memory=memory)
    try:
        built.add_workers(workers)
        yield built
    finally:
        built.close()
