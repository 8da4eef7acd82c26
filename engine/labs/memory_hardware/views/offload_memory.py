"""What lies on the GPU during an iteration, and what a training log printed."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.labs.memory_hardware.offload.published import TOLERANCE, measured_memory
from engine.labs.memory_hardware.views.offload import COMPARED, TITLES
from engine.labs.memory_hardware.views.offload_lanes import memory_counter

MOST_POINTS = 2000
CONSTRUCTED_GB = 0.02


def describe_memory(result: Result) -> str:
    """Least and most of each mode."""
    parts = []
    for mode in COMPARED:
        held = memory_counter(result, mode).value
        parts.append(f"{TITLES[mode].lower()} {held.min():.1f} to {held.max():.1f} GB")
    return (
        f"On the GPU: {'; '.join(parts)}. On the host: {result.number('host_gb'):.1f} GB all the "
        f"time. The GPU has {result.number('gpu_gb'):g} GB. {describe_overflow(result)}"
    ).rstrip()


def describe_overflow(result: Result) -> str:
    """Which modes do not fit on the GPU, and what their times then are; empty where all do."""
    gpu_gb = result.number("gpu_gb")
    most = {mode: float(memory_counter(result, mode).value.max()) for mode in result.notes["modes"]}
    over = [f"{TITLES[mode].lower()} ({gb:.1f} GB)" for mode, gb in most.items() if gb > gpu_gb]
    if not over:
        return ""
    return (
        f"This does not fit on the GPU with {gpu_gb:g} GB: {', '.join(over)}. The times are those "
        "of a GPU with the same rates and enough memory."
    )


def draw_memory(result: Result, palette: Palette) -> go.Figure:
    """GB on the GPU in time, a line a mode, with the GPU's own memory."""
    series, gpu_gb, most = [], result.number("gpu_gb"), 0.0
    for mode in COMPARED:
        held = memory_counter(result, mode)
        most = max(most, float(held.value.max()))
        keep = np.unique(np.linspace(0, len(held.time) - 1, MOST_POINTS).astype(int))
        series.append(Series(TITLES[mode], held.time[keep], held.value[keep]))
    return lines(
        series,
        palette,
        title="Memory of the GPU",
        x=axis("Time", "s"),
        y=axis("Allocated", "GB"),
        # Far above the curves it would only press them flat.
        level=(gpu_gb, f"the GPU has {gpu_gb:g} GB") if most > gpu_gb / 2 else None,
        step=True,
        alt=describe_memory(result),
        height=340,
    ).update_yaxes(rangemode="tozero")


def memory_table(result: Result) -> dict[str, object]:
    """Every change, by mode."""
    held = [(mode, memory_counter(result, mode)) for mode in COMPARED]
    return {
        "mode": [TITLES[mode] for mode, counter in held for _ in counter.time],
        "s": np.concatenate([counter.time for _, counter in held]),
        "GB": np.concatenate([counter.value for _, counter in held]),
    }


def compare_memory(result: Result) -> dict[str, object] | None:
    """Logged GB beside ours after each phase, for the one model whose log is known; else None."""
    log = measured_memory()
    notes = result.notes
    alike = abs(notes["billions"] / log["billions"] - 1) < TOLERANCE and notes["stride"] == 2
    if not alike or result.number("parameters") < 0.9 * log["billions"] * 1e9:
        return None
    counter = memory_counter(result, "interleaved")
    after = counter.value[np.searchsorted(counter.time, _backward_end(result) + 1e-9) - 1]
    ours = [
        counter.value[0],
        result.number("after_forward_gb"),
        after,
        counter.value.max(),
        counter.value[-1],
    ]
    names = ["before_forward", "after_forward", "after_backward", "peak", "after_update"]
    return {
        "when": [name.replace("_", " ") for name in names],
        "logged GB": [log[name] for name in names],
        "here GB": [round(float(value), 2) for value in ours],
    }


def describe_by_construction(result: Result) -> str:
    """Which rows of the comparison agree without saying anything; empty where none do."""
    log = measured_memory()["before_forward"]
    if abs(float(memory_counter(result, "interleaved").value[0]) - log) > CONSTRUCTED_GB:
        return ""
    return (
        f"The {log:g} GB before the forward pass and after the update agree by construction: the "
        "buffers on the GPU are set to what the log leaves when the parameters are taken away. The "
        "rows between them are predicted."
    )


def describe_other_machine(result: Result) -> str:
    """What the log's own iterations took: no node here is its machine."""
    logged = measured_memory()["iteration"]
    return (
        f"The log is of another machine: an iteration took {logged['default'] / 1e3:.2f} s there "
        f"by default and {logged['interleaved'] / 1e3:.2f} s interleaved, against "
        f"{result.number('default_s'):.2f} s and {result.number('interleaved_s'):.2f} s by the "
        "rates of this node. Its memory can be compared, its time cannot."
    )


def _backward_end(result: Result) -> float:
    """When the first interleaved backward pass ends."""
    row = result.array("phase_s")[result.notes["modes"].index("interleaved")]
    return float(sum(row[result.notes["phases"].index(name)] for name in ("forward", "backward")))
