"""SIGSTOP of a job, of the host, of a whole machine: nothing is lost, nothing waits for ever."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from engine.runtime.cluster import DaskRunner
from engine.store import Store
from engine.store.hosts import STALE_SECONDS, process_started
from tests.conformance.cluster import cluster
from tests.security import test_cluster_faults as on_a_cluster
from tests.security.small_runs import (
    LIMITS,
    REFERENCE,
    SERVER,
    Build,
    ask,
    at_work,
    ended,
    eventually,
    host_pid,
    nothing_half_written,
    open_gate,
)

pytestmark = pytest.mark.usefixtures("light")


def stop(*pids: int) -> None:
    """Stop processes, and wait until they stand still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    eventually(lambda: all(psutil.Process(pid).status() == psutil.STATUS_STOPPED for pid in pids))


def job_of(store: Store, run_id: str) -> int:
    pid = at_work(store, run_id).pid
    assert pid is not None
    return pid


@contextmanager
def thawed(*pids: int) -> Iterator[None]:
    """However a test ends, nothing stays behind that cannot hear that it is to end."""
    try:
        yield
    finally:
        for pid in pids:
            if process_started(pid) is not None:
                os.kill(pid, signal.SIGCONT)


def test_a_frozen_job_is_ended_by_its_time(store: Store, build: Build, tmp_path: Path) -> None:
    runner = build(dataclasses.replace(LIMITS, seconds=20))
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    job = job_of(store, run_id)
    stop(job)
    row = ended(store, run_id)
    assert row.state == "failed" and "took longer than the 20 s" in (row.error or "")
    eventually(lambda: process_started(job) is None)
    open_gate(tmp_path)
    assert ended(store, ask(runner, steps=1)).state == "done"  # its place is free again


def test_a_frozen_job_can_be_cancelled(store: Store, build: Build, tmp_path: Path) -> None:
    runner = build()
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    job = job_of(store, run_id)
    stop(job)
    runner.cancel(run_id)
    assert ended(store, run_id).state == "cancelled"
    eventually(lambda: process_started(job) is None)


def test_a_frozen_host_is_replaced_and_its_job_goes_on(
    store: Store, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.hosts.STALE_SECONDS", 2.0)
    run_id = ask(build(), steps=2, then="gate", folder=str(tmp_path))
    job_of(store, run_id)
    first = host_pid(store)
    assert first is not None
    with thawed(first):
        stop(first)
        eventually(lambda: host_pid(store) not in (None, first))
        assert process_started(first) is None
        open_gate(tmp_path)
        row = ended(store, run_id)
    assert (row.state, row.attempts) == ("done", 1)


@pytest.mark.slow
def test_a_frozen_machine_goes_on_where_it_stood(
    store: Store, tmp_path: Path, repo_root: Path
) -> None:
    """All processes stand still for longer than a heartbeat counts, and wake together."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(store.home), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=repo_root,
    )
    try:
        assert server.stdout is not None
        running, waiting = (server.stdout.readline().strip() for _ in range(2))
        job, host = job_of(store, running), host_pid(store)
        assert host is not None
        everybody = (server.pid, job, host)
        with thawed(*everybody):
            stop(*everybody)
            beat = store.runs.get(running).heartbeat
            assert beat is not None
            eventually(lambda: time.time() - beat > STALE_SECONDS + 1)
            assert not store.hosts.alive()
        open_gate(tmp_path)
        for run_id in (running, waiting):
            row = ended(store, run_id)
            assert (row.state, row.attempts) == ("done", 1)
        assert nothing_half_written(store)
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
def test_the_run_of_a_frozen_worker_goes_on_at_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a shorter patience of the scheduler than its five minutes."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "6s")
    with cluster(tmp_path / "cluster", workers=2) as running:
        store = Store.open(tmp_path / "home", running.url)
        runner = DaskRunner(running.address, store, labs=[REFERENCE], limits=LIMITS)
        try:
            run_id = on_a_cluster.ask(runner, steps=2, then="gate", folder=str(tmp_path))
            first = on_a_cluster.at_work(store, run_id)
            worker = psutil.Process(running.holder(first.machine).pid)
            machine = [worker.pid, *(one.pid for one in worker.children(recursive=True))]
            with thawed(*machine):
                stop(*machine)
                second = on_a_cluster.at_work(store, run_id, beside=first.machine)
                assert second.attempts == 2
                open_gate(tmp_path)
                row = ended(store, run_id)
                assert (row.state, row.attempts) == ("done", 2)
            # Awake again, it has nothing to say about a run that another did.
            assert ended(store, on_a_cluster.ask(runner, steps=1)).state == "done"
            assert store.runs.get(run_id) == row
            assert store.results.load(row.digest) is not None
        finally:
            runner.stop()
