"""Rates of a node from measured steps, and how well they predict others.

Least squares on relative errors (scipy), from several starting points, since CPU rate and link rate
can stand for each other in part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.runs import Run
from engine.labs.memory_hardware.offload.step import step_seconds

STARTS = ((1.0, 5.0, 10.0), (2.5, 12.0, 25.0), (0.8, 3.0, 8.0))
LOW, HIGH = (0.05, 0.2, 1.0), (50.0, 500.0, 500.0)


@dataclass(frozen=True)
class Fit:
    """A node, and its mean relative error on the rows that it was fitted on, in percent."""

    node: Node
    mean_error: float
    rows: int


def fit_node(runs: Sequence[Run]) -> Fit:
    """CPU Adam, downcast and link rates that fit the rows best; raises BadInput for too few."""
    if len(runs) < 3:
        raise BadInput("fit", f"three rates need at least 3 rows (got {len(runs)})")
    best = None
    for start in STARTS:
        found = least_squares(
            lambda rates: _relative(Node(*np.exp(rates)), runs),
            np.log(start),
            bounds=(np.log(LOW), np.log(HIGH)),
            diff_step=1e-3,
        )
        if best is None or found.cost < best.cost:
            best = found
    assert best is not None
    node = Node(*np.exp(best.x).tolist())
    return Fit(node, 100 * float(np.abs(_relative(node, runs)).mean()), len(runs))


def predict(node: Node, runs: Sequence[Run]) -> np.ndarray:
    """Seconds of each row's step (rows,)."""
    return np.array([step_seconds(run.plan, node) for run in runs])


def _relative(node: Node, runs: Sequence[Run]) -> np.ndarray:
    measured = np.array([run.seconds for run in runs])
    return predict(node, runs) / measured - 1


def best_stride(node: Node) -> float:
    """The stride at which CPU and link are busy equally long, before rounding.

    In a window of k subgroups of S parameters the CPU takes (k - 1) S / U and the link has to bring
    12 S and 2 (k - 1) S bytes: k = 1 + 12 / (B / U - 2). Infinite where the link cannot keep up.
    """
    share = node.link / node.cpu_adam - 2
    return 1 + 12 / share if share > 0 else float("inf")
