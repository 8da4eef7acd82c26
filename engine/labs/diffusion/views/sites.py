"""The same share cut at every kind of layer: bars, a table, and where it hits the copies most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, axis, bars
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.views.bench import groups_of
from engine.labs.diffusion.views.bench_bars import SPREAD

SHORT = {
    "ff_out": "feed-forward, second",
    "ff_in": "feed-forward, first",
    "cross_k": "cross-attention keys",
    "cross_v": "cross-attention values",
    "cross_out": "cross-attention output",
    "conv": "convolutions",
    "text": "text encoder",
}
"""Sites as a figure's axis names them."""
CUTS = ("located", "at random")
KEPT = 0.05
"""Scenes that lose less than this share of attributes count as kept."""


@dataclass(frozen=True, eq=False)
class Row:
    """One site under one mask, every measure by seed."""

    title: str
    mine: np.ndarray
    held: np.ndarray
    over: np.ndarray
    near: np.ndarray
    scenes: np.ndarray


def rows_of(result: Result, mask: str) -> list[Row]:
    """Every site under a mask, "located" or "random"."""
    at = result.notes["masks"].index(mask)
    copies, right = result.array("copies")[:, at], result.array("right")[:, at]
    return [
        _row(result, SHORT[name], copies[site], right[site])
        for site, name in enumerate(result.notes["sites"])
    ]


def whole_of(result: Result) -> Row:
    """The model without a cut."""
    return _row(result, "unpruned model", result.array("whole_copies"), result.array("whole_right"))


def _row(result: Result, title: str, copies: np.ndarray, right: np.ndarray) -> Row:
    groups, ssim = groups_of(result.notes), result.notes["measures"].index("ssim")
    mine = next(group.places for group in groups if group.located)
    others = np.concatenate(
        [np.arange(g.places.start, g.places.stop) for g in groups if not g.located]
    )
    return Row(
        title=title,
        mine=copies[:, mine, ssim].mean(1),
        held=copies[:, others, ssim].mean(1),
        over=(copies[:, mine, ssim] > EXTRACTED).mean(1),
        near=copies[:, mine, result.notes["measures"].index("nn_hit")].mean(1),
        scenes=right.mean((1, 2)),
    )


def draw_sites(result: Result, palette: Palette, alt: str) -> go.Figure:
    """Located and random cuts at every site, with the unpruned model above them."""
    whole, located, random = whole_of(result), rows_of(result, "located"), rows_of(result, "random")
    groups = groups_of(result.notes)
    mine = next(group.name for group in groups if group.located)
    held = " and ".join(group.name for group in groups if not group.located)
    values = {
        f"{mine}: SSIM, located": [one.mine for one in (whole, *located)],
        f"{mine}: SSIM, at random": [one.mine for one in (whole, *random)],
        f"{held}: SSIM, located": [one.held for one in (whole, *located)],
        "scenes as told, located": [one.scenes for one in (whole, *located)],
        "scenes as told, at random": [one.scenes for one in (whole, *random)],
    }
    return bars(
        [one.title for one in (whole, *located)],
        {name: np.array([one.mean() for one in rows]) for name, rows in values.items()},
        palette,
        low={name: np.array([one.min() for one in rows]) for name, rows in values.items()},
        high={name: np.array([one.max() for one in rows]) for name, rows in values.items()},
        interval=SPREAD,
        horizontal=True,
        title="The same share cut at every site",
        subtitle=f"{sizes(result)}, {count(result.number('seeds'), 'seed')}",
        category="Site",
        value=axis("SSIM, or share of attributes as told", limits=(0.0, 1.05)),
        alt=alt,
        height=130 + 92 * (1 + len(located)),
    )


def sizes(result: Result) -> str:
    """How many pictures stand behind the bars."""
    groups = groups_of(result.notes)
    parts = [f"{group.count} pictures of {group.name}" for group in groups]
    return f"{', '.join(parts)}, {result.array('right').shape[3]} scenes"


def describe_sites(result: Result) -> str:
    """Where the cut hits the located copies most, and where it does so without harm to scenes."""
    whole, located, random = whole_of(result), rows_of(result, "located"), rows_of(result, "random")
    mine = next(group.name for group in groups_of(result.notes) if group.located)
    drops = [whole.mine.mean() - one.mine.mean() for one in located]
    chance = [whole.mine.mean() - one.mine.mean() for one in random]
    harms = [whole.scenes.mean() - one.scenes.mean() for one in located]
    if max(drops) < KEPT:
        return f"At no site the located cut lowers {mine}'s SSIM by {KEPT} or more."

    carried = [whole.held.mean() - one.held.mean() for one in located]
    others = " and ".join(group.name for group in groups_of(result.notes) if not group.located)

    def told(at: int) -> str:
        return (
            f"{located[at].title}: {mine}'s SSIM falls by {drops[at]:.2f} (at random by "
            f"{chance[at]:.2f}), that of {others} by {carried[at]:.2f}, and scenes lose "
            f"{100 * harms[at]:.1f} points"
        )

    most = int(np.argmax(drops))
    apart = int(np.argmax(np.subtract(drops, carried)))
    words = f"The located cut hits hardest at {told(most)}."
    if apart != most:
        words += f" It is most its own set's at {told(apart)}."
    spared = [at for at, harm in enumerate(harms) if harm <= KEPT and drops[at] >= KEPT]
    if not spared:
        return f"{words} No site loses its copies while scenes keep theirs."
    best = max(spared, key=lambda at: drops[at] - chance[at])
    if best in (most, apart):
        return f"{words} Scenes lose at most 5 points at {located[best].title}."
    return (
        f"{words} Of the sites where scenes lose at most 5 points, the strongest is {told(best)}."
    )


def site_table(result: Result) -> dict[str, Any]:
    """A row for each site and mask."""
    rows = [("", whole_of(result), 0, 0)]
    for at, pair in enumerate(
        zip(rows_of(result, "located"), rows_of(result, "random"), strict=True)
    ):
        cut, weights = int(result.array("cut")[at]), int(result.array("weights")[at])
        rows += [(name, row, cut, weights) for name, row in zip(CUTS, pair, strict=True)]
    return {
        "Site": [row.title for _, row, _, _ in rows],
        "Cut": [name for name, _, _, _ in rows],
        "Weights cut": [cut for _, _, cut, _ in rows],
        "Weights": [weights for _, _, _, weights in rows],
        "SSIM": [float(row.mine.mean()) for _, row, _, _ in rows],
        "Over 0.7": [float(row.over.mean()) for _, row, _, _ in rows],
        "Nearest is target": [float(row.near.mean()) for _, row, _, _ in rows],
        "SSIM held out": [float(row.held.mean()) for _, row, _, _ in rows],
        "Scenes as told": [float(row.scenes.mean()) for _, row, _, _ in rows],
    }
