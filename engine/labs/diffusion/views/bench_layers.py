"""A cut layer by layer."""

from __future__ import annotations

import re

import plotly.graph_objects as go

from engine.core.units import percent
from engine.figures import Palette, axis, bars
from engine.labs.diffusion.views.bench import Shown


def draw_layers(shown: Shown, palette: Palette, alt: str) -> go.Figure:
    """The share of every layer's weights that is cut, in the order in which the layers run."""
    order = running_order(shown.notes["layers"])
    weights = shown.weights
    return bars(
        [layer_name(shown.notes["layers"][at]) for at in order],
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


def running_order(layers: list[str]) -> list[int]:
    """Positions of layers as they run: down, mid, up; a U-Net lists its middle last."""
    parts = ("down_blocks", "mid_block", "up_blocks")

    def part(at: int) -> int:
        found = [i for i, name in enumerate(parts) if layers[at].startswith(name)]
        return found[0] if found else 0

    return sorted(range(len(layers)), key=lambda at: (part(at), at))


def layer_name(name: str) -> str:
    """A layer in few letters: its block, and its transformer block or residual layer."""
    place = re.split(r"\.(?:ff|attn2|mlp)\.", name)[0].split(".")
    numbers = ".".join(word for word in place if word.isdigit())
    start = {"down_blocks": "down", "mid_block": "mid", "up_blocks": "up"}.get(place[0], place[0])
    end = f" {place[-1]}" if place[-1].startswith("conv") else ""
    return f"{start} {numbers}{end}"


def describe_layers(shown: Shown) -> str:
    """The layers that lose the largest and the smallest share."""
    if not shown.share:
        return "No layer is cut."
    shares = shown.cut[0] / shown.weights
    names = shown.notes["layers"]
    high, low = int(shares.argmax()), int(shares.argmin())
    return (
        f"Layer {layer_name(names[high])} loses most, {percent(shares[high])} of its weights; "
        f"{layer_name(names[low])} least, {percent(shares[low])}."
    )
