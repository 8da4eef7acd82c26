"""Searches from random starts: who arrives, and whether they point to the same weights."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, PictureGrid, axis, bars
from engine.labs.diffusion.views.verdict import LINE


def starts_grid(result: Result) -> PictureGrid:
    """The target and what each start ends at, for both pictures."""
    ssim = result.array("ssim")
    count = ssim.shape[1]
    return PictureGrid(
        np.concatenate([result.array("targets")[:, None], result.array("pictures")], axis=1),
        result.notes["cases"],
        ["target", *(f"start {at + 1}" for at in range(count))],
        title="Where searches from random numbers end, unpruned model",
        alt=describe_arrivals(result),
        under=[["target", *(f"SSIM {value:.2f}" for value in row)] for row in ssim],
        marks=np.concatenate([np.full((2, 1), -1), np.where(ssim > LINE, 0, -1)], axis=1),
        mark_names=("extracted",),
    )


def draw_agreement(result: Result, palette: Palette) -> go.Figure:
    """How far the masks of each group agree, mean and span over pairs."""
    values = result.array("agreement")
    return bars(
        result.notes["groups"],
        {"agreement": values.mean(1)},
        palette,
        title="Agreement of the masks that embeddings point to",
        subtitle=f"{values.shape[1]} pairs each, mean over layers",
        category=axis("Embeddings"),
        value=axis("Intersection over union"),
        low={"agreement": values.min(1)},
        high={"agreement": values.max(1)},
        interval="least and most of the pairs",
        horizontal=True,
        alt=describe_agreement(result),
        height=300,
    )


def describe_arrivals(result: Result) -> str:
    """How many starts reach either picture, and how far apart the found embeddings lie."""
    parts = [
        f"{int((row > LINE).sum())} of {len(row)} for the {case} picture (SSIM {row.min():.2f} to "
        f"{row.max():.2f})"
        for case, row in zip(result.notes["cases"], result.array("ssim"), strict=True)
    ]
    apart = result.array("apart")[0]
    return (
        f"Over the line of {LINE} end {' and '.join(parts)}. The embeddings found for the copied "
        f"picture lie {apart.mean():.2f} of their length apart ({apart.min():.2f} to "
        f"{apart.max():.2f})."
    )


def describe_agreement(result: Result) -> str:
    """Whether triggers of one picture agree more than prompts of different pictures do."""
    values = result.array("agreement")
    own, never, others = (float(row.mean()) for row in values)
    verdict = (
        "more than the prompts of different pictures and the finds of a never-seen one do: they "
        "share something of this picture"
        if values[0].min() > max(values[1].max(), values[2].max())
        else "more than the prompts of different pictures do, and not clearly more than the finds "
        "of a never-seen picture: this may be the search's doing"
        if values[0].min() > values[2].max()
        else "not clearly more than the prompts of different pictures do: no one place is shown"
    )
    return (
        f"Masks of embeddings that were found for one copied picture agree by {own:.2f} "
        f"({values[0].min():.2f} to {values[0].max():.2f}), {verdict} ({others:.2f}, "
        f"{values[2].min():.2f} to {values[2].max():.2f}). For the never-seen picture: "
        f"{never:.2f} ({values[1].min():.2f} to {values[1].max():.2f}). "
        "Finds of one picture make that picture from the same noise, and alike pictures excite "
        "alike channels: the agreement may be the picture's, not the memory's."
    )
