"""Rates of a node from measured runs, how well they predict others, and how sure they are.

The update: least squares on relative errors (scipy), from several starting points. Three rates;
the GPU's Adam or the share of host memory besides where the rows ask for it (Schwarz's
criterion). A weak pull towards usual rates decides only what the rows leave open. Forward,
backward and the rest follow by linear least squares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.phases import fit_phases
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.runs import FEWEST, Run
from engine.labs.memory_hardware.offload.step import step_seconds

# Of each fitted rate: the bounds of its value, and what is usual.
BOUNDS = {
    "cpu_adam": (0.05, 50.0, 2.0),
    "downcast": (0.2, 500.0, 15.0),
    "link": (1.0, 500.0, 25.0),
    "host": (2.0, 1e4, 100.0),
    "gpu_adam": (5.0, 500.0, 30.0),
}
BASE: tuple[str, ...] = ("cpu_adam", "downcast", "link")
# Never both: so few rows cannot hold them apart from the CPU's rate and the cast.
CANDIDATES = ((*BASE, "gpu_adam"), (*BASE, "host"))
STARTS = ((1.0, 5.0, 12.0), (2.5, 15.0, 30.0), (1.0, 15.0, 30.0))
MORE = {"host": 60.0, "gpu_adam": 30.0}
EXACT = 1e-3  # a mean error below which no further rate is asked for
SCATTER = 0.01  # steps are not measured better than to one percent
PULL = 0.01  # a relative error for each e-fold away from the usual rate
MOST_WORK, MOST_PREDICTED = 5_000, 200_000  # subgroups of interleaved steps
TWO_SIDED = 1.96  # standard errors of a 95 % range


@dataclass(frozen=True)
class Fit:
    """A node, and its mean relative error on the rows that it was fitted on, in percent.

    ``ranges``: 95 % ranges of the fitted rates where the model is taken as linear around them, the
    pull included;
    ``traded``: the correlation of CPU rate and link rate: near 1 or -1 where one can stand for the
    other.
    """

    node: Node
    mean_error: float
    rows: int
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    traded: float = 0.0


def fit_node(runs: Sequence[Run]) -> Fit:
    """The rates that fit the rows best; raises BadInput for too few rows or too much work."""
    if len(runs) < FEWEST:
        raise BadInput("fit", f"three rates need at least {FEWEST} rows (got {len(runs)})")
    steps = _Steps(runs)
    names, best = BASE, _least(steps, BASE, STARTS)
    first = tuple(np.exp(best.x).tolist())
    for candidate in CANDIDATES:
        if len(runs) <= len(candidate) + 1:
            continue
        found = _least(steps, candidate, (first, *STARTS))
        if _schwarz(found, len(runs)) < _schwarz(best, len(runs)):
            names, best = candidate, found
    node = replace(_node(names, best.x), **fit_phases(runs))
    error = 100 * float(np.abs(best.fun[: len(runs)]).mean())
    return Fit(node, error, len(runs), *_spread(names, best, len(runs)))


def predict(node: Node, runs: Sequence[Run]) -> np.ndarray:
    """Seconds of each row's step (rows,); raises BadInput for too much work."""
    plans = list(dict.fromkeys(_bare(run) for run in runs))
    _check_work("runs", plans, MOST_PREDICTED)
    seconds = {plan: step_seconds(plan, node) for plan in plans}
    return np.array([seconds[_bare(run)] for run in runs])


def best_stride(node: Node) -> float:
    """The stride at which CPU and link are busy equally long, before rounding.

    In a window of k subgroups of S parameters the CPU takes (k - 1) S / U and the link has to bring
    12 S and 2 (k - 1) S bytes: k = 1 + 12 / (B / U - 2). Infinite where the link cannot keep up.
    """
    share = node.link / node.cpu_adam - 2
    return 1 + 12 / share if share > 0 else float("inf")


def _bare(run: Run) -> Plan:
    """What a step depends on; how gradients came to the host is over by then."""
    return replace(run.plan, flush="blocking")


class _Steps:
    """Relative errors of all rows; equal plans are simulated once."""

    def __init__(self, runs: Sequence[Run]):
        self.plans = list(dict.fromkeys(_bare(run) for run in runs))
        self.which = np.array([self.plans.index(_bare(run)) for run in runs])
        self.measured = np.array([run.seconds for run in runs])
        _check_work("fit", self.plans, MOST_WORK)

    def errors(self, logs: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Of each row, and behind them the pull towards the usual rates."""
        node = _node(names, logs)
        seconds = np.array([step_seconds(plan, node) for plan in self.plans])
        pull = PULL * (logs - np.log([BOUNDS[name][2] for name in names]))
        return np.concatenate([seconds[self.which] / self.measured - 1, pull])


def _check_work(field: str, plans: Sequence[Plan], most: int) -> None:
    # What the CPU alone updates is one sum: twenty of its subgroups take as long as one task.
    work = sum(len(plan.sizes) if plan.stride else len(plan.sizes) // 20 for plan in plans)
    if work > most:
        raise BadInput(field, f"the rows have {work:,} interleaved subgroups in all (twenty that "
                       f"are not count as one); at most {most:,}")  # fmt: skip


def _node(names: tuple[str, ...], logs: np.ndarray) -> Node:
    return Node(**dict(zip(names, np.exp(logs).tolist(), strict=True)))


def _least(
    steps: _Steps, names: tuple[str, ...], starts: Sequence[tuple[float, ...]]
) -> OptimizeResult:
    """The best of some starts; rates that a start does not give begin at their own."""
    low, high = _ends(names)
    begins = [(*start, *(MORE[name] for name in names[len(start) :])) for start in starts]
    found = [
        least_squares(
            steps.errors, np.clip(np.log(begin), low + 1e-6, high - 1e-6), bounds=(low, high),
            diff_step=1e-3, max_nfev=60, args=(names,),
        )
        for begin in begins
    ]  # fmt: skip
    return min(found, key=lambda one: one.cost)


def _ends(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the least and the greatest value of each rate."""
    return (
        np.log([BOUNDS[name][0] for name in names]),
        np.log([BOUNDS[name][1] for name in names]),
    )


def _schwarz(found: OptimizeResult, rows: int) -> float:
    """Schwarz's criterion of 1978; the smaller, the better."""
    spread = max(float(np.square(found.fun[:rows]).mean()), EXACT**2)
    return float(rows * np.log(spread) + len(found.x) * np.log(rows))


def _spread(
    names: tuple[str, ...], found: OptimizeResult, rows: int
) -> tuple[dict[str, tuple[float, float]], float]:
    """Ranges within the bounds, and the correlation of the CPU's and the link's rate."""
    variance = float(np.square(found.fun[:rows]).sum()) / max(1, rows - len(names))
    variance = max(variance, SCATTER**2)
    # The pull keeps this invertible where nothing depends on a rate.
    covariance = variance * np.linalg.inv(found.jac.T @ found.jac)
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    low, high = _ends(names)
    lowest = np.exp(np.maximum(found.x - TWO_SIDED * error, low)).tolist()
    highest = np.exp(np.minimum(found.x + TWO_SIDED * error, high)).tolist()
    ranges = dict(zip(names, zip(lowest, highest, strict=True), strict=True))
    both = error[0] * error[2]
    return ranges, float(covariance[0, 2] / both) if both > 0 else 0.0
