"""What every runner must do, whatever it computes on."""

from __future__ import annotations

import dataclasses
import multiprocessing
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core import LimitExceeded, NotFound
from engine.runtime.cluster import DaskRunner
from engine.runtime.limits import Limits
from engine.runtime.local import LocalRunner
from engine.runtime.runner import Runner
from engine.store import RunRow, Store
from tests.conformance.cluster import cluster
from tests.conformance.runner_lab import LAB, Steps

EXPERIMENT = LAB.experiments[0]
REFERENCE = "tests.conformance.runner_lab:LAB"
PATIENCE_SECONDS = 600  # a ceiling for broken code, not a measurement


def limits(**changes: Any) -> Limits:
    usual = Limits(
        threads=1, jobs=1, seconds=600, output_mb=64, visitor_jobs=4, queue=16,
        cancel_grace_seconds=1.0,
    )  # fmt: skip
    return dataclasses.replace(usual, **changes)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where runs are computed: on this machine, or on the cluster at ``address``.

    Plain texts, so that another process can build the same runner.
    """

    address: str = ""
    url: str = ""

    def store(self, home: Path | str) -> Store:
        return Store.open(home, self.url)

    def runner(self, store: Store, **changes: Any) -> Runner:
        if self.address:
            return DaskRunner(self.address, store, labs=[REFERENCE], limits=limits(**changes))
        return LocalRunner(store, labs=[REFERENCE], limits=limits(**changes))


@pytest.fixture(params=["local", "cluster"], scope="module")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    if request.param == "local":
        yield Place()
        return
    with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield Place(running.address, running.url)


@pytest.fixture(scope="module")
def store(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return place.store(tmp_path_factory.mktemp("runner-home"))


@pytest.fixture(scope="module")
def runner(place: Place, store: Store) -> Iterator[Runner]:
    """One runner for all tests that do not need limits of their own."""
    built = place.runner(store, visitor_jobs=50, queue=50)
    built.start()
    yield built
    built.stop()


@pytest.fixture
def fresh(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[Runner, Store]]]:
    """Runners with a store and limits of their own, stopped afterwards."""
    # These jobs count; importing torch for each runner would only take time.
    monkeypatch.setenv("ENGRAM_PRELOAD", "")
    built: list[Runner] = []

    def build(home: Path = tmp_path / "home", **changes: Any) -> tuple[Runner, Store]:
        store = place.store(home)
        built.append(place.runner(store, **changes))
        built[-1].start()
        return built[-1], store

    yield build
    for runner in built:
        runner.stop()


def ask(runner: Runner, **fields: Any) -> str:
    return runner.submit("runner_lab", "count", Steps(**fields))


def wait(store: Store, run_id: str, until: Callable[[RunRow], bool] | None = None) -> RunRow:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        row = store.runs.get(run_id)
        if (until or (lambda row: not row.live))(row):
            return row
        time.sleep(0.02)
    pytest.fail(f"run is still {row.state} at {row.done}/{row.total}")


def notes(folder: Path) -> list[str]:
    path = folder / "notes"
    return path.read_text().splitlines() if path.exists() else []


def test_a_run_ends_done_with_its_result(runner: Runner, store: Store) -> None:
    row = wait(store, ask(runner, steps=6, seed=11))
    assert (row.state, row.done, row.total, row.attempts) == ("done", 6, 6, 1)
    result = store.results.load(row.digest)
    assert result is not None
    assert result["noise"].axes == ("step", "channel") and result["noise"].unit == "V"
    assert result.metrics["steps"] == 6
    manifest = store.results.manifest(row.digest)
    assert manifest is not None
    assert manifest["config"] == Steps(steps=6, seed=11).model_dump(mode="json")
    assert manifest["seed"] == 11 and manifest["threads"] == 1


def test_a_job_computes_what_a_script_computes(runner: Runner, store: Store) -> None:
    from engine.core.context import QuietContext
    from tests.conformance.runner_lab import run

    row = wait(store, ask(runner, steps=7, seed=5))
    stored = store.results.load(row.digest)
    assert stored is not None
    here = run(Steps(steps=7, seed=5), QuietContext())
    assert stored.array("noise").tobytes() == here.array("noise").tobytes()


def test_a_job_reads_what_a_visitor_brought(runner: Runner, store: Store) -> None:
    row = wait(store, ask(runner, text=store.inputs.put(b"words", "words.txt")))
    result = store.results.load(row.digest)
    assert result is not None and result.notes == {"text": "words"}
    absent = wait(store, ask(runner, text="input:" + "0" * 16))
    assert absent.state == "failed" and "bring the file again" in (absent.error or "")


def test_progress_and_metrics_arrive_while_it_runs(runner: Runner, store: Store) -> None:
    run_id = ask(runner, steps=1000, pause=0.05)
    row = wait(store, run_id, lambda row: row.done >= 3)
    assert row.state == "running" and row.total == 1000 and row.started is not None
    steps, values = store.runs.metrics(run_id)["square"]
    np.testing.assert_array_equal(values, (steps - 1) ** 2)
    runner.cancel(run_id)
    assert wait(store, run_id).state == "cancelled"


def test_the_last_of_many_fast_reports_is_kept(runner: Runner, store: Store) -> None:
    run_id = ask(runner, steps=20_000)
    row = wait(store, run_id)
    assert (row.state, row.done) == ("done", 20_000)
    steps, values = store.runs.metrics(run_id)["square"]
    assert 10 < len(steps) <= 20_000
    np.testing.assert_array_equal(values, (steps - 1) ** 2)


def test_cancel_is_heard_at_the_next_report(runner: Runner, store: Store, tmp_path: Path) -> None:
    run_id = ask(runner, steps=10_000, pause=0.05, folder=str(tmp_path))
    wait(store, run_id, lambda row: row.done >= 1)
    runner.cancel(run_id)
    row = wait(store, run_id)
    assert row.state == "cancelled" and row.error is None
    # Heard by polling, so after at most a second's worth of steps rather than 10 000.
    assert len(notes(tmp_path)) < 200
    assert store.results.load(row.digest) is None


def test_cancel_of_a_deaf_job_is_forced(runner: Runner, store: Store, tmp_path: Path) -> None:
    run_id = ask(runner, steps=1, then="deaf", folder=str(tmp_path))
    wait(store, run_id, lambda row: "end of attempt" in notes(tmp_path))
    runner.cancel(run_id)
    assert wait(store, run_id).state == "cancelled"
    # Nothing is left of it: the next run gets the only place.
    assert wait(store, ask(runner, steps=2, seed=77)).state == "done"


def test_a_queued_run_is_cancelled_at_once(runner: Runner, store: Store) -> None:
    first = ask(runner, steps=1000, pause=0.05, seed=1)
    second = ask(runner, steps=1000, pause=0.05, seed=2)
    runner.cancel(second)
    assert store.runs.get(second).state == "cancelled"
    runner.cancel(first)
    wait(store, first)
    assert store.runs.get(second).attempts == 0


def test_equal_requests_share_a_run(runner: Runner, store: Store) -> None:
    first = ask(runner, steps=100, pause=0.02, seed=3)
    assert ask(runner, steps=100, pause=0.02, seed=3) == first
    assert wait(store, first).state == "done"
    assert ask(runner, steps=100, pause=0.02, seed=3) == first
    assert ask(runner, steps=100, pause=0.02, seed=4) != first


def _ask_from_elsewhere(place: Place, home: str, folder: str, answers: Any) -> None:
    runner = place.runner(place.store(home))
    answers.put(ask(runner, steps=5, pause=0.05, folder=folder, seed=8))


def test_eight_processes_that_ask_at_once_share_a_run(
    place: Place, runner: Runner, store: Store, tmp_path: Path
) -> None:
    wait(store, ask(runner, steps=1, seed=9))  # its host is up
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    told = (place, str(store.home), str(tmp_path), answers)
    askers = [context.Process(target=_ask_from_elsewhere, args=told) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(PATIENCE_SECONDS)
    assert [asker.exitcode for asker in askers] == [0] * len(askers)
    identities = {answers.get() for _ in askers}
    assert len(identities) == 1
    row = wait(store, identities.pop())
    assert (row.state, row.attempts) == ("done", 1)
    assert notes(tmp_path) == [*(f"step {step}" for step in range(5)), "end of attempt"]


def test_a_run_that_ends_while_somebody_asks_is_shared(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = store.results.has
    between: list[str] = []

    def slow(digest: str) -> bool:
        found = look(digest)
        if not between:  # this machine is busy, and somebody else is served meanwhile
            between.append("")
            between.append(ask(runner, steps=2, seed=41))
            assert wait(store, between[1]).state == "done"
        return found

    monkeypatch.setattr(store.results, "has", slow)
    assert ask(runner, steps=2, seed=41) == between[1]


def test_a_crash_is_tried_once_more_then_told(runner: Runner, store: Store, tmp_path: Path) -> None:
    row = wait(store, ask(runner, steps=1, then="crash", folder=str(tmp_path)))
    assert row.state == "failed" and row.error is not None
    assert "twice" in row.error and "SIGSEGV" in row.error
    assert notes(tmp_path).count("end of attempt") == 2


def test_a_retry_starts_from_the_checkpoint(runner: Runner, store: Store, tmp_path: Path) -> None:
    row = wait(store, ask(runner, steps=2, then="crash_once", folder=str(tmp_path)))
    assert (row.state, row.attempts) == ("done", 2)
    assert notes(tmp_path).count("end of attempt") == 2
    # Nothing is left of it, though the run is told as done a moment before.
    wait(store, row.id, lambda row: store.checkpoints.load(row.digest) is None)


def test_an_error_of_the_engine_is_told(runner: Runner, store: Store) -> None:
    row = wait(store, ask(runner, then="refuse"))
    assert (row.state, row.error) == ("failed", "steps: an even number is required")


def test_an_internal_error_is_told_by_its_id_only(runner: Runner, store: Store) -> None:
    row = wait(store, ask(runner, then="raise"))
    assert row.state == "failed" and row.error is not None
    assert row.error.startswith("internal error, id ")
    assert "detail" not in row.error
    log = store.log_file.read_text()
    assert row.error.split()[-1] in log and "a detail that only the log may show" in log


def test_the_memory_limit_is_told(runner: Runner, store: Store) -> None:
    row = wait(store, ask(runner, then="hog"))
    assert row.state == "failed" and row.error is not None
    assert f"{EXPERIMENT.memory_mb} MB of memory" in row.error
    assert wait(store, ask(runner, steps=1, seed=21)).state == "done"


def test_the_output_limit_is_told(fresh: Callable[..., tuple[Runner, Store]]) -> None:
    runner, store = fresh(output_mb=1)
    row = wait(store, ask(runner, then="large"))
    assert row.state == "failed" and row.error is not None
    assert "24 MB" in row.error and "1 MB" in row.error
    assert not store.results.has(row.digest)


def test_the_time_limit_is_told(fresh: Callable[..., tuple[Runner, Store]]) -> None:
    runner, store = fresh(seconds=1)
    row = wait(store, ask(runner, then="deaf"))
    assert row.state == "failed" and row.error is not None and "1 s" in row.error


def test_places_are_limited(fresh: Callable[..., tuple[Runner, Store]]) -> None:
    runner, store = fresh(visitor_jobs=2, queue=2)
    for seed in range(2):
        ask(runner, steps=1000, pause=0.05, seed=seed)
    with pytest.raises(LimitExceeded, match="you already have 2 runs"):
        ask(runner, seed=9)
    again = ask(runner, steps=1000, pause=0.05, seed=0)  # sharing takes no place
    assert again == store.runs.live()[0].id or again == store.runs.live()[1].id
    wait(store, again, lambda row: row.state == "running")
    runner.submit("runner_lab", "count", Steps(seed=10), visitor="somebody else")
    with pytest.raises(LimitExceeded, match="2 runs are waiting"):
        runner.submit("runner_lab", "count", Steps(seed=11), visitor="a third")


def test_runs_are_taken_by_priority_then_age(fresh: Callable[..., tuple[Runner, Store]]) -> None:
    runner, store = fresh()
    blocker = ask(runner, steps=1000, pause=0.05)
    wait(store, blocker, lambda row: row.state == "running")
    old = ask(runner, steps=1, seed=1)
    young = ask(runner, steps=1, seed=2)
    urgent = runner.submit("runner_lab", "count", Steps(steps=1, seed=3), priority=1)
    assert [store.runs.ahead(run_id) for run_id in (urgent, old, young)] == [0, 1, 2]
    runner.cancel(blocker)
    began = [wait(store, run_id).started for run_id in (urgent, old, young)]
    assert began == sorted(began)


def test_a_result_is_there_after_a_restart(fresh: Callable[..., tuple[Runner, Store]]) -> None:
    runner, store = fresh()
    run_id = ask(runner, steps=3, seed=4)
    row = wait(store, run_id)
    runner.stop()
    store.close()
    again, same = fresh()
    result = Store(same.home, same.shelf.url if same.shelf else "").results.load(row.digest)
    assert result is not None and result.array("noise").shape == (3, 4)
    assert ask(again, steps=3, seed=4) == run_id


def test_stopping_leaves_unfinished_runs_for_the_next_start(
    fresh: Callable[..., tuple[Runner, Store]],
) -> None:
    runner, store = fresh()
    # Seeds of their own: what another test computed may lie on the shelf.
    running, waiting = ask(runner, steps=40, pause=0.05, seed=31), ask(runner, steps=1, seed=32)
    wait(store, running, lambda row: row.done >= 1)
    runner.stop()
    assert [store.runs.get(run_id).state for run_id in (running, waiting)] == ["queued", "queued"]
    fresh()
    assert wait(store, running).state == "done"
    assert wait(store, waiting).state == "done"
    assert store.runs.get(running).attempts == 1


def test_unknown_names_and_foreign_configs_are_refused(runner: Runner) -> None:
    from engine.core import BadInput, Config

    with pytest.raises(NotFound, match="no lab 'nowhere'"):
        runner.submit("nowhere", "count", Steps())
    with pytest.raises(NotFound, match="it has: count"):
        runner.submit("runner_lab", "nothing", Steps())
    with pytest.raises(BadInput, match="Steps is required"):
        runner.submit("runner_lab", "count", Config())
    with pytest.raises(NotFound):
        runner.cancel("no such run")
