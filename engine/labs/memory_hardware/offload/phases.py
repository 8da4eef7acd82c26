"""Forward, backward and the rest of an iteration from measured runs: linear least squares.

forward = F / T and backward = G / T + (blocked parameters) / f + (parameters sent beside) / u,
with the floating-point work F and G, the rate T of the GPU, f of a blocking flush and u of the
cast before an asynchronous one. Errors are relative, coefficients are not negative.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from engine.labs.memory_hardware.offload.node import BOUNDS, GIGA
from engine.labs.memory_hardware.offload.runs import Logged, Run
from engine.labs.memory_hardware.offload.work import TERA

FEWEST = 3
NAMES = ("tflops", "flush", "upcast")


def fit_phases(runs: Sequence[Run]) -> dict[str, float]:
    """Fields of a Node; empty where too few rows tell their phases.

    A rate that no row depends on is left out.
    """
    told = [(run, run.logged) for run in runs if run.logged is not None]
    if len(told) < FEWEST:
        return {}
    rows, measured = [], []
    for run, logged in told:
        sent = run.plan.flushed / GIGA
        blocked = sent if run.plan.flush == "blocking" else 0.0
        rows.append([logged.work.forward_flop / TERA, 0.0, 0.0])
        rows.append([logged.work.backward_flop / TERA, blocked, sent - blocked])
        measured += [logged.forward, logged.backward]
    matrix = np.array(rows) / np.array(measured)[:, None]
    found, _ = nnls(matrix, np.ones(len(measured)))
    rates = {
        name: float(np.clip(1 / value, *BOUNDS[name]))
        for name, value in zip(NAMES, found, strict=True)
        if value > 0
    }
    return {**rates, **_rest(told)}


def _rest(told: list[tuple[Run, Logged]]) -> dict[str, float]:
    """Medians of what is left of an iteration, without and with interleaving."""
    left: dict[bool, list[float]] = {False: [], True: []}
    for run, at in told:
        rest = at.iteration - at.forward - at.backward - run.seconds
        left[run.plan.stride > 0].append(max(rest, 0.0))
    plain = float(np.median(left[False] or left[True]))
    more = float(np.median(left[True])) - plain if left[True] else 0.0
    return {"other": min(plain, BOUNDS["other"][1]),
            "interleaving": float(np.clip(more, *BOUNDS["interleaving"]))}  # fmt: skip
