"""Eight models and a chosen one beside a GPU and a CPU: points before the published range."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette
from engine.labs.memory_hardware.published import SPEEDUP, Against, Band, bands
from engine.labs.memory_hardware.shapes import GPT_SHAPES
from engine.labs.memory_hardware.views.bands import Shown, distance, draw_points, ends

Versus = Literal["gpu", "cpu"]
MACHINES: dict[Versus, Against] = {"gpu": "GPU", "cpu": "CPU"}


def speedup_band(versus: Versus) -> Band:
    """The published range; all versions of the paper agree on it."""
    return bands(SPEEDUP, MACHINES[versus])[0]


def ratios(result: Result, versus: Versus) -> np.ndarray:
    """Times faster than the other machine (head, model)."""
    return result.array(f"{versus}_ns") / result.array("total_ns")


def of_eight(by_model: np.ndarray) -> np.ndarray:
    """Without the ninth model (head, model): published ranges are of the eight."""
    return by_model[:, : len(GPT_SHAPES)]


def of_ninth(result: Result, by_model: np.ndarray) -> str:
    """A sentence on the chosen model, empty where that is one of the eight."""
    if result.notes["own"] is None:
        return ""
    without, with_head = by_model[:, -1]
    return (
        f" {result.notes['models'][-1]}, which is none of the eight: {without:.3g}x and "
        f"{with_head:.3g}x."
    )


def describe_speedups(result: Result, versus: Versus) -> str:
    """Our range without the head, how many of its points the band holds, and with the head."""
    band, found = speedup_band(versus), ratios(result, versus)
    without, with_head = of_eight(found)
    inside = sum(band.holds(value) for value in without)
    return (
        f"Over the {MACHINES[versus]}: {ends(without)} without the head, {ends(with_head)} with "
        f"it; published {band}. {inside} of {len(without)} points without the head lie inside."
        + of_ninth(result, found)
    )


def verdict(result: Result, versus: Versus) -> str:
    """The two ends of the range without head beside the published ends, in words."""
    return distance(of_eight(ratios(result, versus))[0], speedup_band(versus))


def speedup_table(result: Result) -> dict[str, object]:
    """Milliseconds a token and ratios, a row for each model."""
    each = 1e6 * result.number("tokens")
    table: dict[str, object] = {"model": result.notes["models"]}
    for i, head in enumerate(result.notes["heads"]):
        table[f"memory, {head} [ms a token]"] = result.array("total_ns")[i] / each
    for versus, name in MACHINES.items():
        table[f"{name} [ms a token]"] = result.array(f"{versus}_ns") / each
        for i, head in enumerate(result.notes["heads"]):
            table[f"over {name}, {head} [x]"] = ratios(result, versus)[i]
    return table


def draw_speedups(result: Result, palette: Palette, *, versus: Versus) -> go.Figure:
    """A point for each model with and without its head, the published range behind them."""
    band = speedup_band(versus)
    return draw_points(
        result.notes["models"],
        dict(zip(result.notes["heads"], ratios(result, versus), strict=True)),
        [Shown(band, f"published {band}")],
        palette,
        title=f"Times faster than the {MACHINES[versus]}",
        subtitle=f"{result.notes['device']}, {int(result.number('tokens')):,} tokens; "
        f"the {MACHINES[versus]} is assumed",
        value="Speed-up",
        alt=describe_speedups(result, versus),
    )
