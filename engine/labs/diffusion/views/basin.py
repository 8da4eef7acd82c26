"""The recall basin: SSIM along the way from one caption to another, and its pictures."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, PictureGrid, Series, axis, lines

BAND = "lowest to highest sampling seed"


def way_names(result: Result) -> list[str]:
    """Each way in words: what it leads from and to."""
    kinds = [_kind(copies) for copies in result.notes["copies"]]
    ends = ("to a scene", "to another caption", "to the scene")
    return [f"{kind} {end}" for kind, end in zip(kinds, ends, strict=True)]


def _kind(copies: int | None) -> str:
    if copies is None:
        return "caption"
    if copies == 0:
        return "caption that was never trained"
    return f"caption with {copies} {'copy' if copies == 1 else 'copies'}"


def draw_basin(result: Result, palette: Palette) -> go.Figure:
    """SSIM to the picture at the start of each way, by the share of the way."""
    share, start = result.array("share"), result.array("start")
    several = start.shape[1] > 1
    return lines(
        [
            Series(
                name,
                share,
                start[way].mean(axis=0),
                start[way].min(axis=0) if several else None,
                start[way].max(axis=0) if several else None,
            )
            for way, name in enumerate(way_names(result))
        ],
        palette,
        title="How long the first picture stays",
        subtitle=f"every point is sampled from the same noise; {start.shape[1]} sampling seeds",
        x=axis("Share of the way between both captions"),
        y=axis("SSIM to the picture at the start", limits=(-0.05, 1.05)),
        level=(result.number("extracted_over"), "0.7"),
        band=BAND,
        alt=describe_basin(result),
    )


def draw_ends(result: Result, palette: Palette, *, way: int) -> go.Figure:
    """SSIM to both ends of one way, and to the training picture where the caption has one."""
    share = result.array("share")
    names = {"start": "to the start", "end": "to the end", "target": "to the training picture"}
    series = []
    for key, name in names.items():
        values = result.array(key)[way]
        if not np.isnan(values).any():
            low, high = values.min(axis=0), values.max(axis=0)
            several = len(values) > 1
            series.append(
                Series(
                    name,
                    share,
                    values.mean(axis=0),
                    low if several else None,
                    high if several else None,
                )
            )
    first, last = result.notes["ways"][way]
    return lines(
        series,
        palette,
        title="SSIM to both ends",
        subtitle=f"from “{first}” to “{last}”",
        x=axis("Share of the way between both captions"),
        y=axis("SSIM", limits=(-0.05, 1.05)),
        level=(result.number("extracted_over"), "0.7"),
        band=BAND,
        alt=describe_way(result, way),
    )


def lost_at(result: Result) -> np.ndarray:
    """Share of each way at which the first picture is lost, (way, seed); 1: never."""
    held = result.array("start") > result.number("extracted_over")
    share = result.array("share")
    first = np.where(held.all(axis=2), len(share) - 1, np.argmin(held, axis=2))
    return share[first]


def steepest(result: Result) -> np.ndarray:
    """The largest loss of SSIM between neighbouring points of each way, (way, seed)."""
    return (-np.diff(result.array("start"), axis=2)).max(axis=2)


def describe_basin(result: Result) -> str:
    """Where each way loses its first picture, how suddenly, and whether the control differs."""
    lost, steep = lost_at(result), steepest(result)
    parts = [
        f"{name}: {_range(lost[way])} of the way, largest loss between two points "
        f"{_range(steep[way])}"
        for way, name in enumerate(way_names(result))
    ]
    return f"The first picture falls under SSIM 0.7 at: {'; '.join(parts)}. {_verdict(result)}"


def _verdict(result: Result) -> str:
    """Ways 0 and 2 lead to the same scene: one from the copied caption, one from the control."""
    lost, steep = lost_at(result)[[0, 2]], steepest(result)[[0, 2]]
    wider = lost[0].min() > lost[1].max()
    narrower = lost[0].max() < lost[1].min()
    where = (
        "is held further than that of the control in every seed"
        if wider
        else "is lost before that of the control in every seed"
        if narrower
        else "is not held further than that of the control in every seed"
    )
    sudden = (
        "goes more suddenly in every seed"
        if steep[0].min() > steep[1].max()
        else "does not go more suddenly in every seed"
    )
    return f"On the way to the scene the first caption's picture {where}, and {sudden}."


def describe_way(result: Result, way: int) -> str:
    """One way's ends, and where its picture is lost."""
    first, last = result.notes["ways"][way]
    return (
        f"From “{first}” to “{last}” the first picture falls under SSIM 0.7 at "
        f"{_range(lost_at(result)[way])} of the way."
    )


def _range(values: np.ndarray) -> str:
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return low if low == high else f"{low} to {high}"


def film(result: Result) -> PictureGrid:
    """A row for each way, its pictures of the first seed."""
    pictures, start = result.array("picture"), result.array("start")[:, 0]
    held = start > result.number("extracted_over")
    return PictureGrid(
        pictures=pictures,
        row_labels=[
            f"{'' if copies is None else f'{copies} x '}to {end}"
            for copies, end in zip(
                result.notes["copies"], ("a scene", "a caption", "the scene"), strict=True
            )
        ],
        column_labels=[f"{share:.2f}" for share in result.array("share")],
        title="Pictures on the way, first seed",
        alt="Below each picture: SSIM to the first of its row. Captions: "
        + "; ".join(f"“{first}” to “{last}”" for first, last in result.notes["ways"])
        + ".",
        under=[[f"{value:.2f}" for value in row] for row in start],
        marks=np.where(held, 0, -1),
        mark_names=("held",),
    )


def basin_table(result: Result) -> dict[str, object]:
    """A row for each way, seed and point."""
    ways, seeds, points = result.array("start").shape
    names = [f"{first} -> {last}" for first, last in result.notes["ways"]]
    return {
        "way": np.repeat(names, seeds * points),
        "seed": np.tile(np.repeat(np.arange(seeds), points), ways),
        "share": np.tile(result.array("share"), ways * seeds),
        **{name: result.array(name).reshape(-1) for name in ("start", "end", "target")},
    }
