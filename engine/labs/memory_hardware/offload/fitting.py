"""A node fitted on measured runs and the runs it predicts, as a Result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.io.text import read_text
from engine.labs.memory_hardware.config import FitConfig
from engine.labs.memory_hardware.config.offload import RUNS_BYTES
from engine.labs.memory_hardware.offload.fit import BOUNDS, best_stride, fit_node, predict
from engine.labs.memory_hardware.offload.iteration import simulate
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.presets import load_node
from engine.labs.memory_hardware.offload.runs import Run, read_runs, rows_to_see
from engine.labs.memory_hardware.offload.step import step_seconds

NOISE = 0.02
MADE = "made here"
MOST_SUBGROUPS = 20_000  # of all rows whose iterations are simulated


def training_fit(config: FitConfig, read: Callable[[str], bytes]) -> Result:
    """Seconds by row, measured and predicted; rates with their ranges. Raises BadInput."""
    runs = _runs(config, read)
    seen = rows_to_see(runs, config.seen)
    try:
        fit = fit_node(seen)
    except BadInput as error:
        raise BadInput("seen", error.reason) from None
    inside = {id(run) for run in seen}
    fitted_on = np.array([id(run) in inside for run in runs])
    predicted = predict(fit.node, runs)
    measured = np.array([run.seconds for run in runs])
    off = 100 * np.abs(predicted / measured - 1)
    iterations = _iterations(fit.node, runs)
    return Result(
        fields={
            "iteration_s": Field(iterations, ("measured, predicted", "row"), "s"),
            "measured_s": Field(measured, ("row",), "s"),
            "predicted_s": Field(predicted, ("row",), "s"),
            "fitted_on": Field(fitted_on, ("row",)),
            "stride": Field(np.array([run.plan.stride for run in runs]), ("row",)),
            "ratio": Field(np.array([run.plan.ratio for run in runs]), ("row",)),
            "parameters": Field(np.array([run.plan.parameters for run in runs]), ("row",)),
        },
        metrics={
            "rows": len(runs),
            "seen": len(seen),
            "seen_error": fit.mean_error,
            "unseen_error": float(off[~fitted_on].mean()) if (~fitted_on).any() else None,
            "worst_error": float(off.max()),
            "balance_stride": min(best_stride(fit.node), 1e6),
            "traded": fit.traded,
            **{f"{name}_rate": getattr(fit.node, name) for name in BOUNDS},
        },
        notes={
            "places": [run.place for run in runs],
            "models": [run.model for run in runs],
            "flush": [run.plan.flush for run in runs],
            "ranges": {name: list(ends) for name, ends in fit.ranges.items()},
            "synthetic": not config.runs,
        },
    )


def _iterations(node: Node, runs: Sequence[Run]) -> np.ndarray:
    """Seconds of whole iterations, measured and predicted; NaN where a row does not tell them."""
    found = np.full((2, len(runs)), np.nan)
    work = 0
    for i, run in enumerate(runs):
        work += len(run.plan.sizes)
        if run.logged is not None and work <= MOST_SUBGROUPS:
            found[:, i] = run.logged.iteration, simulate(run.plan, node, run.logged.work).seconds
    return found


def _runs(config: FitConfig, read: Callable[[str], bytes]) -> list[Run]:
    if not config.runs:
        return example_runs()
    return read_runs(read_text(read(config.runs), limit=RUNS_BYTES, field="runs"))


def example_runs() -> list[Run]:
    """Steps of our own model on the H100 node, with seeded noise; no run was measured for them."""
    node, noise = load_node("h100").node, rng(0, "example runs")
    found = []
    for ratio in (0.5, 0.75, 1.0):
        for stride in (0, 2, 3, 4):
            plan = Plan(3.8e9, 1.24e8, ratio, stride, "async")
            seconds = step_seconds(plan, node) * (1 + NOISE * noise.standard_normal())
            row = {"dir": MADE, "model": "20B", "cpu_ratio": f"{ratio:g}", "opt_gaps": str(stride)}
            found.append(Run(MADE, "20B", replace(plan, flush="async"), float(seconds), row))
    return found
