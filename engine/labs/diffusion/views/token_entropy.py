"""Entropy of the cross-attention beside that of never-trained titles."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, bars, lines
from engine.figures.lines import Event

OURS, THEIRS = "this prompt", "never-trained titles"


def draw_by_step(result: Result, palette: Palette, *, step: int) -> go.Figure:
    """The mean over layers at every step."""
    at = np.arange(1, len(result.array("entropy")) + 1)
    series = [Series(OURS, at, result.array("entropy").mean(axis=1))]
    if "reference" in result.fields:
        others = result.array("reference").mean(axis=2)
        series.append(
            Series(
                f"{len(others)} {THEIRS}", at, others.mean(axis=0), others.min(axis=0),
                others.max(axis=0),
            )
        )  # fmt: skip
    return lines(
        series,
        palette,
        title="Entropy by step",
        subtitle="mean of all layers",
        x=axis("Step"),
        y=axis("Entropy", "nat"),
        events=[Event(step + 1, f"step {step + 1}")],
        band="lowest to highest title",
        alt=describe_entropy(result),
        height=320,
    )


def draw_by_layer(result: Result, palette: Palette, *, step: int, layer: int) -> go.Figure:
    """Every layer at one step, with the spread of the reference."""
    groups = {OURS: result.array("entropy")[step]}
    low = high = None
    if "reference" in result.fields:
        others = result.array("reference")[:, step]
        groups[THEIRS] = others.mean(axis=0)
        low, high = {THEIRS: others.min(axis=0)}, {THEIRS: others.max(axis=0)}
    return bars(
        result.notes["layers"],
        groups,
        palette,
        title=f"Entropy by layer at step {step + 1}",
        category=axis("Layer, as the U-Net calls them"),
        value=axis("Entropy", "nat"),
        low=low,
        high=high,
        interval="lowest to highest title" if low else None,
        selected=layer if layer >= 0 else None,
        alt=describe_entropy(result),
        height=400,
    )


def describe_entropy(result: Result) -> str:
    """Whether the prompt's entropy lies within that of titles that were never trained."""
    ours = result.array("entropy").mean(axis=1)
    told = f"Mean over layers: {ours[0]:.2f} nat at the first step, {ours[-1]:.2f} at the last."
    if "reference" not in result.fields:
        return f"{told} There is no reference: this model's training pictures are not known."
    others = result.array("reference").mean(axis=2)
    above = int((ours > others.max(axis=0)).sum())
    below = int((ours < others.min(axis=0)).sum())
    steps = len(ours)
    return (
        f"{told} Beside {len(others)} titles that were never trained it is above all of them at "
        f"{above} of {steps} steps, below all at {below}, among them at {steps - above - below}."
    )


def entropy_table(result: Result) -> dict[str, object]:
    """A row for each step and layer."""
    steps, layers = result.array("entropy").shape
    table: dict[str, object] = {
        "step": np.repeat(np.arange(1, steps + 1), layers),
        "layer": result.notes["layers"] * steps,
        "entropy [nat]": result.array("entropy").reshape(-1),
    }
    if "reference" in result.fields:
        for word, reduce in (("mean", np.mean), ("lowest", np.min), ("highest", np.max)):
            others = reduce(result.array("reference"), axis=0)
            table[f"{word} of never-trained titles [nat]"] = others.reshape(-1)
    return table
