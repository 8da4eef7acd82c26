"""Predicted steps against measured ones, and how sure the fitted rates are."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Event, Palette, Point, Series, axis, bars, lines, scatter
from engine.labs.memory_hardware.offload.presets import UNITS

NAMES = {
    "cpu_adam": "CPU Adam",
    "downcast": "Cast down",
    "link": "Link",
    "gpu_adam": "GPU Adam",
    "host": "Host memory, a rank's share",
}
MOST_SHOWN = 40
LOOSE = 10.0  # a range this many times as wide as its lower end says little


def describe_fit(result: Result) -> str:
    """Mean errors on rows that were seen and on those that were not."""
    unseen = result.metrics["unseen_error"]
    words = (
        f"; {unseen:.1f} % on the {result.number('rows') - result.number('seen'):.0f} others"
        if isinstance(unseen, float)
        else ""
    )
    return (
        f"Mean error {result.number('seen_error'):.1f} % on the {result.number('seen'):.0f} rows "
        f"of the fit{words}; the worst row is {result.number('worst_error'):.1f} % off."
    )


def draw_fit(result: Result, palette: Palette) -> go.Figure:
    """A point a row: seconds predicted over seconds measured; exact ones lie on the line."""
    notes = result.notes
    measured, predicted = result.array("measured_s"), result.array("predicted_s")
    points = [
        Point(
            float(measured[i]),
            float(predicted[i]),
            f"{notes['models'][i]}, ratio {result.array('ratio')[i]:g}, "
            f"{_mode(int(result.array('stride')[i]))}",
            family="Seen by the fit" if result.array("fitted_on")[i] else "Not seen",
            id=str(i),
        )
        for i in range(len(measured))
    ]
    figure = scatter(
        points,
        palette,
        title="Predicted and measured steps",
        x=axis("Measured", "s"),
        y=axis("Predicted", "s"),
        alt=describe_fit(result),
        height=400,
    )
    ends = [0.0, float(max(measured.max(), predicted.max()))]
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": palette.muted, "dash": "dot", "width": 1.25},
        name="exact",
        hoverinfo="skip",
    )
    return figure


def _mode(stride: int) -> str:
    return f"k = {stride}" if stride else "CPU alone"


def fit_table(result: Result) -> dict[str, object]:
    """The rows with both seconds."""
    measured, predicted = result.array("measured_s"), result.array("predicted_s")
    return {
        "dir": result.notes["places"],
        "model": result.notes["models"],
        "ratio": result.array("ratio"),
        "stride": result.array("stride"),
        "measured s": measured,
        "predicted s": predicted,
        "error %": 100 * (predicted / measured - 1),
        "seen by the fit": result.array("fitted_on"),
    }


def rate_rows(result: Result) -> list[dict[str, object]]:
    """Fitted rates with their 95 % ranges, and what they say."""
    rows = []
    for name, words in NAMES.items():
        if name not in result.notes["ranges"]:
            continue
        low, high = result.notes["ranges"][name]
        rows.append({
            "Rate": words,
            "Unit": UNITS[name],
            "Fitted": round(result.number(f"{name}_rate"), 2),
            "From": round(low, 2),
            "To": round(high, 2),
            "": "hardly determined by these rows" if high > LOOSE * low else "",
        })  # fmt: skip
    return rows


def describe_trade(result: Result) -> str:
    """Whether CPU and link can stand for each other in this fit."""
    traded = result.number("traded")
    held = "can stand for each other in part" if abs(traded) > 0.5 else "are told apart"
    return f"CPU Adam and link {held} in these rows (correlation {traded:+.2f})."


def iteration_rows(result: Result) -> np.ndarray:
    """The rows that tell how long a whole iteration took; the first 40."""
    return np.flatnonzero(np.isfinite(result.array("iteration_s")[0]))[:MOST_SHOWN]


def describe_fit_iterations(result: Result) -> str:
    """Mean error of whole iterations."""
    measured, predicted = result.array("iteration_s")[:, iteration_rows(result)]
    off = 100 * np.abs(predicted / measured - 1)
    return (
        f"Whole iterations of {len(off)} rows are predicted to {off.mean():.1f} % on average; the "
        f"worst is {off.max():.1f} % off."
    )


def draw_fit_iterations(result: Result, palette: Palette) -> go.Figure | None:
    """A predicted and a measured bar a row; None where no row tells its iteration."""
    rows = iteration_rows(result)
    if not len(rows):
        return None
    measured, predicted = result.array("iteration_s")[:, rows]
    names = [
        f"{result.notes['models'][i]}, ratio {result.array('ratio')[i]:g}, "
        f"{result.notes['flush'][i]}, {_mode(int(result.array('stride')[i]))}"
        for i in rows
    ]
    return bars(
        names,
        {"Predicted": predicted, "Measured": measured},
        palette,
        title="Whole iterations",
        category="Run",
        value=axis("Time", "s"),
        horizontal=True,
        alt=describe_fit_iterations(result),
    )


def stride_rows(result: Result) -> np.ndarray:
    """The rows of the one configuration of which most strides were measured, by stride."""
    keys = list(zip(result.notes["places"], result.array("parameters"), result.array("ratio"),
                    strict=True))  # fmt: skip
    stride = result.array("stride")
    inside = {key: [i for i, other in enumerate(keys) if other == key] for key in set(keys)}
    most = max(sorted(inside, key=str), key=lambda key: len({*stride[inside[key]].tolist()} - {0}))
    rows = np.array([i for i in inside[most] if stride[i]], dtype=np.int64)
    return rows[np.argsort(stride[rows], kind="stable")]


def describe_fit_strides(result: Result) -> str:
    """The stride of the shortest measured and of the shortest predicted step."""
    rows, stride = stride_rows(result), result.array("stride")
    measured = stride[rows[np.argmin(result.array("measured_s")[rows])]]
    predicted = stride[rows[np.argmin(result.array("predicted_s")[rows])]]
    kind = "made" if result.notes["synthetic"] else "measured"
    return (
        f"Of the {kind} steps that of k = {measured} is the fastest, of the predicted ones "
        f"k = {predicted}; the balance is at k* = {result.number('balance_stride'):.1f}."
    )


def draw_fit_strides(result: Result, palette: Palette) -> go.Figure | None:
    """Measured and predicted steps over the stride; None where only one was measured."""
    rows = stride_rows(result)
    stride = result.array("stride")[rows]
    if len(np.unique(stride)) < 2:
        return None
    balance = result.number("balance_stride")
    return lines(
        [
            Series("Predicted", stride, result.array("predicted_s")[rows]),
            Series("Measured", stride, result.array("measured_s")[rows]),
        ],
        palette,
        title="Steps by stride",
        subtitle=f"{result.notes['models'][rows[0]]} in {result.notes['places'][rows[0]]}",
        x=axis("Stride k"),
        y=axis("Step", "s"),
        events=[Event(balance, f"k* = {balance:.1f}")] if balance <= stride.max() else [],
        alt=describe_fit_strides(result),
        height=320,
    ).update_yaxes(rangemode="tozero")
