"""A cut layer by layer."""

from __future__ import annotations

import plotly.graph_objects as go

from engine.core.units import percent
from engine.figures import Palette, axis, bars
from engine.labs.diffusion.layer_names import in_running_order, layer_label
from engine.labs.diffusion.views.bench import Shown


def draw_layers(shown: Shown, palette: Palette, alt: str) -> go.Figure:
    """The share of every layer's weights that is cut, in the order in which the layers run."""
    names, weights = shown.notes["layers"], shown.weights
    order = [names.index(name) for name in in_running_order(names)]
    return bars(
        [layer_label(names[at]) for at in order],
        {"cut": 100 * shown.cut[0][order] / weights[order]},
        palette,
        title="Weights cut in each layer",
        subtitle=f"{int(shown.cut[0].sum()):,} of {int(weights.sum()):,} weights, layers in the "
        "order in which they run",
        category="Layer",
        value=axis("Weights cut", "%"),
        alt=alt,
        height=360,
    )


def describe_layers(shown: Shown) -> str:
    """The layers that lose the largest and the smallest share."""
    if not shown.share:
        return "No layer is cut."
    shares = shown.cut[0] / shown.weights
    names = shown.notes["layers"]
    high, low = int(shares.argmax()), int(shares.argmin())
    return (
        f"The largest share of the weights is cut in {layer_label(names[high])} "
        f"({percent(shares[high])}), the smallest in {layer_label(names[low])} "
        f"({percent(shares[low])})."
    )
