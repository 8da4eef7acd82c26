"""Which head hurts, and what a byte budget buys."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Event, Palette, Series, axis, bars, lines
from engine.labs.kv_cache.allocate import Walk


def unit_labels(result: Result) -> list[str]:
    """``L0 H1`` for heads, ``L0`` for whole layers."""
    _, layers, heads, _ = result.array("delta_nll").shape
    if result.notes["granularity"] == "layer":
        return [f"L{layer}" for layer in range(layers)]
    return [f"L{layer} H{head}" for layer in range(layers) for head in range(heads)]


def draw_sensitivity(result: Result, palette: Palette, *, rung: int) -> go.Figure:
    """Loss change when one head alone is stored in one format, keys and values apart."""
    delta, low, high = (
        result.array(name)[..., rung].reshape(2, -1)
        for name in ("delta_nll", "delta_nll_low", "delta_nll_high")
    )
    names = {"key": "keys", "value": "values"}
    groups = [names[side] for side in result.notes["sides"]]
    known = bool(np.isfinite(low).all())
    windows = count(result.number("windows"), "window")
    return bars(
        unit_labels(result),
        dict(zip(groups, delta, strict=True)),
        palette,
        title=f"One at a time in {result.notes['ladder'][rung]}",
        category="Layer and head" if result.notes["granularity"] == "head" else "Layer",
        value=axis("Change of the loss", "nat"),
        low=dict(zip(groups, low, strict=True)) if known else None,
        high=dict(zip(groups, high, strict=True)) if known else None,
        interval=f"95 % bootstrap over {windows}" if known else None,
        alt=describe_sensitivity(result, rung),
    )


def describe_sensitivity(result: Result, rung: int) -> str:
    """The most sensitive unit, and keys against values."""
    delta = result.array("delta_nll")[..., rung].reshape(2, -1)
    side, unit = np.unravel_index(delta.argmax(), delta.shape)
    means = ", ".join(
        f"{name}s {mean:+.4f}"
        for name, mean in zip(result.notes["sides"], delta.mean(1), strict=True)
    )
    return (
        f"In {result.notes['ladder'][rung]} the worst single unit is the "
        f"{result.notes['sides'][side]} of {unit_labels(result)[unit]} at "
        f"{delta[side, unit]:+.4f} nat; mean over units: {means} nat."
    )


def sensitivity_table(result: Result) -> dict[str, list[Any]]:
    """Loss change of every unit in every format with its interval, a row each."""
    labels, ladder = unit_labels(result), result.notes["ladder"]
    fields = {
        f"{name} [nat]": result.array(name).reshape(2, -1, len(ladder))
        for name in ("delta_nll", "delta_nll_low", "delta_nll_high")
    }
    places = list(np.ndindex(2, len(labels), len(ladder)))
    return {
        "unit": [labels[unit] for _, unit, _ in places],
        "side": [result.notes["sides"][side] for side, _, _ in places],
        "format": [ladder[rung] for *_, rung in places],
        **{name: [float(values[at]) for at in places] for name, values in fields.items()},
    }


def draw_budget(
    result: Result,
    walk: Walk,
    palette: Palette,
    *,
    values: int,
    budget_bytes: float,
    chosen: tuple[float, float] | None = None,
) -> go.Figure:
    """Predicted and measured damage along the greedy walk; ``values`` are cached per token.

    ``chosen`` is the (bits, measured loss change) of the policy under the slider, once measured.
    """
    bits = 8 * walk.bytes / values
    figure = lines(
        [Series("predicted sum", bits, walk.damage)],
        palette,
        title="What a byte budget buys",
        subtitle="each step upgrades the head that saves most loss per byte",
        x=axis("Mean bits per value", "bit"),
        y=axis("Change of the loss", "nat"),
        events=[Event(8 * budget_bytes / values, "budget")],
        step=True,
        alt=f"At {bits[0]:.3g} bits the sum predicts {walk.damage[0]:+.4f} nat and the whole "
        f"policy costs {result.array('policy_measured')[0]:+.4f}; at {bits[-1]:.3g} bits it is "
        f"{walk.damage[-1]:+.4f} against {result.array('policy_measured')[-1]:+.4f}.",
    )
    measured, low, high = (result.array(f"policy_{name}") for name in ("measured", "low", "high"))
    known = bool(np.isfinite(low).all())
    figure.add_scatter(
        x=8 * result.array("policy_bytes") / values,
        y=measured,
        mode="markers",
        name="measured as a whole" + (", 95 % bootstrap" if known else ""),
        error_y={"symmetric": False, "array": high - measured, "arrayminus": measured - low}
        if known
        else None,
        marker={"symbol": "diamond", "size": 10, "color": palette.category(1)},
    )
    if chosen is not None:
        figure.add_scatter(
            x=[chosen[0]],
            y=[chosen[1]],
            mode="markers",
            name="the chosen budget, measured",
            marker={"symbol": "star", "size": 15, "color": palette.category(2)},
        )
    figure.update_layout(showlegend=True)
    return figure


def budget_table(
    result: Result, walk: Walk, values: int, chosen: tuple[float, float] | None = None
) -> dict[str, list[Any]]:
    """What ``draw_budget`` draws: the predicted walk, then the policies measured as a whole."""
    nan = float("nan")
    predicted = [
        ("predicted sum", float(size), float(damage), nan, nan)
        for size, damage in zip(walk.bytes, walk.damage, strict=True)
    ]
    names = ("bytes", "measured", "low", "high")
    measured = [
        ("measured as a whole", *map(float, row))
        for row in zip(*(result.array(f"policy_{name}") for name in names), strict=True)
    ]
    star = [] if chosen is None else [("chosen, measured", chosen[0] * values / 8, chosen[1])]
    rows = [*predicted, *measured, *((*one, nan, nan) for one in star)]
    series, sizes, delta, low, high = (list(column) for column in zip(*rows, strict=True))
    return {
        "series": series,
        "bits per value [bit]": [8 * size / values for size in sizes],
        "bytes per token [B]": sizes,
        "delta_nll [nat]": delta,
        "delta_nll_low [nat]": low,
        "delta_nll_high [nat]": high,
    }
