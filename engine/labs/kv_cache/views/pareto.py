"""Bits against damage: a point per format and order, and the front that none beats."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, Point, axis, pareto_front, scatter

Damage = Literal["kl_mean", "delta_nll"]
DAMAGE = {"kl_mean": "Mean next-token KL", "delta_nll": "Change of the loss"}
# A point without any damage must still be somewhere on a logarithmic axis.
FLOOR_NAT = 1e-7
ROTATED = "+hadamard"


def point_id(point: dict[str, str]) -> str:
    """What a click gives back: format and order of one point."""
    return f"{point['id']}|{point['order']}"


def damage_bits(result: Result) -> np.ndarray:
    """The bits on the x axis: of the side that is quantised, or the mean of both.

    Over the growth of the window, as the damage is: a residual window costs bits early on.
    """
    name = {"key": "window_bits_key", "value": "window_bits_value"}
    return result.array(name.get(side(result), "window_bits_mean"))


def side(result: Result) -> str:
    """Which side of the cache the sweep quantised."""
    return str(result.notes["side"])


def draw_pareto(
    result: Result, palette: Palette, *, damage: Damage = "kl_mean", selected: str | None = None
) -> go.Figure:
    """Every point of a sweep; ``damage`` in nat per token, bits as truly stored."""
    bits, hurt = damage_bits(result), result.array(damage)
    log = damage == "kl_mean"
    shown = np.maximum(hurt, FLOOR_NAT) if log else hurt
    low, high = result.array("delta_nll_low"), result.array("delta_nll_high")
    points = [
        Point(
            float(bits[i]),
            float(shown[i]),
            _label(point),
            family=point["family"] if point["order"] == "none" else f"{point['family']}, sorted",
            id=point_id(point),
            low=None if log else float(low[i]),
            high=None if log else float(high[i]),
        )
        for i, point in enumerate(result.notes["points"])
    ]
    front = pareto_front(bits, shown)
    best = [points[i].id for i in front]
    what = {"key": "keys", "value": "values"}.get(side(result), "keys and values")
    return scatter(
        points,
        palette,
        title=f"Bits against damage, {what} quantised",
        x=axis("True bits per value", "bit"),
        y=axis(DAMAGE[damage], "nat", log=log),
        front=True,
        names=best,
        selected=selected,
        interval=None if log else "95 % bootstrap interval",
        subtitle=f"{count(result.number('windows'), 'window')}; bits and damage are means over the "
        "growing cache, with scales, zeros, windows and sparse parts counted",
        alt=describe_pareto(result),
        height=520,
    )


def describe_pareto(result: Result) -> str:
    """Which formats no other beats, from the fewest bits on."""
    bits, kl = damage_bits(result), result.array("kl_mean")
    front = pareto_front(bits, np.maximum(kl, FLOOR_NAT))
    parts = [f"{_label(result.notes['points'][i])} at {bits[i]:.3g} bits" for i in front]
    return f"On the front, from the fewest bits on: {', '.join(parts)}."


def describe_changes(result: Result) -> str:
    """What sorting and rotation do to the KL of the formats that were measured both ways."""
    kl = {
        point_id(point): float(value)
        for point, value in zip(result.notes["points"], result.array("kl_mean"), strict=True)
    }
    orders = {point["order"] for point in result.notes["points"]} - {"none"}
    pairs = {
        f"sorted {order}": [
            (f"{base}|none", f"{base}|{order}") for base in _bases(result, order=order)
        ]
        for order in sorted(orders)
    }
    rotated = [base for base in _bases(result, order="none") if base.endswith(ROTATED)]
    pairs["rotated"] = [(f"{base.removesuffix(ROTATED)}|none", f"{base}|none") for base in rotated]
    parts = []
    for name, both in pairs.items():
        known = [(kl[a], kl[b]) for a, b in both if kl.get(a, 0) > 0 and b in kl]
        if known:
            change = sorted(100 * (after / before - 1) for before, after in known)
            better = sum(one < 0 for one in change)
            span = (
                f"{change[0]:+.0f} to {change[-1]:+.0f}" if len(change) > 1 else f"{change[0]:+.0f}"
            )
            parts.append(
                f"{name}: {span} %, less damage for {better} of {count(len(change), 'format')}"
            )
    return f"Change of the mean KL, {'; '.join(parts)}." if parts else ""


def _bases(result: Result, *, order: str) -> list[str]:
    """Ids of the formats that were measured in an order."""
    return [point["id"] for point in result.notes["points"] if point["order"] == order]


def _label(point: dict[str, str]) -> str:
    return point["id"] if point["order"] == "none" else f"{point['id']} {point['order']}"
