"""The update over the stride and over the ratio that lies on the host."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Event, Palette, Series, axis, lines
from engine.labs.memory_hardware.offload.published import (
    fastest_stride,
    measured_line,
    only_stride,
)
from engine.labs.memory_hardware.views.offload import measured_of

TIED = 0.002  # strides whose steps differ by less are one as good as the other


def best_k(result: Result) -> int:
    """The stride of the shortest step; of equally good ones the smallest."""
    seconds = result.array("stride_step_s")
    return int(result.array("stride")[np.flatnonzero(seconds <= seconds.min() * (1 + TIED))[0]])


def balance(result: Result) -> float:
    """k at which CPU and link are busy equally long, before rounding."""
    return result.number("balance_stride")


def describe_strides(result: Result) -> str:
    """The best stride of the timeline beside the balance, and what it gains."""
    if not result.notes["ratio"]:
        return "Nothing lies on the host, so that the stride changes nothing."
    best, seconds = best_k(result), result.array("stride_step_s")
    alone = float(result.array("host_step_s")[0])
    gain = alone / seconds.min()
    worse = "" if gain > 1 else " Interleaving does not pay here: the CPU is faster than the link."
    return (
        f"The update is shortest with k = {best}: {seconds.min():.2f} s against {alone:.2f} s of "
        f"the CPU alone ({gain:.2f}x). CPU and link are balanced at k* = {balance(result):.1f}."
        f"{worse}{_logged_stride(result)}"
    )


def _logged_stride(result: Result) -> str:
    """What the logs of the node say of strides, and what they cannot say."""
    node = result.notes["node"]
    if fastest := fastest_stride(node):
        return f" In the logs of this node k = {fastest} was the fastest."
    if only := only_stride(node):
        here = float(result.array("stride_step_s")[result.array("stride") == only][0])
        return (
            f" All interleaved runs in the logs of this node have k = {only}, so that they do not "
            f"tell which stride is the fastest; with k = {only} the timeline takes {here:.2f} s."
        )
    return ""


def draw_strides(result: Result, palette: Palette) -> go.Figure:
    """A point a stride; the balance and the CPU alone as lines; measured steps where known."""
    strides, seconds = result.array("stride"), result.array("stride_step_s")
    alone = float(result.array("host_step_s")[0])
    series = [
        Series("Predicted", strides, seconds),
        Series("All on the CPU", strides[[0, -1]], [alone, alone], category=2),
    ]
    run = measured_of(result)
    if run is not None and "interleaved" in run.step:
        step = run.step["interleaved"] / 1e3
        series.append(Series("Measured", [result.notes["stride"]], [step], category=1))
    events = []
    if balance(result) <= strides[-1]:
        events.append(Event(balance(result), f"k* = {balance(result):.1f}"))
    figure = lines(
        series,
        palette,
        title="The update by stride",
        x=axis("Stride k"),
        y=axis("Update", "s"),
        events=events,
        alt=describe_strides(result),
        height=320,
    )
    # Room above the highest line for the name of the balance.
    return figure.update_yaxes(range=[0, 1.2 * max(alone, float(seconds.max()))])


def stride_table(result: Result) -> dict[str, object]:
    """Seconds by stride."""
    return {"stride": result.array("stride"), "step s": result.array("stride_step_s")}


def describe_ratios(result: Result) -> str:
    """The update with nothing, half and all on the host."""
    table, ratio = result.array("ratio_step_s"), result.array("ratio")
    half = int(np.argmin(np.abs(ratio - 0.5)))
    return (
        f"The CPU alone takes {table[0, 0]:.2f} s with nothing on the host, {table[0, half]:.2f} s "
        f"with half and {table[0, -1]:.2f} s with all; interleaved {table[1, half]:.2f} s and "
        f"{table[1, -1]:.2f} s.{_logged_line(result)}"
    )


def _logged_line(result: Result) -> str:
    """The logs' own line beside ours, where it is of the same node and model."""
    line, notes = measured_line(), result.notes
    own = any(rate["source"] == "changed" for rate in notes["rates"].values())
    if own or (notes["node"], notes["billions"]) != (line["node"], line["billions"]):
        return ""
    ratio, seconds = result.array("ratio"), result.array("ratio_step_s")[0]
    logged = ratio > line["least_ratio"] - 1e-9
    slope, intercept = np.polyfit(ratio[logged], seconds[logged], 1)
    return (
        f" Logged steps of the CPU alone lie on {line['intercept']:.2f} + {line['slope']:.2f} × "
        f"ratio s, ours on {intercept:.2f} + {slope:.2f} × ratio."
    )


def draw_ratios(result: Result, palette: Palette) -> go.Figure:
    """The update over TwinFlow's ratio, by the CPU alone and interleaved."""
    ratio, table = result.array("ratio"), result.array("ratio_step_s")
    names = ("Host part by the CPU", f"Host part interleaved, k = {result.notes['stride']}")
    return lines(
        [Series(name, ratio, table[i]) for i, name in enumerate(names)],
        palette,
        title="The update by ratio",
        x=axis("Ratio on the host"),
        y=axis("Update", "s"),
        alt=describe_ratios(result),
        height=320,
    )


def ratio_table(result: Result) -> dict[str, object]:
    """Seconds by ratio."""
    table = result.array("ratio_step_s")
    return {"ratio": result.array("ratio"), "CPU s": table[0], "interleaved s": table[1]}
