"""How long an iteration takes in every mode, beside what was measured, and what gains how much."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, axis, bars
from engine.labs.memory_hardware.offload.published import MeasuredRun, measured_run

TITLES = {
    "default": "Default",
    "flush": "Asynchronous flush",
    "interleaved": "Flush and interleaving",
    "delayed": "Flush and delayed update",
}
COMPARED = ("default", "flush", "interleaved")
PHASE_TITLES = {
    "forward": "Forward",
    "backward": "Backward",
    "step": "Update",
    "other": "Between iterations",
}


def seconds_of(result: Result) -> dict[str, float]:
    """Predicted seconds of an iteration by mode."""
    return {mode: result.number(f"{mode}_s") for mode in result.notes["modes"]}


def measured_of(result: Result) -> MeasuredRun | None:
    """The medians of the same configuration, or None."""
    notes = result.notes
    changed = any(rate["source"] == "changed" for rate in notes["rates"].values())
    if changed:
        return None
    return measured_run(notes["node"], notes["billions"], notes["ratio"], notes["settings"])


def gains(seconds: Mapping[str, float]) -> tuple[float, float, float]:
    """Speed-up by the flush, by interleaving, and by both, of seconds by mode."""
    flush = seconds["default"] / seconds["flush"]
    interleaving = seconds["flush"] / seconds["interleaved"]
    return flush, interleaving, seconds["default"] / seconds["interleaved"]


def describe_gains(result: Result) -> str:
    """The finding: what the flush and what interleaving gives."""
    flush, interleaving, both = gains(seconds_of(result))
    seconds = seconds_of(result)
    return (
        f"{result.notes['billions']:g} billion parameters on "
        f"{count(result.notes['settings']['gpus'], 'GPU')} ({result.notes['title']}): an iteration "
        f"takes {seconds['default']:.2f} s, {seconds['flush']:.2f} s with an asynchronous flush "
        f"and {seconds['interleaved']:.2f} s with interleaving on top: {both:.2f}x = {flush:.2f}x "
        f"from the flush times {interleaving:.2f}x from interleaving."
    )


def errors(result: Result) -> dict[str, float]:
    """Percent by which a prediction is off, by mode; empty where nothing was measured."""
    run = measured_of(result)
    if run is None:
        return {}
    seconds = seconds_of(result)
    return {mode: 100 * (1000 * seconds[mode] / ms - 1) for mode, ms in run.iteration.items()}


def describe_errors(result: Result) -> str:
    """How far the predictions are from what was measured."""
    off = errors(result)
    if not off:
        return (
            "No medians of exactly these settings are kept here, so nothing stands beside them. A "
            "CSV of measured runs gets measured bars under Own runs below."
        )
    words = ", ".join(f"{TITLES[mode].lower()} {percent:+.1f} %" for mode, percent in off.items())
    return f"Prediction against the median of the logged iterations: {words}."


def draw_iterations(result: Result, palette: Palette) -> go.Figure:
    """A bar a mode, and the measured one beside it where there is one."""
    seconds, run = seconds_of(result), measured_of(result)
    groups = {"Predicted": np.array(list(seconds.values()))}
    if run is not None:
        groups["Measured"] = np.array([run.iteration.get(mode, np.nan) / 1e3 for mode in seconds])
    return bars(
        [TITLES[mode] for mode in seconds],
        groups,
        palette,
        title="An iteration",
        category="Mode",
        value=axis("Time", "s"),
        alt=f"{describe_gains(result)} {describe_errors(result)}",
        height=320,
    )


def iteration_table(result: Result) -> dict[str, object]:
    """Seconds and errors by mode."""
    seconds, run, off = seconds_of(result), measured_of(result), errors(result)
    return {
        "mode": [TITLES[mode] for mode in seconds],
        "predicted s": list(seconds.values()),
        "measured s": [run.iteration.get(mode, np.nan) / 1e3 if run else np.nan
                       for mode in seconds],
        "error %": [off.get(mode, np.nan) for mode in seconds],
    }  # fmt: skip


def draw_phases(result: Result, palette: Palette) -> go.Figure:
    """What an iteration consists of, by mode."""
    table = result.array("phase_s")
    groups = {PHASE_TITLES[phase]: table[:, i] for i, phase in enumerate(result.notes["phases"])}
    return bars(
        [TITLES[mode] for mode in result.notes["modes"]],
        groups,
        palette,
        title="Its phases",
        category="Mode",
        value=axis("Time", "s"),
        horizontal=True,
        stacked=True,
        alt=describe_phases(result),
        height=300,
    )


def describe_phases(result: Result) -> str:
    """Where the flush and where interleaving saves."""
    table, modes = result.array("phase_s"), result.notes["modes"]
    phases = result.notes["phases"]

    def cell(mode: str, phase: str) -> float:
        return float(table[modes.index(mode), phases.index(phase)])

    return (
        f"The flush takes the backward pass from {cell('default', 'backward'):.2f} s to "
        f"{cell('flush', 'backward'):.2f} s; interleaving the update from "
        f"{cell('flush', 'step'):.2f} s to {cell('interleaved', 'step'):.2f} s."
    )


def phase_table(result: Result) -> dict[str, object]:
    """Seconds by mode and phase."""
    return {
        "mode": [TITLES[mode] for mode in result.notes["modes"]],
        **{
            f"{phase} s": result.array("phase_s")[:, i]
            for i, phase in enumerate(result.notes["phases"])
        },
    }
