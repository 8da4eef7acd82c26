"""Figures of the ordering workbench: who shares an exponent with whom."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.figures import Palette, Series, axis, bars, lines
from engine.labs.kv_cache.analysis import EnergyCurve


def draw_energy_curve(curves: dict[str, EnergyCurve], palette: Palette, *, block: int) -> go.Figure:
    """Channel rms along the storage order, one line per order, with the block cuts."""
    width = len(next(iter(curves.values())).rms)
    figure = lines(
        [Series(name, np.arange(width), curve.rms) for name, curve in curves.items()],
        palette,
        title="Channel magnitude in storage order",
        subtitle=f"vertical lines: blocks of {block} channels that share one exponent",
        x="Position in storage",
        y=axis("Channel rms", log=True),
        alt="; ".join(
            f"{name}: rms from {curve.rms.max():.3g} down to {curve.rms.min():.3g}"
            for name, curve in curves.items()
        ),
    )
    figure.update_xaxes(showgrid=False)
    for cut in range(block, width, block):
        figure.add_vline(x=cut - 0.5, line={"color": palette.muted, "width": 1})
    return figure


def draw_waste(curves: dict[str, EnergyCurve], palette: Palette) -> go.Figure:
    """Bits that the average channel of each block loses to the block's shared exponent."""
    blocks = len(next(iter(curves.values())).waste)
    return bars(
        [str(block) for block in range(blocks)],
        {name: curve.waste for name, curve in curves.items()},
        palette,
        title="What sharing an exponent costs",
        category="Block",
        value=axis("Bits lost by the average channel", "bit"),
        alt="; ".join(
            f"{name}: {curve.waste.mean():.2f} bits on average" for name, curve in curves.items()
        ),
    )
