"""Sweeps: every combination once, on whatever runner, and what goes wrong in its row."""

from __future__ import annotations

import csv
import dataclasses
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.core import BadInput, LimitExceeded, NotFound
from engine.runtime.cluster import DaskRunner
from engine.runtime.limits import Limits
from engine.runtime.local import LocalRunner
from engine.runtime.runner import ClosedRunner
from engine.runtime.sweep import sweep
from engine.store import Store
from tests.conformance.cluster import cluster
from tests.conformance.runner_lab import LAB as RUNNER_LAB
from tests.security.test_faults import eventually
from tests.unit.cli_lab import LAB

LABS = {LAB.name: LAB, RUNNER_LAB.name: RUNNER_LAB}
REFERENCES = ["tests.unit.cli_lab:LAB", "tests.conformance.runner_lab:LAB"]
LIMITS = Limits(threads=1, jobs=2, seconds=600, output_mb=64, visitor_jobs=3, queue=16)


@pytest.fixture(autouse=True)
def two_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("engine.core.registry.labs", "engine.cli.labs"):
        monkeypatch.setattr(place, lambda: LABS)
    monkeypatch.setenv("ENGRAM_PRELOAD", "")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "home")


@pytest.fixture
def runner(store: Store) -> Iterator[LocalRunner]:
    built = LocalRunner(store, labs=REFERENCES, limits=LIMITS)
    yield built
    built.stop()


def test_every_combination_is_a_row_the_last_field_fastest(
    runner: LocalRunner, store: Store
) -> None:
    told: list[tuple[float, float]] = []
    rows = sweep(
        "cli_lab", "kinds", {"real_number": [0.25, -0.5], "size": [32, 64]}, {"word": "x"},
        runner=runner, store=store, whole=2,
        progress=lambda done, total, metrics: told.append((done, total)),
    )  # fmt: skip
    assert [(row.config.real_number, row.config.size) for row in rows] == [
        (0.25, 32), (0.25, 64), (-0.5, 32), (-0.5, 64),
    ]  # fmt: skip
    assert [row.metrics["mean"] for row in rows] == [0.25, 0.25, -0.5, -0.5]
    assert {row.metrics["name"] for row in rows} == {"x"}
    assert all(row.state == "done" and not row.found for row in rows)
    assert told[-1] == (4, 4) and told == sorted(told)
    again = sweep(
        "cli_lab", "kinds", {"real_number": [0.25, 1]}, {"word": "x", "whole": 2},
        runner=runner, store=store,
    )  # fmt: skip
    assert [row.found for row in again] == [True, False]


def test_a_run_that_fails_is_a_row_that_says_so(runner: LocalRunner, store: Store) -> None:
    rows = sweep("cli_lab", "kinds", {"fail": [False, True]}, runner=runner, store=store)
    assert [row.state for row in rows] == ["done", "failed"]
    assert rows[1].error.startswith("internal error, id") and rows[1].metrics == {}


def test_more_rows_than_one_visitor_may_have_are_handed_over_as_they_end(
    runner: LocalRunner, store: Store
) -> None:
    rows = sweep("runner_lab", "count", {"seed": range(8)}, steps=1, runner=runner, store=store)
    assert [row.state for row in rows] == ["done"] * 8


@pytest.mark.parametrize(
    ("vary", "error", "words"),
    [
        ({"nothing": [1]}, BadInput, "nothing: there is no such field"),
        ({"whole": []}, BadInput, "whole: at least one value"),
        ({"whole": [1, 10]}, BadInput, "whole: must be from 1 to 9"),
        ({"whole": [7, 8]}, BadInput, "8 and the rest"),
        ({"whole": range(200), "size": range(200)}, BadInput, "10,000 combinations"),
    ],
)
def test_bad_values_are_told_before_anything_runs(
    runner: LocalRunner, store: Store, vary: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        sweep("cli_lab", "kinds", vary, runner=runner, store=store)
    assert store.runs.count() == 0


def test_a_runner_that_takes_nothing_ends_the_sweep(store: Store) -> None:
    with pytest.raises(LimitExceeded, match="switched off"):
        sweep("cli_lab", "kinds", {"whole": [1]}, runner=ClosedRunner("switched off"), store=store)
    with pytest.raises(NotFound):
        sweep("cli_lab", "nothing", {}, runner=ClosedRunner("switched off"), store=store)


def test_a_sweep_that_is_stopped_cancels_what_only_it_wanted(
    runner: LocalRunner, store: Store, tmp_path: Path
) -> None:
    shared = runner.submit("runner_lab", "count", _gate(tmp_path, seed=1), visitor="somebody else")
    eventually(lambda: store.runs.get(shared).done >= 1)

    def interrupt(done: float, total: float, metrics: Any) -> None:
        if len(store.runs.live()) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(
            "runner_lab", "count", {"seed": [1, 2]}, steps=1, then="gate", folder=str(tmp_path),
            runner=runner, store=store, progress=interrupt,
        )  # fmt: skip
    own = next(row for row in store.runs.list() if row.id != shared)
    eventually(lambda: store.runs.get(own.id).state == "cancelled")
    assert store.runs.get(shared).state == "running"
    (tmp_path / "gate").touch()
    eventually(lambda: store.runs.get(shared).state == "done")


def _gate(folder: Path, seed: int) -> Any:
    config = RUNNER_LAB.experiments[0].config
    return config.build({"steps": 1, "then": "gate", "folder": str(folder), "seed": seed})


def test_a_sweep_fans_out_over_the_workers_of_a_cluster(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster") as running:
        store = Store.open(tmp_path / "home", running.url)
        limits = dataclasses.replace(LIMITS, jobs=100)
        runner = DaskRunner(running.address, store, labs=REFERENCES, limits=limits, at_once=100)
        # The gate opens when both workers compute: one alone would never end.
        opener = threading.Thread(target=_open_when_two_run, args=(store, tmp_path))
        opener.start()
        rows = sweep(
            "runner_lab", "count", {"seed": range(4)}, steps=1, then="gate", folder=str(tmp_path),
            runner=runner, store=store,
        )  # fmt: skip
        opener.join()
        runner.stop()
    assert [row.state for row in rows] == ["done"] * 4
    assert len({row.where for row in rows}) == 2


def _open_when_two_run(store: Store, folder: Path) -> None:
    eventually(lambda: len({row.machine for row in store.runs.live() if row.done >= 1}) == 2)
    (folder / "gate").touch()


def test_the_command_line_prints_the_table_and_writes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given: list[int | None] = []

    def build(at_once: int | None = None) -> LocalRunner:
        given.append(at_once)
        return LocalRunner(labs=REFERENCES, limits=LIMITS, at_once=at_once)

    monkeypatch.setattr("engine.runtime.runner.build_runner", build)
    words = ["sweep", "cli_lab", "kinds", "--vary", "real-number=0.25,1", "--whole", "2"]
    path = tmp_path / "table.csv"
    code = main([*words, "--vary", "fail=false,true", "--out", str(path), "--at-once", "9"])
    out, _ = capsys.readouterr()
    assert code == 0 and given == [9]
    assert out.splitlines()[0].split()[:3] == ["real_number", "fail", "state"]
    assert "2 of 4 done" in out and "internal error, id" in out
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["mean"] for row in table] == ["0.25", "", "1.0", ""]
    assert main([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["vary"] == {"real_number": [0.25, 1]} and answer["config"] == {"whole": 2}
    assert [(row["state"], row["found"]) for row in answer["rows"]] == [("done", True)] * 2
    assert answer["rows"][0]["metrics"]["ratio"] is None


def test_lists_are_values_when_they_are_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "engine.runtime.runner.build_runner",
        lambda at_once=None: LocalRunner(labs=REFERENCES, limits=LIMITS, at_once=at_once),
    )
    assert main(["sweep", "cli_lab", "kinds", "--vary", "many=[[1,2],[3]]", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [row["values"]["many"] for row in answer["rows"]] == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cli_lab"], "sweep: usage"),
        (["nowhere", "kinds", "--vary", "a=1"], "there is no lab 'nowhere'"),
        (["cli_lab", "kinds"], "--vary: at least one field=a,b,c"),
        (["cli_lab", "kinds", "--vary", "whole"], "--vary: field=a,b,c is required"),
        (["cli_lab", "kinds", "--vary", "nothing=1"], "one of the fields whole"),
        (["cli_lab", "kinds", "--vary", "whole=[1"], "whole: a list that begins with [ must be"),
        (["cli_lab", "kinds", "--vary", "whole=1,ten"], "whole: must be a whole number"),
        (["cli_lab", "kinds", "--vary", "whole=1", "--at-once", "0"], "--at-once: a whole number"),
        (["cli_lab", "kinds", "--vary", "whole=1", "--nope", "0"], "--nope"),
    ],
)
def test_a_bad_command_line_ends_with_code_2(
    capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(["sweep", *words]) == 2
    assert sentence in capsys.readouterr().err
