"""A hierarchical roofline of one token, and what the time of each product goes to."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core.units import percent
from engine.figures import Palette, axis, bars
from engine.figures.axes import compose, escape
from engine.figures.labels import place_labels
from engine.figures.palette import DASHES
from engine.labs.memory_hardware.roofline import LINK, OPENING, PADDING, USEFUL, Part, Roofs

PLOT = 330  # pixels of the roofline's plot, without titles and legend
BUSY = {
    USEFUL: "Useful columns",
    OPENING: "Opening and closing rows",
    PADDING: "Columns that are not full",
    LINK: "Link",
}


def describe_parts(found: Sequence[Part], roof: Roofs) -> str:
    """The best and the worst product under its ceiling, and what the worst loses most by."""
    best = max(found, key=lambda part: part.attained / roof.over(part))
    worst = min(found, key=lambda part: part.attained / roof.over(part))
    share = worst.busy_ns[worst.loss] / worst.ns
    return (
        f"{best.label} does {_of_ceiling(best, roof)}, {worst.label} {_of_ceiling(worst, roof)}: "
        f"{percent(share)} of its time is {BUSY[worst.loss].lower()}."
    )


def _of_ceiling(part: Part, roof: Roofs) -> str:
    top = roof.over(part)
    return f"{part.attained:,.0f} of {top:,.0f} GFLOP/s ({percent(part.attained / top)})"


def describe_pins(found: Sequence[Part], roof: Roofs) -> str:
    """How much less crosses the pins, and what reading out could reach at most."""
    rows, pins = sum(p.row_bytes for p in found), sum(p.pin_bytes for p in found)
    operations = sum(p.operations for p in found)
    whole = operations / sum(p.ns for p in found)
    out = operations / rows * roof.pins
    if math.isinf(roof.macs):
        return (
            f"All that is multiplied crosses the pins: at {roof.pins:,.0f} GB/s no processor can "
            f"do more than {out:,.0f} GFLOP/s; the products here do {whole:,.0f}."
        )
    return (
        f"{rows / pins:,.0f} times fewer bytes cross the pins than come out of the rows. A "
        f"processor that reads the same bytes over these pins ({roof.pins:,.0f} GB/s) could do "
        f"{out:,.0f} GFLOP/s at most; the products here do {whole:,.0f}, {whole / out:.1f}x."
    )


def part_table(found: Sequence[Part]) -> dict[str, object]:
    """A row for each product."""
    return {
        "part": [p.label for p in found],
        "operations": [p.operations for p in found],
        "bytes out of rows": [p.row_bytes for p in found],
        "bytes over the pins": [p.pin_bytes for p in found],
        "GFLOP/s": [p.attained for p in found],
        **{f"{words} [ns]": [p.busy_ns[name] for p in found] for name, words in BUSY.items()},
    }


def draw_roofline(
    found: Sequence[Part], roof: Roofs, palette: Palette, *, gpu_gb_per_s: float, subtitle: str
) -> go.Figure:
    """Both counts of bytes for each product, under the ceilings that hold for them."""
    figure = compose(
        palette,
        title="Roofline",
        subtitle=f"{subtitle}; squares from left to right: {_in_order(found)}",
        x=axis("Arithmetic intensity", "FLOP/B", log=True),
        y=axis("Throughput", "GFLOP/s", log=True),
        alt=f"{describe_parts(found, roof)} {describe_pins(found, roof)}",
        height=480,
    )
    high = max(p.operations / p.pin_bytes for p in found)
    low = min(0.25, min(p.operations / p.row_bytes for p in found) / 2)
    across = np.geomspace(low, 3 * high, 200)
    top = roof.pins * across[-1] if math.isinf(roof.macs) else roof.macs
    slopes = {
        "Rows of all banks, then their MACs": roof.rows,
        "Pins, for what crosses them": roof.pins,
        "GPU's memory (assumed)": gpu_gb_per_s,
    }
    for i, (name, slope) in enumerate(slopes.items()):
        if math.isinf(slope):
            continue
        height = np.minimum(top, slope * across)
        if name.startswith("GPU"):  # its own arithmetic is not assumed: the line only rises
            height[slope * across > top] = np.nan
        figure.add_scatter(
            x=across, y=height, mode="lines", name=escape(name),
            line={"color": palette.category(i), "width": 2, "dash": DASHES[i]},
            hovertemplate="%{y:.4g} GFLOP/s at %{x:.3g}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    free = _places(found, (across[0], across[-1]), (roof.pins * across[0], top))
    counts = (
        ("Products, by bytes out of the rows", 0, "circle", [p.row_bytes for p in found]),
        ("The same, by bytes over the pins", 1, "square-open", [p.pin_bytes for p in found]),
    )
    for part in found:  # circles of most products lie on one another: a line leads to the name
        figure.add_scatter(
            x=[part.operations / part.row_bytes, part.operations / part.pin_bytes],
            y=[part.attained, part.attained], mode="lines", hoverinfo="skip", showlegend=False,
            line={"color": palette.muted, "width": 1, "dash": "dot"},
        )  # fmt: skip
    for name, slot, symbol, held in counts:
        figure.add_scatter(
            x=[p.operations / of for p, of in zip(found, held, strict=True)],
            y=[p.attained for p in found],
            mode="markers+text" if slot else "markers",
            text=[
                escape(p.label) if place else "" for p, place in zip(found, free, strict=True)
            ],
            textposition=[place or "top center" for place in free],
            textfont={"size": 11, "color": palette.muted},
            name=escape(name),
            customdata=[[escape(p.label), escape(BUSY[p.loss])] for p in found],
            marker={"color": palette.category(slot), "symbol": symbol, "size": 11,
                    "line": {"color": palette.category(slot) if slot else palette.paper,
                             "width": 2 if slot else 1}},
            hovertemplate="<b>%{customdata[0]}</b><br>%{y:.4g} GFLOP/s at %{x:.4g} operations "
            "per byte<br>most lost by: %{customdata[1]}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_yaxes(dtick="D2")
    return figure.update_layout(showlegend=True, hovermode="closest")


def _in_order(found: Sequence[Part]) -> str:
    """The names of the points over the pins, which have no room beside them on a phone."""
    return ", ".join(p.label for p in sorted(found, key=lambda p: p.operations / p.pin_bytes))


def _places(
    found: Sequence[Part], x: tuple[float, float], y: tuple[float, float]
) -> list[str | None]:
    """Where the names of the points over the pins have room in the ranges of both axes."""
    at = np.array([p.operations / p.pin_bytes for p in found])
    order = np.argsort(at)
    placed = place_labels(
        np.log10([*x, *at[order]]),
        np.log10([*y, *(found[i].attained for i in order)]),
        ["", "", *(found[i].label for i in order)],
        PLOT,
    )[2:]
    return [placed[int(np.flatnonzero(order == i)[0])] for i in range(len(found))]


def draw_busy(found: Sequence[Part], palette: Palette) -> go.Figure:
    """Each product's time as shares: what keeps it below the ceiling."""
    groups = {
        words: np.array([100 * p.busy_ns[name] / p.ns for p in found])
        for name, words in BUSY.items()
    }
    worst = min(found, key=lambda p: p.busy_ns[USEFUL] / p.ns)
    best = max(found, key=lambda p: p.busy_ns[USEFUL] / p.ns)
    return bars(
        [p.label for p in found],
        groups,
        palette,
        title="What bounds each product",
        subtitle="shares of its time without refresh; only useful columns do what was asked",
        category="Product",
        value=axis("Share of its time", "%"),
        horizontal=True,
        stacked=True,
        alt=f"Useful columns take {percent(best.busy_ns[USEFUL] / best.ns)} of the time of "
        f"{best.label} and {percent(worst.busy_ns[USEFUL] / worst.ns)} of {worst.label}.",
        height=150 + 30 * len(found),
    )
