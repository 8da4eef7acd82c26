"""kill -9 of a worker, of the scheduler, of the server; a shelf that is gone; two servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.core.settings import MB
from engine.runtime.cluster import DaskRunner
from engine.runtime.cluster.worker import ABANDONED_SECONDS
from engine.store import RunRow, Store
from tests.conformance.cluster import LABS, ROOT, Cluster, cluster
from tests.conformance.runner_lab import Steps
from tests.security.test_faults import LIMITS, ended, eventually, host_pid

# A server in small: it asks for a run, tells its id and waits to be killed.
SERVER = """
import sys, time
from engine.core.settings import MB
from engine.runtime.cluster import DaskRunner
from engine.runtime.cluster.worker import ABANDONED_SECONDS
from engine.store import Store
from tests.conformance.runner_lab import Steps
from tests.security.test_faults import LIMITS, REFERENCE
home, url, address, steps = sys.argv[1:]
runner = DaskRunner(address, Store.open(home, url), labs=[REFERENCE], limits=LIMITS)
runner.start()
print(runner.submit("runner_lab", "count", Steps.from_json(steps)), flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as built:
        yield built


@pytest.fixture
def running(common: Cluster) -> Cluster:
    """A cluster with two workers, whatever the test before did to them."""
    common.complete(2)
    return common


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that a test may ruin."""
    with cluster(tmp_path / "own cluster", workers=1) as built:
        yield built


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., DaskRunner]]:
    """Servers with homes of their own, stopped afterwards."""
    built: list[DaskRunner] = []

    def one(cluster: Cluster, name: str = "home", url: str = "") -> DaskRunner:
        store = Store.open(tmp_path / name, url or cluster.url)
        built.append(DaskRunner(cluster.address, store, labs=[LABS], limits=LIMITS))
        built[-1].start()
        return built[-1]

    yield one
    for runner in built:
        runner.stop()


def ask(runner: DaskRunner, **fields: Any) -> str:
    return runner.submit("runner_lab", "count", Steps(**fields))


def at_work(store: Store, run_id: str, beside: str | None = None) -> RunRow:
    """The run once a worker (other than ``beside``) computes it."""

    def works() -> RunRow | None:
        row = store.runs.get(run_id)
        return row if row.machine not in (None, beside) and row.done >= 2 else None

    return eventually(works)


def count(folder: Path, note: str) -> int:
    path = folder / "notes"
    return path.read_text().splitlines().count(note) if path.exists() else 0


def test_the_run_of_a_killed_worker_goes_on_at_another(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    runner = server(running)
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    first = at_work(runner.store, run_id)
    running.holder(first.machine).kill()
    second = at_work(runner.store, run_id, beside=first.machine)
    assert second.attempts == 2
    (tmp_path / "gate").touch()
    row = ended(runner.store, run_id)
    assert (row.state, row.attempts) == ("done", 2)
    assert any("was lost" in text for _, text in runner.store.runs.events(run_id))
    assert runner.store.results.load(row.digest) is not None
    assert ended(runner.store, ask(runner, steps=1, folder=str(tmp_path))).state == "done"


def test_a_run_that_loses_its_worker_twice_is_lost(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    running.add_workers(1)
    runner = server(running)
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    first = at_work(runner.store, run_id)
    running.holder(first.machine).kill()
    second = at_work(runner.store, run_id, beside=first.machine)
    running.holder(second.machine).kill()
    row = ended(runner.store, run_id)
    assert row.state == "lost" and row.error is not None
    assert "twice" in row.error and "worker" in row.error


def test_a_killed_job_is_tried_again(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    runner = server(running)
    row = ended(runner.store, ask(runner, steps=2, then="crash_once", folder=str(tmp_path)))
    assert (row.state, row.attempts) == ("done", 2)
    assert any("SIGKILL" in text for _, text in runner.store.runs.events(row.id))


def test_a_killed_scheduler_costs_no_run(
    own: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    runner = server(own)
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    at_work(runner.store, run_id)
    own.kill_scheduler()
    eventually(lambda: runner.store.runs.get(run_id).state == "queued")
    waiting = ask(runner, steps=1, seed=5)
    eventually(lambda: runner.store.runs.reason(waiting) == "the cluster cannot be reached")
    assert runner.store.runs.get(waiting).state == "queued"
    own.restart_scheduler()
    own.add_workers(1)
    (tmp_path / "gate").touch()
    for identity in (run_id, waiting):
        row = ended(runner.store, identity)
        assert (row.state, row.attempts) == ("done", 1)


def test_the_run_of_a_killed_host_is_asked_for_again(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    runner = server(running)
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    at_work(runner.store, run_id)
    first = host_pid(runner.store)
    assert first is not None
    killed = time.monotonic()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: host_pid(runner.store) not in (None, first))
    eventually(
        lambda: any("asked for again" in text for _, text in runner.store.runs.events(run_id))
    )
    at_work(runner.store, run_id)
    alone = time.monotonic() - killed
    (tmp_path / "gate").touch()
    row = ended(runner.store, run_id)
    assert (row.state, row.attempts) == ("done", 1)
    # The worker that had it went on, unless this machine is so slow that it gave it up before.
    assert count(tmp_path, "end of attempt") == 1 or alone > ABANDONED_SECONDS


def dying_server(running: Cluster, home: Path, **fields: Any) -> tuple[Store, str]:
    """A server that is killed while its run is computed; its store and the run."""
    process = subprocess.Popen(
        [
            sys.executable, "-c", SERVER, str(home), running.url, running.address,
            Steps(**fields).canonical_json(),
        ],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    store = Store.open(home, running.url)
    at_work(store, run_id)
    process.kill()
    process.wait()
    eventually(lambda: host_pid(store) is None)
    return store, run_id


def test_the_run_of_a_killed_server_is_there_for_the_next(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    fields = {"steps": 2, "then": "gate", "folder": str(tmp_path)}
    store, run_id = dying_server(running, tmp_path / "home", **fields)
    server(running)
    (tmp_path / "gate").touch()
    row = ended(store, run_id)
    assert (row.state, row.attempts) == ("done", 1)


def test_what_nobody_wants_any_more_is_ended(running: Cluster, tmp_path: Path) -> None:
    dying_server(running, tmp_path / "home", steps=100_000, pause=0.05, folder=str(tmp_path))

    def silent() -> bool:
        before = (tmp_path / "notes").stat().st_size
        time.sleep(1)
        return (tmp_path / "notes").stat().st_size == before

    eventually(silent)


def test_two_servers_share_a_job_and_its_result(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    one, two = server(running, "one"), server(running, "two")
    first = ask(one, steps=2, then="gate", folder=str(tmp_path))
    at_work(one.store, first)
    second = ask(two, steps=2, then="gate", folder=str(tmp_path))
    at_work(two.store, second)
    (tmp_path / "gate").touch()
    rows = [ended(one.store, first), ended(two.store, second)]
    assert [row.state for row in rows] == ["done", "done"]
    assert count(tmp_path, "end of attempt") == 1
    for runner in (one, two):
        assert runner.store.results.load(rows[0].digest) is not None


def test_a_cancel_on_one_server_costs_the_other_no_run(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    one, two = server(running, "one"), server(running, "two")
    first = ask(one, steps=2, then="gate", folder=str(tmp_path))
    at_work(one.store, first)
    second = ask(two, steps=2, then="gate", folder=str(tmp_path))
    at_work(two.store, second)
    one.cancel(first)
    assert ended(one.store, first).state == "cancelled"
    (tmp_path / "gate").touch()
    assert ended(two.store, second).state == "done"


def test_runs_wait_for_a_worker(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster", workers=0) as empty:
        store = Store.open(tmp_path / "home", empty.url)
        runner = DaskRunner(empty.address, store, labs=[LABS], limits=LIMITS)
        run_id, unwanted = ask(runner, steps=1), ask(runner, steps=2)
        eventually(lambda: host_pid(store))
        runner.cancel(unwanted)
        assert store.runs.get(unwanted).state == "cancelled"
        eventually(lambda: store.runs.reason(run_id) == "the cluster has no worker")
        assert store.runs.get(run_id).state == "queued"
        # This worker allows its jobs less memory than the experiment asks for.
        empty.add_workers(1, ENGRAM_JOB_MB="100")
        assert ended(store, run_id).state == "done"
        row = ended(store, ask(runner, then="hog"))
        assert row.state == "failed" and "100 MB of memory" in (row.error or "")
        runner.stop()


def test_a_run_has_its_share_of_a_worker_s_memory(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster", workers=0, memory="420MB") as small:
        small.add_workers(1, threads=2)
        store = Store.open(tmp_path / "home", small.url)
        runner = DaskRunner(small.address, store, labs=[LABS], limits=LIMITS)
        row = ended(store, ask(runner, then="hog"))
        runner.stop()
    # Half of it is less than the 256 MB that the experiment asks for.
    assert row.state == "failed" and f"the {420_000_000 // 2 // MB} MB of memory" in (
        row.error or ""
    )


def test_a_shelf_that_the_workers_do_not_share_is_told(
    running: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    elsewhere = server(running, "elsewhere", f"file://{tmp_path / 'another shelf'}")
    row = ended(elsewhere.store, ask(elsewhere, steps=1, folder=str(tmp_path)))
    assert row.state == "failed" and "ENGRAM_STORE_URL must name the same place" in (
        row.error or ""
    )


def test_a_shelf_that_is_gone_fails_the_run_with_a_sentence(
    own: Cluster, server: Callable[..., DaskRunner], tmp_path: Path
) -> None:
    runner = server(own)
    run_id = ask(runner, steps=2, then="gate", folder=str(tmp_path))
    at_work(runner.store, run_id)
    shelf = own.folder / "shelf"
    if shelf.exists():
        shelf.rename(own.folder / "away")
    shelf.write_text("a file where the folder was")
    (tmp_path / "gate").touch()
    row = ended(runner.store, run_id)
    assert row.state == "failed" and row.error is not None
    assert row.error.startswith("the shared store file://") and "could not be written" in row.error
    shelf.unlink()
    assert ended(runner.store, ask(runner, steps=3)).state == "done"
