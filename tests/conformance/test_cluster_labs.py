"""Sweeps of every lab on two workers: KV formats, constants, threshold by damping, seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

import engine
from engine.runtime.cluster import DaskRunner
from engine.runtime.limits import Limits
from engine.runtime.sweep import sweep
from engine.store import Store
from tests.conformance.cluster import cluster

SWEEPS: list[tuple[str, str, dict[str, list[Any]], dict[str, Any]]] = [
    ("kv_cache", "evaluate", {"key_format": ["fp16", "mxfp4"]}, {"windows": 1}),
    ("memory_hardware", "generation", {"change": ["timing.rp=13", "timing.rp=17"]}, {"tokens": 64}),
    ("memory_graph", "evaluate", {"threshold": [0.75, 0.85], "damping": [0.35, 0.65]}, {}),
    ("motion", "denoise", {"seed": [5, 6]}, {"steps": 2, "seconds": 2.0}),
    ("diffusion", "tokens", {"seed": [5, 6]}, {"model": "fast", "steps": 2}),
    (
        "diffusion", "writing",
        {"write_seed": [5, 6]}, {"model": "fast", "write_steps": 10, "ranks": "1"},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DaskRunner, Store]]:
    folder = tmp_path_factory.mktemp("sweeps")
    with cluster(folder / "cluster", memory="8GB") as running:
        store = Store.open(folder / "home", running.url)
        limits = dataclasses.replace(Limits.from_environment(), threads=1, jobs=100)
        runner = DaskRunner(running.address, store, limits=limits, at_once=100)
        yield runner, store
        runner.stop()


@pytest.mark.parametrize(("lab", "experiment", "vary", "fields"), SWEEPS)
def test_a_sweep_of_a_lab_is_the_same_on_a_cluster(
    server: tuple[DaskRunner, Store],
    monkeypatch: pytest.MonkeyPatch,
    lab: str,
    experiment: str,
    vary: dict[str, list[Any]],
    fields: dict[str, Any],
) -> None:
    runner, store = server
    rows = sweep(lab, experiment, vary, fields, runner=runner, store=store)
    assert [(row.state, row.found, row.error) for row in rows] == [("done", False, "")] * len(rows)
    assert all(row.where.startswith("tcp://") for row in rows)
    # Computed here, without a cluster and without a store, the arrays are the same to the bit.
    monkeypatch.setenv("ENGRAM_JOB_THREADS", "1")
    here = engine.run(lab, experiment, fields, store=False, **rows[-1].values)
    there = store.results.load(rows[-1].digest)
    assert there is not None and list(there.fields) == list(here.fields)
    for name, field in here.fields.items():
        assert there.array(name).tobytes() == field.array.tobytes(), name
