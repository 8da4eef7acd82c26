"""A cut in bars and lines: every picture, every set beside all controls, scenes, layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Event, Palette, Series, axis, bars, lines, pairs
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.views.bench import MASKS, Shown, of_cell, short, sparsities
from engine.labs.diffusion.views.decimals import hundredths

MEASURES = {
    "ssim": "SSIM to the training picture",
    "extracted": f"Extracted (SSIM over {EXTRACTED})",
    "nn_hit": "Nearest picture is the target",
}
SPREAD = "the seeds' lowest and highest mean"


def draw_pictures_apart(shown: Shown, palette: Palette, alt: str) -> go.Figure:
    """Every picture before and after, with how often its nearest picture is still the target."""
    known = [group for group in shown.groups if group.known]
    labels, notes, ends = [], [], []
    for group in known:
        before, after, hit = (
            shown.measure(name, mask, group)
            for name, mask in (("ssim", "whole"), ("ssim", "located"), ("nn_hit", "located"))
        )
        for at, caption in enumerate(shown.notes["captions"][group.places]):
            labels.append(f"{group.name}: {short(caption)}")
            ends.append((before[:, at].mean(), after[:, at].mean()))
            near = "" if np.isnan(hit[0, at]) else f", {int(hit[:, at].sum())} of {shown.seeds}"
            low, high = hundredths(after[:, at].min()), hundredths(after[:, at].max())
            notes.append(f"{low} to {high}{near}")
    values = np.array(ends)
    return pairs(
        labels,
        values[:, 0],
        values[:, 1],
        palette,
        title="Every picture before and after the cut",
        subtitle=f"means of {count(shown.seeds, 'seed')}; on a row: the lowest and highest SSIM "
        "after, and in how many seeds the nearest training picture is the target",
        category="Picture",
        value=axis(MEASURES["ssim"], limits=(min(0.0, float(values.min()) - 0.05), 1.1)),
        notes=notes,
        alt=alt,
    )


def draw_sets(shown: Shown, palette: Palette, measure: str, alt: str) -> go.Figure:
    """A measure of every set under every mask."""
    known = [group for group in shown.groups if group.known]
    means = {m: [shown.mean(measure, m, group) for group in known] for m in shown.masks}
    ends = {m: [shown.spread(measure, m, group) for group in known] for m in shown.masks}
    return bars(
        [f"{group.title}, {group.count}" for group in known],
        {MASKS[m]: np.array(values) for m, values in means.items()},
        palette,
        low={MASKS[m]: np.array(pair)[:, 0] for m, pair in ends.items()},
        high={MASKS[m]: np.array(pair)[:, 1] for m, pair in ends.items()},
        interval=SPREAD,
        title=MEASURES[measure],
        subtitle=f"{count(shown.seeds, 'seed')}; behind a set the number of its pictures",
        category="Set",
        value=axis("SSIM" if measure == "ssim" else "Share of pictures", limits=(0.0, 1.05)),
        alt=alt,
        height=380,
    )


def draw_scenes(shown: Shown, palette: Palette, alt: str) -> go.Figure:
    """What the judge sees in held-out scenes, attribute by attribute, under every mask."""
    seen = shown.right.mean(2)  # masks seeds attributes
    every = np.concatenate([seen, seen.mean(2, keepdims=True)], axis=2)
    rows = dict(zip((MASKS[m] for m in shown.masks), every, strict=True))
    return bars(
        [*shown.notes["attributes"], "all five"],
        {name: values.mean(0) for name, values in rows.items()},
        palette,
        low={name: values.min(0) for name, values in rows.items()},
        high={name: values.max(0) for name, values in rows.items()},
        interval=SPREAD,
        title="Held-out scenes drawn as told",
        subtitle=f"{shown.right.shape[2]} scenes, {count(shown.seeds, 'seed')}",
        category="Attribute",
        value=axis("Share of scenes", limits=(0.0, 1.05)),
        alt=alt,
        height=380,
    )


def draw_curves(result: Result, palette: Palette, shown: Shown, alt: str) -> go.Figure:
    """The trade-off: copies of located and held-out sets, and scenes, over the sparsity."""
    at = np.array(sparsities(result))
    cells = [of_cell(result, float(sparsity), shown.tau) for sparsity in at]
    mine = [group for group in shown.groups if group.located]
    others = [group for group in shown.groups if not group.located]

    def copies(name: str, mask: str, groups: list[Any], slot: int) -> Series:
        rows = [
            np.concatenate([cell.measure("ssim", mask, g) for g in groups], axis=1).mean(1)
            for cell in cells
        ]
        return _series(name, at, np.array(rows), slot)

    told = ", ".join(group.name for group in mine)
    held = ", ".join(group.name for group in others)
    series = [
        copies(f"{told}, located mask: SSIM", "located", mine, 0),
        copies(f"{held}, located mask: SSIM", "located", others, 1),
        copies(f"{told}, random mask: SSIM", "random", mine, 2),
        _series(
            "scenes, located mask: as told",
            at,
            np.array([cell.scenes("located") for cell in cells]),
            3,
        ),
    ]
    return lines(
        series,
        palette,
        title="What a larger cut costs",
        subtitle=f"masks over the first {count(shown.tau, 'step')}, {count(shown.seeds, 'seed')}",
        band=SPREAD,
        x=axis("Sparsity", "%"),
        y=axis("SSIM, or share of attributes as told", limits=(0.0, 1.05)),
        events=[Event(1.0, "1 %"), Event(100 * shown.sparsity, "shown")],
        level=(EXTRACTED, f"SSIM {EXTRACTED}"),
        alt=alt,
        height=400,
    )


def _series(name: str, at: np.ndarray, values: np.ndarray, slot: int) -> Series:
    """Means over the seeds of ``values`` (places, seeds), with the lowest and the highest."""
    return Series(
        name,
        100 * at,
        values.mean(1),
        low=values.min(1),
        high=values.max(1),
        category=slot,
    )


def pictures_table(shown: Shown) -> dict[str, Any]:
    """A row for each picture, mask and seed, with every measure."""
    masks, seeds, pictures, _ = shown.copies.shape
    rows = list(np.ndindex(masks, seeds, pictures))
    sets = [group.title for group in shown.groups for _ in range(group.count)]
    return {
        "mask": [MASKS[shown.masks[mask]] for mask, _, _ in rows],
        "repeat": [seed for _, seed, _ in rows],
        "set": [sets[picture] for _, _, picture in rows],
        "prompt": [shown.notes["captions"][picture] for _, _, picture in rows],
        **{
            measure: [float(shown.copies[(*row, at)]) for row in rows]
            for at, measure in enumerate(shown.notes["measures"])
        },
    }
