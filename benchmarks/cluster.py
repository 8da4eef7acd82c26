"""What a cluster brings: one sweep on one worker, on two, and on this machine's own runner.

python -m benchmarks.cluster

Eight formats of the KV cache, each a run of one thread; wall seconds from the first request to the
last row, with every process warm, fresh stores for each pass and the passes in turn. Scheduler and
workers are processes of this machine, so that two workers need two free cores to be twice as fast;
on a machine that others use, the ratio says what two workers get and not what they could. Runs that
wait need no core: there the ratio says what handing over, progress and results cost.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from distributed import LocalCluster

from benchmarks.retrieval import row
from benchmarks.waiting_lab import Wait
from engine.runtime.cluster import DaskRunner
from engine.runtime.limits import Limits
from engine.runtime.local import LocalRunner
from engine.runtime.runner import Runner
from engine.runtime.sweep import Row, sweep
from engine.store import Store

FORMATS = ("fp16", "bf16", "mxfp4", "nvfp4", "int8", "int4", "bfp12:b32", "bfp10:b32")
WINDOWS = 4
PASSES = 2
AT_ONCE = 64
WAITING = "benchmarks.waiting_lab:LAB"
WAITS, WAIT_SECONDS = 16, 1.0


@contextmanager
def workers(count: int) -> Iterator[tuple[Runner, Store]]:
    """A cluster of ``count`` workers with one thread each, and a server's runner for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"file://{folder / 'shelf'}"
        os.environ.update(ENGRAM_STORE_URL=url, ENGRAM_WORKER_LABS=WAITING)  # workers inherit it
        try:
            with LocalCluster(
                n_workers=count, threads_per_worker=1, dashboard_address=None,
                local_directory=str(folder / "workers"),
            ) as cluster:  # fmt: skip
                store = Store.open(folder / "home", url)
                runner = DaskRunner(
                    cluster.scheduler_address, store, labs=[WAITING], limits=limits(),
                    at_once=AT_ONCE,
                )  # fmt: skip
                yield runner, store
                runner.stop()
        finally:
            del os.environ["ENGRAM_STORE_URL"], os.environ["ENGRAM_WORKER_LABS"]


@contextmanager
def machine(jobs: int) -> Iterator[tuple[Runner, Store]]:
    """The runner of this machine with ``jobs`` at once."""
    with tempfile.TemporaryDirectory() as name:
        store = Store.open(Path(name) / "home", "")
        runner = LocalRunner(store, limits=replace(limits(), jobs=jobs), at_once=AT_ONCE)
        yield runner, store
        runner.stop()


def limits() -> Limits:
    """One thread a run, and as many runs as there are threads."""
    return replace(Limits.from_environment(), threads=1, jobs=AT_ONCE)


def run(runner: Runner, store: Store, windows: int, **fields: Any) -> list[Row]:
    rows = sweep(
        "kv_cache", "evaluate", {"key_format": FORMATS}, runner=runner, store=store,
        windows=windows, **fields,
    )  # fmt: skip
    assert all(entry.state == "done" and not entry.found for entry in rows), rows
    return rows


def seconds(place: Any, count: int) -> float:
    """Wall seconds of the sweep on ``place(count)``, after one that warms its processes."""
    with place(count) as (runner, store):
        run(runner, store, 1, seed=1)
        begun = time.perf_counter()
        rows = run(runner, store, WINDOWS)
        spent = time.perf_counter() - begun
        used = {entry.where for entry in rows}
        assert place is machine or len(used) == count, used
    return spent


def waited(count: int) -> float:
    """Wall seconds of runs that wait, on ``count`` workers whose processes are warm."""
    with workers(count) as (runner, store):
        for numbers in (range(-2 * count, 0), range(WAITS)):
            begun = time.perf_counter()
            identities = [
                runner.submit("waiting", "wait", Wait(seconds=WAIT_SECONDS, number=number))
                for number in numbers
            ]
            while any(store.runs.get(identity).live for identity in identities):
                time.sleep(0.05)
            spent = time.perf_counter() - begun
    return spent


def rows() -> list[dict[str, Any]]:
    """Two workers over one, with runs that wait and runs that compute, and over this machine."""
    alone, both = waited(1), waited(2)
    spent: dict[str, list[float]] = {"one": [], "two": [], "machine": []}
    for _ in range(PASSES):
        spent["one"].append(seconds(workers, 1))
        spent["two"].append(seconds(workers, 2))
        spent["machine"].append(seconds(machine, 2))
    one, two, own = (median(spent[name]) for name in ("one", "two", "machine"))
    what = f"sweep of {len(FORMATS)} formats"
    return [
        {
            "what": f"{WAITS} runs that wait {WAIT_SECONDS:g} s on two workers; on one over it",
            "ours": both,
            "peer": alone,
            "ratio": alone / both,
            "target": "at least 1.8",
            "unit": "s",
        },
        {
            "what": f"{what} on two workers; on one over it",
            "ours": two,
            "peer": one,
            "ratio": one / two,
            "target": "at least 1.6",
            "unit": "s",
        },
        row(f"{what} on two workers over two jobs of this machine", two, 1.3 * own, "s", most=True),
    ]


if __name__ == "__main__":
    from benchmarks.__main__ import line

    for entry in rows():
        print(line(entry))
