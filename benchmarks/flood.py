"""More runs than may wait, submitted at once: what is taken, what is refused, and what is lost."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.core import labs
from engine.core.errors import LimitExceeded
from engine.runtime.limits import Limits
from engine.runtime.local import LocalRunner
from engine.store import Store

VISITORS = 40
EACH = 15
AT_ONCE = 16


def flood(home: Path) -> None:
    """Forty visitors submit fifteen different runs each; prints one line."""
    store = Store.open(home)
    limits = replace(Limits.from_environment(), visitor_jobs=4, queue=16)
    runner = LocalRunner(store, limits=limits)
    lab = labs()["kv_cache"]
    experiment = lab.experiment("synthetic")

    def submit(number: int) -> str:
        config = experiment.config(seed=1000 + number)
        try:
            runner.submit(lab.name, experiment.name, config, visitor=f"visitor {number // EACH}")
        except LimitExceeded as error:
            return "refused: visitor" if "you already have" in str(error) else "refused: queue"
        return "taken"

    runner.start()
    start = time.monotonic()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            said = Counter(pool.map(submit, range(VISITORS * EACH)))
        submitted = time.monotonic() - start
        waiting = max_waiting = len(store.runs.live())
        while waiting and time.monotonic() - start < 600:
            time.sleep(0.2)
            waiting = len(store.runs.live())
        ended = Counter(run.state for run in store.runs.list(100_000))
        print(
            f"{VISITORS * EACH} runs submitted in {submitted:.1f} s: {dict(said)}; "
            f"{max_waiting} live at the end of it; {time.monotonic() - start:.0f} s later: "
            f"{dict(ended)}; lost: {said['taken'] - ended.total()}"
        )
    finally:
        runner.stop()
