"""Distributions: counts in bins that all groups share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.figures.axes import AxisLike, as_axis, axis, compose, escape, numbers
from engine.figures.palette import DASHES, Palette, translucent


def histogram(
    groups: Mapping[str, object],
    palette: Palette,
    *,
    title: str,
    x: AxisLike,
    bins: int = 60,
    density: bool = False,
    log_counts: bool = False,
    subtitle: str | None = None,
    alt: str | None = None,
    height: int = 340,
) -> go.Figure:
    """Outlined histograms of several samples (name -> values [n]) over common bins.

    With a logarithmic x axis the bins have equal ratios and values at or below zero are left out;
    what is left out or not finite is counted in the subtitle. ``density`` gives each group the
    area of its share in each bin (the shares sum to 1). Raises BadInput when no value is left.
    """
    if not 2 <= bins <= 1000:
        raise BadInput("bins", f"must be between 2 and 1000, not {bins}")
    x_axis = as_axis(x)
    kept: dict[str, np.ndarray] = {}
    dropped = 0
    for name, given in groups.items():
        values = numbers(given, name)
        held = np.isfinite(values) & ((values > 0) if x_axis.log else True)
        dropped += int((~held).sum())
        kept[name] = values[held]
    if not any(values.size for values in kept.values()):
        raise BadInput("groups", "hold no value that can be drawn")
    low = min(values.min() for values in kept.values() if values.size)
    high = max(values.max() for values in kept.values() if values.size)
    if low == high:
        low, high = (low / 2, high * 2) if x_axis.log else (low - 0.5, high + 0.5)
    edges = np.geomspace(low, high, bins + 1) if x_axis.log else np.linspace(low, high, bins + 1)
    sizes = ", ".join(f"n = {values.size:,}" for values in kept.values())
    notes = [subtitle or "", sizes, f"{dropped:,} values cannot be drawn" if dropped else ""]
    figure = compose(
        palette,
        title=title,
        x=x_axis,
        y=axis("Share of values" if density else "Values", log=log_counts),
        subtitle="; ".join(note for note in notes if note),
        alt=alt,
        height=height,
    )
    for i, (name, values) in enumerate(kept.items()):
        counts = np.histogram(values, edges)[0].astype(float)
        if density and values.size:
            counts /= values.size
        if log_counts:
            counts[counts == 0] = np.nan
        colour = palette.category(i)
        figure.add_scatter(
            x=edges,
            y=np.append(counts, counts[-1]),
            name=escape(name),
            mode="lines",
            line={"shape": "hv", "color": colour, "width": 1.75, "dash": DASHES[i % len(DASHES)]},
            fill=None if log_counts else "tozeroy",
            fillcolor=translucent(colour, 0.15),
            hovertemplate="from %{x:.4g}<br><b>%{y:.4g}</b><extra>%{fullData.name}</extra>",
        )
    figure.update_layout(showlegend=len(kept) > 1)
    return figure
