"""``engine.run`` in a script, and which runner a process gets."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.core import BadInput, Config, LimitExceeded, NotFound
from engine.runtime import get_runner, runner
from engine.runtime.limits import Limits
from engine.store import Store
from tests.unit.cli_lab import LAB, Kinds


@pytest.fixture(autouse=True)
def one_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.core.registry.labs", lambda: {LAB.name: LAB})


@pytest.fixture
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_runner", None)


def test_configs_mappings_and_fields_mean_the_same() -> None:
    ways = [
        engine.run("cli_lab", "kinds", Kinds(whole=4, flag=False)),
        engine.run("cli_lab", "kinds", {"whole": 4, "flag": False}, store=False),
        engine.run("cli_lab", "kinds", whole=4, flag=False, store=None),
        engine.run("cli_lab", "kinds", Kinds(whole=9), whole=4, flag=False),
    ]
    for result in ways:
        np.testing.assert_array_equal(result.array("values"), ways[0].array("values"))


def test_results_are_read_from_and_kept_in_the_chosen_store(tmp_path: Path) -> None:
    calls: list[tuple[float, float, Mapping[str, float]]] = []

    def note(done: float, total: float, metrics: Mapping[str, float]) -> None:
        calls.append((done, total, metrics))

    store = Store.open(tmp_path)
    digest = LAB.experiment("kinds").digest("cli_lab", Kinds())
    engine.run("cli_lab", "kinds", store=store, progress=note)
    assert calls == [(1, 1, {"loss": 0.5})]
    assert store.results.has(digest) and not Store.open().results.has(digest)
    engine.run("cli_lab", "kinds", store=store, progress=note)
    assert len(calls) == 1
    engine.run("cli_lab", "kinds", store=False, progress=note)
    assert len(calls) == 2 and not Store.open().results.has(digest)


def test_bad_requests_are_typed() -> None:
    with pytest.raises(BadInput, match="whole") as caught:
        engine.run("cli_lab", "kinds", whole=99)
    assert caught.value.field == "whole"
    with pytest.raises(BadInput, match="nothing: there is no such field"):
        engine.run("cli_lab", "kinds", nothing=1)
    with pytest.raises(BadInput, match="Kinds is required"):
        engine.run("cli_lab", "kinds", Config())
    for names in (("nolab", "kinds"), ("cli_lab", "nothing")):
        with pytest.raises(NotFound):
            engine.run(*names)


def test_a_script_keeps_its_own_random_state() -> None:
    random.seed(1)
    np.random.seed(1)
    expected = [random.random(), np.random.random()]
    random.seed(1)
    np.random.seed(1)
    engine.run("cli_lab", "kinds", store=False)
    assert [random.random(), np.random.random()] == expected


def test_importing_the_engine_is_light(repo_root: Path) -> None:
    code = (
        "import sys, engine, engine.runtime, engine.store;"
        "heavy = {'torch', 'transformers', 'pandas', 'plotly', 'streamlit'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root, check=True
    )
    assert said.stdout.strip() == "[]"


def test_a_closed_runner_refuses_kindly(new_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_RUNNER", "off")
    closed = get_runner()
    assert closed is get_runner()
    closed.start()
    with pytest.raises(LimitExceeded, match="switched off"):
        closed.submit("cli_lab", "kinds", Kinds())


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Limits.from_environment()
    assert usual.jobs >= 1 and 1 <= usual.threads <= 2
    assert (usual.seconds, usual.visitor_jobs, usual.queue) == (1800, 4, 16)
    for name, value in (("SECONDS", "60"), ("THREADS", "3")):
        monkeypatch.setenv(f"ENGRAM_JOB_{name}", value)
    monkeypatch.setenv("ENGRAM_VISITOR_JOBS", "2")
    changed = Limits.from_environment()
    assert (changed.seconds, changed.threads, changed.visitor_jobs) == (60, 3, 2)
    monkeypatch.setenv("ENGRAM_JOB_SECONDS", "soon")
    with pytest.raises(BadInput, match="ENGRAM_JOB_SECONDS"):
        Limits.from_environment()
