"""The largest model of a GPU by strategy, the cuts behind it, and the published points."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.figures.palette import SYMBOLS
from engine.labs.memory_hardware.offload.partition import L2L_BYTES
from engine.labs.memory_hardware.offload.published import table

PRINTED_ON = 32.0  # GB of the GPU of the published sizes


def describe_capacity(result: Result) -> str:
    """The largest models, and what offload gains."""
    largest = result.array("largest")
    words = ", ".join(
        f"{name} {size:.1f} billion"
        for name, size in zip(result.notes["strategies"], largest, strict=True)
    )
    return (
        f"The largest model on {result.number('gpu_memory_gb'):g} GB: {words} parameters; "
        f"ZeRO-Offload trains {result.number('gain'):.1f} times as many as data parallelism."
    )


def draw_capacity(result: Result, palette: Palette) -> go.Figure:
    """GB over parameters, a line a strategy, with the published largest models as stars."""
    memory, sizes = result.number("gpu_memory_gb"), result.array("size")
    series = [
        Series(name, sizes, needs)
        for name, needs in zip(result.notes["strategies"], result.array("needs_gb"), strict=True)
    ]
    figure = lines(
        series,
        palette,
        title="Memory that a model needs",
        x=axis("Parameters", "10⁹", log=True),
        y=axis("GPU memory", "GB", log=True),
        level=(memory, f"the GPU has {memory:g} GB"),
        alt=describe_capacity(result),
        height=380,
    )
    if memory == PRINTED_ON:
        rows = table("capacity").rows
        figure.add_scatter(
            x=[values[0] for values in rows.values()],
            y=[memory] * len(rows),
            text=list(rows),
            name="Published largest models",
            mode="markers",
            marker={"symbol": SYMBOLS[6], "size": 15, "color": palette.ink},
            hovertemplate="%{text}: %{x:g} billion, published<extra></extra>",
        )
    return figure.update_layout(hovermode="closest")


def capacity_table(result: Result) -> dict[str, object]:
    """GB by size and strategy."""
    columns = dict(zip(result.notes["strategies"], result.array("needs_gb"), strict=True))
    return {"10⁹ parameters": result.array("size"), **columns}


def cut_table(result: Result) -> list[dict[str, object]]:
    """Every cut with its memory and traffic, and what the paper prints for it."""
    printed, whole = table("partition").rows, sum(result.notes["parts"].values())
    rows = []
    for i, on_host in enumerate(result.notes["cuts"]):
        kept = int(result.array("cut_gpu_bytes")[i])
        paper = printed.get(" ".join(on_host))
        rows.append({
            "On the host": (" and ".join(on_host) or "nothing")
            + (" (the strategy)" if i == int(result.number("best")) else ""),
            "GPU [bytes a parameter]": kept,
            "Saving": f"{whole / kept:.3g}x" if kept else "all of it",
            "Traffic [bytes a parameter and step]": int(result.array("cut_traffic_bytes")[i]),
            "Published": f"{paper[0]:g} bytes, {paper[1]:g}x" if paper else "",
        })  # fmt: skip
    return rows


def describe_cuts(result: Result) -> str:
    """The least traffic, and the cut that leaves least on the GPU for it."""
    best = int(result.number("best"))
    whole = sum(result.notes["parts"].values())
    kept = int(result.array("cut_gpu_bytes")[best])
    return (
        f"Of all {len(result.notes['cuts'])} cuts those that offload anything move at least "
        f"{int(result.number('least_traffic'))} bytes a parameter and step. Of those with the "
        f"least, {' and '.join(result.notes['cuts'][best])} on the host leaves {kept} bytes on the "
        f"GPU, {whole // kept} times less than {whole}."
    )


def describe_l2l(result: Result) -> str:
    """The traffic beside that of a peer which moves a layer at a time."""
    least = result.number("least_traffic")
    return (
        f"L2L, which moves one layer at a time, is given with {L2L_BYTES} bytes a parameter and "
        f"step: {L2L_BYTES / least:g} times the least."
    )


def adam_rows(rate: float, gpu_rate: float) -> list[dict[str, object]]:
    """Published seconds of an Adam step beside what ``rate`` and ``gpu_rate`` (10⁹/s) give."""
    printed = table("adam")
    return [
        {
            "10⁹ parameters": size,
            **{f"{name} [s], published": values[i] for name, values in printed.rows.items()},
            "CPU here [s]": float(np.round(size / rate, 2)),
            "GPU here [s]": float(np.round(size / gpu_rate, 2)),
        }
        for i, size in enumerate(printed.columns)
    ]
