"""Spend a byte budget where it helps most: one format per head from a sensitivity sweep.

Each unit (a key or value head) starts at its cheapest format. Upgrades are taken in order of loss
avoided per byte along each unit's lower convex hull, and the first that no longer fits ends the
walk. So the choices for a larger budget contain those for a smaller one, and every budget that a
walk meets exactly is optimal (the greedy bound of the fractional knapsack, Dantzig 1957).

The prediction adds up damages that were measured one head at a time. Heads interact: measure the
policy (``evaluate --policy``) before trusting the sum.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import BadInput
from engine.core.result import Result
from engine.labs.kv_cache.formats import Role
from engine.labs.kv_cache.policy import Policy

SIDES: tuple[Role, ...] = ("key", "value")
ADDITIVE = (
    "The predicted loss is the sum of damages measured one head at a time; heads interact, so "
    "measure the policy before trusting it."
)


@dataclass(frozen=True, eq=False)
class Walk:
    """Every policy on the way from the cheapest to the best: step i turns ``unit[i]`` to
    ``rung[i]``; ``bytes`` and ``damage`` (length steps + 1) are the totals before and after."""

    start: np.ndarray  # unit: first rung
    unit: np.ndarray
    rung: np.ndarray
    bytes: np.ndarray
    damage: np.ndarray

    def steps_within(self, budget: float) -> int:
        """How many upgrades fit; raises BadInput when not even the cheapest formats do."""
        if budget < self.bytes[0] - 1e-9:
            raise BadInput(
                "budget",
                f"must be at least {self.bytes[0]:g} bytes a token, the cheapest formats' size "
                f"(got {budget:g})",
            )
        return int(np.searchsorted(self.bytes, budget + 1e-9, side="right")) - 1

    def choice(self, steps: int) -> np.ndarray:
        """The rung of each unit after that many upgrades."""
        chosen = self.start.copy()
        chosen[self.unit[:steps]] = self.rung[:steps]
        return chosen


@dataclass(frozen=True, eq=False)
class Allocation:
    """A policy, what it takes, and what the sweep predicts it costs."""

    policy: Policy
    choice: np.ndarray  # side layer head: index into the ladder
    bytes_per_token: float
    bits_mean: float
    predicted_delta_nll: float
    note: str = ADDITIVE


def plan(damage: np.ndarray, size: np.ndarray) -> Walk:
    """The walk for ``damage`` and ``size`` (unit, rung): loss in nats, bytes a token."""
    starts, steps = [], []
    for unit, (loss, cost) in enumerate(zip(damage, size, strict=True)):
        hull = _hull(loss, cost)
        starts.append(hull[0])
        for low, high in itertools.pairwise(hull):
            gain, price = loss[low] - loss[high], cost[high] - cost[low]
            steps.append((-gain / price, unit, high, price, gain))
    # Sorted by rate, then unit; a hull's rates fall, so a unit's steps keep their order.
    steps.sort(key=lambda step: step[:2])
    start = np.array(starts, dtype=np.int64)
    units = np.arange(len(start))
    prices = [size[units, start].sum(), *(step[3] for step in steps)]
    losses = [damage[units, start].sum(), *(-step[4] for step in steps)]
    return Walk(
        start,
        np.array([step[1] for step in steps], dtype=np.int64),
        np.array([step[2] for step in steps], dtype=np.int64),
        np.cumsum(prices),
        np.cumsum(losses),
    )


def _hull(loss: np.ndarray, cost: np.ndarray) -> list[int]:
    """Rungs on the lower left convex hull, cheapest first; the rest never pays."""
    order = sorted(range(len(loss)), key=lambda rung: (cost[rung], loss[rung]))
    hull: list[int] = []
    for rung in order:
        if hull and loss[rung] >= loss[hull[-1]]:
            continue
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            before = (loss[a] - loss[b]) / (cost[b] - cost[a])
            after = (loss[b] - loss[rung]) / (cost[rung] - cost[b])
            if after < before:
                break
            hull.pop()
        if hull and cost[rung] == cost[hull[-1]]:
            continue
        hull.append(rung)
    return hull


def sizes(result: Result) -> np.ndarray:
    """Bytes a token takes in each unit at each rung, (side, layer, head, rung)."""
    damage = result.array("delta_nll")
    bits = result.array("bits")  # side rung
    model = result.notes["model"]
    heads = model["kv_heads"] // damage.shape[2]  # a unit is one head, or all heads of a layer
    per_rung = bits * heads * model["head_dim"] / 8
    return np.broadcast_to(per_rung[:, None, None, :], damage.shape).astype(np.float64)


def walk(result: Result) -> Walk:
    """The walk of a ``sensitivity`` result; units in the order side, layer, head."""
    # Below zero is noise, and a walk that trusted it would pick the luckiest formats.
    damage = np.maximum(result.array("delta_nll").astype(np.float64), 0.0)
    rungs = damage.shape[-1]
    return plan(damage.reshape(-1, rungs), sizes(result).reshape(-1, rungs))


def allocate(result: Result, bytes_per_token: float) -> Allocation:
    """The best policy of the walk within a budget of bytes a token (all layers, keys and values).

    Raises BadInput when even the cheapest formats take more.
    """
    path = walk(result)
    steps = path.steps_within(bytes_per_token)
    shape = result.array("delta_nll").shape[:-1]
    choice = path.choice(steps).reshape(shape)
    model = result.notes["model"]
    values = 2 * model["layers"] * model["kv_heads"] * model["head_dim"]
    size = float(path.bytes[steps])
    return Allocation(
        policy=build_policy(choice, result.notes["ladder"], result.notes["granularity"]),
        choice=choice,
        bytes_per_token=size,
        bits_mean=8 * size / values,
        predicted_delta_nll=float(path.damage[steps]),
    )


def build_policy(choice: np.ndarray, ladder: Sequence[str], granularity: str) -> Policy:
    """A policy from rungs (side, layer, head): the commonest rung of a side is its default."""
    default: dict[str, str] = {
        side: ladder[int(np.bincount(choice[i].reshape(-1), minlength=len(ladder)).argmax())]
        for i, side in enumerate(SIDES)
    }
    layers: dict[int, Mapping[str, str]] = {}
    heads: dict[tuple[int, int], Mapping[str, str]] = {}
    for layer in range(choice.shape[1]):
        for head in range(choice.shape[2]):
            chosen = {side: ladder[choice[i, layer, head]] for i, side in enumerate(SIDES)}
            own: dict[str, str] = {
                side: name for side, name in chosen.items() if name != default[side]
            }
            if not own:
                continue
            if granularity == "layer":
                layers[layer] = own
            else:
                heads[layer, head] = own
    return Policy(default, layers, heads)
