"""kill -9 of a job, of the host, of the server; a full disk; many processes at once."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest

from engine.core import Field, LimitExceeded, Result
from engine.runtime.host import Host, load_labs
from engine.store import Store
from engine.store.hosts import machine, process_started
from engine.store.runs import Request
from tests.conformance.runner_lab import Steps
from tests.security.small_runs import (
    LIMITS,
    PATIENCE_SECONDS,
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

# It writes a result that is large enough to be met half way.
WRITER = """
import sys
from pathlib import Path
import numpy as np
from engine.core import Field, Result
from engine.store import Store
big = Result({"big": Field(np.ones(25_000_000), ("n",))})
Store(Path(sys.argv[1])).results.save(sys.argv[2], big, {})
"""


def test_a_killed_job_is_tried_again(store: Store, build: Build, tmp_path: Path) -> None:
    run_id = ask(build(), steps=2, then="gate", folder=str(tmp_path))
    job = at_work(store, run_id).pid
    assert job is not None
    os.kill(job, signal.SIGKILL)
    open_gate(tmp_path)
    row = ended(store, run_id)
    assert (row.state, row.attempts) == ("done", 2)
    assert any("SIGKILL" in text for _, text in store.runs.events(run_id))
    assert store.results.load(row.digest) is not None and nothing_half_written(store)


def test_a_killed_host_is_replaced_and_its_job_goes_on(
    store: Store, build: Build, tmp_path: Path
) -> None:
    runner = build()
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    job, first = at_work(store, run_id).pid, host_pid(store)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: host_pid(store) not in (None, first))
    open_gate(tmp_path)
    row = ended(store, run_id)
    assert (row.state, row.attempts) == ("done", 1)
    assert job is not None
    eventually(lambda: process_started(job) is None)
    assert ended(store, ask(runner, steps=1)).state == "done"


@pytest.mark.parametrize("then", ["cancel", "kill"])
def test_an_adopted_job_can_be_cancelled_and_a_lost_one_is_tried_again(
    store: Store, build: Build, tmp_path: Path, then: str
) -> None:
    runner = build()
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    job, first = at_work(store, run_id).pid, host_pid(store)
    assert job is not None and first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: host_pid(store) not in (None, first))
    if then == "cancel":
        runner.cancel(run_id)
        assert ended(store, run_id).state == "cancelled"
    else:
        os.kill(job, signal.SIGKILL)
        open_gate(tmp_path)
        row = ended(store, run_id)
        assert (row.state, row.attempts) == ("done", 2)


def test_a_run_whose_process_vanishes_twice_is_lost(store: Store, build: Build) -> None:
    request = Request("runner_lab", "count", 1, "0" * 16, Steps().canonical_json())
    for attempt in (1, 2):
        if attempt == 1:
            run_id = store.runs.submit(
                request, has_result=store.results.has, visitor_limit=4, queue_limit=4
            )
        taken = store.runs.take(1)
        assert taken is not None and taken.attempts == attempt
        gone = subprocess.Popen([sys.executable, "-c", ""])
        began = psutil.Process(gone.pid).create_time()
        gone.wait()
        store.runs.own(run_id, attempt, taken.machine or os.uname().nodename, gone.pid, began)
        if attempt == 1:
            assert store.runs.requeue(run_id, 1, "gone")
    build()
    row = ended(store, run_id)
    assert row.state == "lost" and row.error is not None and "twice" in row.error


def test_a_killed_server_leaves_its_job_and_its_queue(
    store: Store, build: Build, tmp_path: Path, repo_root: Path
) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(store.home), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=repo_root,
    )
    assert server.stdout is not None
    running, waiting = (server.stdout.readline().strip() for _ in range(2))
    at_work(store, running)
    server.kill()
    server.wait()
    eventually(lambda: host_pid(store) is None)  # the host left, the job did not
    assert store.runs.get(running).state == "running"
    assert store.runs.get(waiting).state == "queued"
    build()
    open_gate(tmp_path)
    for run_id in (running, waiting):
        row = ended(store, run_id)
        assert (row.state, row.attempts) == ("done", 1)
    notes = (tmp_path / "notes").read_text().splitlines()
    assert notes.count("end of attempt") == 2
    assert nothing_half_written(store)


def test_a_server_and_its_host_killed_with_a_job_half_done(
    store: Store, build: Build, tmp_path: Path, repo_root: Path
) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(store.home), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=repo_root,
    )
    assert server.stdout is not None
    running = server.stdout.readline().strip()
    row = at_work(store, running)
    host = host_pid(store)
    assert host is not None and row.pid is not None
    for pid in (server.pid, host, row.pid):
        os.kill(pid, signal.SIGKILL)
    server.wait()
    open_gate(tmp_path)
    build()
    row = ended(store, running)
    assert (row.state, row.attempts) == ("done", 2)


def test_two_servers_on_one_store_share_its_runs_and_their_limits(
    store: Store, build: Build, tmp_path: Path
) -> None:
    one = build()
    eventually(lambda: host_pid(store))
    first = host_pid(store)
    two = build()
    asked = [ask(one, steps=2, then="gate", folder=str(tmp_path), seed=1)]
    assert ask(two, steps=2, then="gate", folder=str(tmp_path), seed=1) == asked[0]
    asked.append(ask(two, steps=2, then="gate", folder=str(tmp_path), seed=2))
    at_work(store, asked[0])
    # One job at a time, for both together.
    assert [row.state for row in store.runs.live()] == ["running", "queued"]
    assert host_pid(store) == first
    one.stop()  # the other takes its place, and the run from the queue
    eventually(lambda: host_pid(store) not in (None, first))
    open_gate(tmp_path)
    for run_id in asked:
        row = ended(store, run_id)
        assert (row.state, row.attempts) == ("done", 1)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_costs_no_run(
    store: Store, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    with silent_job(store) as (run_id, job):
        host = Host(store, LIMITS, load_labs([REFERENCE]))
        monkeypatch.setattr("engine.store.hosts.time", clock(3600 * hours))
        host.adopt()
        assert store.runs.get(run_id).state == "running" and job.poll() is None
        assert host.running == {}  # it is watched when it has told the new time
        monkeypatch.setattr("engine.store.hosts.time", time)
        store.runs.beat(run_id, 1, 1, 2, ())
        host.adopt()
        assert list(host.running) == [run_id] and job.poll() is None


@pytest.mark.parametrize("hours", [1, -1])
def test_a_process_that_stays_silent_is_replaced(
    store: Store, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr("engine.runtime.host.MUTE_SECONDS", 0.1)
    monkeypatch.setattr("engine.store.hosts.time", clock(3600 * hours))
    with silent_job(store) as (run_id, job):
        host = Host(store, LIMITS, load_labs([REFERENCE]))
        eventually(lambda: host.adopt() or store.runs.get(run_id).state == "queued")
        assert job.wait(PATIENCE_SECONDS) == -signal.SIGKILL


@contextmanager
def silent_job(store: Store) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A run in progress whose process lives and writes nothing by itself."""
    request = Request("runner_lab", "count", 1, "0" * 16, Steps().canonical_json())
    run_id = store.runs.submit(
        request, has_result=store.results.has, visitor_limit=4, queue_limit=4
    )
    store.runs.take(1)
    job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        began = process_started(job.pid)
        assert began is not None
        store.runs.own(run_id, 1, machine(), job.pid, began)
        yield run_id, job
    finally:
        job.kill()
        job.wait()


def clock(ahead: float) -> Any:
    """The time as a machine sees it whose clock was set."""
    return SimpleNamespace(time=lambda: time.time() + ahead)


def test_results_that_vanish_are_computed_again(store: Store, build: Build) -> None:
    runner = build()
    row = ended(store, ask(runner, steps=1))
    shutil.rmtree(store.home / "results")
    assert store.results.load(row.digest) is None
    again = ended(store, ask(runner, steps=1))
    assert again.id != row.id and again.state == "done"
    assert store.results.load(row.digest) is not None


def test_a_full_disk_fails_the_run_with_a_sentence(store: Store, build: Build) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, hard))  # the host inherits it
    try:
        runner = build()
        eventually(lambda: host_pid(store))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    row = ended(store, ask(runner, then="large"))
    assert row.state == "failed" and row.error is not None
    assert row.error.startswith("the result could not be written: the disk")
    assert not store.results.has(row.digest) and nothing_half_written(store)
    assert ended(store, ask(runner, steps=1)).state == "done"


def test_no_room_leaves_no_half_written_result(store: Store) -> None:
    big = Result({"big": Field(np.zeros(1_000_000), ("n",))})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(LimitExceeded, match="could not be written"):
            store.results.save("0" * 16, big, {})
        with pytest.raises(LimitExceeded, match="could not be kept"):
            store.inputs.put(bytes(1_000_000), "big.bin")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((store.home / "results").iterdir()) == []
    assert not list((store.home / "inputs").glob("tmp-*"))


def begun_to_write(store: Store) -> bool:
    with suppress(FileNotFoundError):  # it got its final name meanwhile
        return any(path.stat().st_size for path in store.home.glob("results/tmp-*/*"))
    return False


def test_a_writer_killed_half_way_leaves_no_result(store: Store, repo_root: Path) -> None:
    digest = "f" * 16
    for _ in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.home), digest], cwd=repo_root
        )
        while writer.poll() is None and not begun_to_write(store):
            pass
        writer.kill()
        writer.wait()
        if not store.results.has(digest):
            break
        shutil.rmtree(store.home / "results")  # it was done before it was killed
    assert store.results.load(digest) is None and not nothing_half_written(store)
    store.results.sweep()
    assert nothing_half_written(store)
    store.results.save(digest, Result({"x": Field(np.ones(3), ("n",))}), {})
    assert store.results.load(digest) is not None


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"\0" * 9])
def test_a_result_damaged_on_disk_is_computed_again(
    store: Store, build: Build, damage: Callable[[bytes], bytes]
) -> None:
    runner = build()
    row = ended(store, ask(runner, steps=1))
    [tensors] = (store.home / "results" / row.digest).glob("*.safetensors")
    tensors.write_bytes(damage(tensors.read_bytes()))
    assert store.results.load(row.digest) is None
    again = ended(store, ask(runner, steps=1))
    assert again.id != row.id and again.state == "done"
    assert store.results.load(row.digest) is not None


def test_a_job_may_import_only_what_its_runner_allows(tmp_path: Path) -> None:
    from engine.runtime.child import check_allowed

    allowed = ("engine.labs", "tests.conformance.runner_lab")
    check_allowed("engine.labs.kv_cache.run:evaluate", allowed)
    check_allowed("tests.conformance.runner_lab:run", allowed)
    for reference in ("os:system", "engine.labsx:run", "engine:run", "subprocess:run", ":run"):
        with pytest.raises(PermissionError):
            check_allowed(reference, allowed)


ROUNDS = 60


def _write(home: str, worker: int) -> None:
    store = Store(Path(home))
    for number in range(ROUNDS):
        digest = f"{worker:08x}{number:08x}"
        request = Request("lab", "experiment", 1, digest, "{}", visitor=str(worker))
        run_id = store.runs.submit(
            request, has_result=lambda digest: False, visitor_limit=9999, queue_limit=9999
        )
        row = store.runs.take(9999)
        assert row is not None
        assert store.runs.beat(row.id, row.attempts, 1, 2, [("loss", 1.0, 0.5)])[0]
        assert store.runs.end(row.id, row.attempts, "done")
        store.runs.tag(run_id, f"{worker}-{number}")


def _read(home: str, stop: Any) -> None:
    store = Store(Path(home))
    while not stop.is_set():
        for row in store.runs.list(20):
            store.runs.metrics(row.id)
        for row in store.runs.live():
            assert row.state in ("queued", "running")


def test_many_readers_and_writers_do_not_lock_each_other_out(store: Store) -> None:
    store.runs.count()
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    home = str(store.home)
    readers = [context.Process(target=_read, args=(home, stop)) for _ in range(2)]
    writers = [context.Process(target=_write, args=(home, worker)) for worker in range(4)]
    for process in (*readers, *writers):
        process.start()
    for process in writers:
        process.join()
    stop.set()
    for process in readers:
        process.join()
    assert [process.exitcode for process in (*readers, *writers)] == [0] * 6
    assert store.runs.count() == 4 * ROUNDS
    assert not store.runs.live()
    assert store.database.connection().execute("PRAGMA integrity_check").fetchone()[0] == "ok"
