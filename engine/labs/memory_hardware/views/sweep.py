"""One constant varied: how the time of each model follows."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.labs.memory_hardware.constants import unit_of


def relative(result: Result) -> np.ndarray:
    """Time by what it is on the device as it stands (model, value)."""
    return result.array("total_ns") / result.array("base_ns")[:, None]


def with_unit(result: Result, value: float) -> str:
    """ "12 cycles"; a count stands alone."""
    return f"{value:,g} {unit_of(result.notes['constant'])}".rstrip()


def describe_sweep(result: Result) -> str:
    """How far the time goes, from the first value to the last, and for whom the most."""
    values, change = result.array("values"), relative(result)
    constant, models = result.notes["constant"], result.notes["models"]
    if len(values) == 1:
        most = int(np.argmax(np.abs(change[:, 0] - 1)))
        return (
            f"{constant} at {values[0]:,g} instead of {with_unit(result, result.number('now'))}: "
            f"{models[most]} takes {change[most, 0]:.3g}x the time."
        )
    span = change[:, -1] / change[:, 0]
    most, least = (int(pick(np.abs(np.log(span)))) for pick in (np.argmax, np.argmin))
    return (
        f"From {values[0]:,g} to {with_unit(result, values[-1])}, {constant} makes the time of "
        f"{models[most]} {span[most]:.3g}x and that of {models[least]} {span[least]:.3g}x."
    )


def draw_sweep(result: Result, palette: Palette) -> go.Figure:
    """A line for each shape; models of one shape share it."""
    values, change = result.array("values"), relative(result)
    models = result.notes["models"]
    wide = values[0] > 0 and values[-1] / values[0] >= 4
    return lines(
        [
            Series(", ".join(same), values, change[models.index(same[0])])
            for same in result.notes["same"]
        ],
        palette,
        title=f"Time by {result.notes['constant']}",
        subtitle=f"{result.notes['device']}, {int(result.number('tokens')):,} tokens; 1 is the "
        f"time at {with_unit(result, result.number('now'))} ({result.notes['source']})",
        x=axis(result.notes["constant"], unit_of(result.notes["constant"]) or "1", log=wide),
        y=axis("Time, relative"),
        level=(1.0, "as it stands"),
        alt=describe_sweep(result),
        height=400,
    )


def sweep_table(result: Result) -> dict[str, object]:
    """A row for each model and value."""
    models, values = result.notes["models"], result.array("values")
    return {
        "model": np.repeat(models, len(values)),
        result.notes["constant"]: np.tile(values, len(models)),
        "ns": result.array("total_ns").ravel(),
        "relative": relative(result).ravel(),
    }
