"""The attack as pictures and figures: the film of a search, before and after, losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, PictureGrid, Series, axis, bars, lines
from engine.labs.diffusion.views.verdict import LINE, describe_controls, means, of_picture

EXTRACTED = "extracted"
OVER = (EXTRACTED,)


def film_grid(result: Result, picture: int) -> PictureGrid:
    """One picture's search in every case: the target, then a sample from every kept embedding."""
    film, ssim = result.array("film")[:, picture], result.array("film_ssim")[:, picture]
    targets = _targets(result, picture)
    steps = result.array("film_step").tolist()
    under = [["target", *(f"SSIM {value:.2f}" for value in row)] for row in ssim]
    cases = result.notes["cases"]
    return PictureGrid(
        np.concatenate([targets[:, None], film], axis=1),
        cases,
        ["target", *(f"step {step}" for step in steps)],
        title=f"What the search finds, picture {picture + 1}",
        alt="; ".join(
            f"{case}: SSIM {row[0]:.2f} at the start, {row[-1]:.2f} at the end of the search"
            for case, row in zip(cases, ssim, strict=True)
        ),
        under=under,
        marks=_marks(np.concatenate([np.zeros((len(cases), 1)), ssim], axis=1)),
        mark_names=OVER,
    )


def seeds_grid(result: Result, picture: int) -> PictureGrid:
    """Before from the prompt and after from the found embedding, with seeds of their own."""
    before, after = (result.array(name)[:, picture] for name in ("before", "after"))
    ssim = np.concatenate(
        [result.array(f"ssim_{name}")[:, picture] for name in ("before", "after")], axis=1
    )
    number = before.shape[1]
    targets = _targets(result, picture)
    cases = result.notes["cases"]
    columns = [f"{word} {seed + 1}" for word in ("before", "after") for seed in range(number)]
    return PictureGrid(
        np.concatenate([targets[:, None], before, after], axis=1),
        cases,
        ["target", *columns],
        title=f"Before and after with {number} sampling seeds, picture {picture + 1}",
        alt=f"Picture {picture + 1} in the pruned model: {of_picture(result, picture)}",
        under=[["target", *(f"{value:.2f}" for value in row)] for row in ssim],
        marks=_marks(np.concatenate([np.zeros((len(cases), 1)), ssim], axis=1)),
        mark_names=OVER,
    )


def _targets(result: Result, picture: int) -> np.ndarray:
    kinds = result.array("targets")[:, picture]
    return np.stack([kinds[case % 2] for case in range(len(result.notes["cases"]))])


def _marks(ssim: np.ndarray) -> np.ndarray:
    return np.where(ssim > LINE, 0, -1)


def draw_reach(result: Result, palette: Palette) -> go.Figure:
    """Mean SSIM of the four cases before and after the search."""
    values: dict[str, list[float]] = {"before": [], "after": []}
    low: dict[str, list[float]] = {"before": [], "after": []}
    high: dict[str, list[float]] = {"before": [], "after": []}
    for case in range(len(result.notes["cases"])):
        for name in values:
            each = means(result, name, case)
            values[name].append(float(each.mean()))
            low[name].append(float(each.min()))
            high[name].append(float(each.max()))
    pictures = len(means(result, "after", 0))
    seeds = result["ssim_after"].size("seed")
    figure = bars(
        result.notes["cases"],
        values,
        palette,
        title="SSIM to the picture that was searched for",
        subtitle=f"mean of {pictures} pictures, {seeds} sampling seeds each; dotted: the line "
        f"of extraction at {LINE}",
        category=axis("Model, pictures"),
        value=axis("SSIM"),
        low=low,
        high=high,
        interval="least and most of the pictures",
        horizontal=True,
        alt=describe_controls(result),
        height=340,
    )
    return figure.add_vline(x=LINE, line={"color": palette.muted, "width": 1.25, "dash": "dot"})


def draw_each(result: Result, palette: Palette) -> go.Figure:
    """SSIM of every copied picture of the pruned model, before and after."""
    values = {name: means(result, name, 0) for name in ("before", "after")}
    raw = {name: result.array(f"ssim_{name}")[0] for name in ("before", "after")}
    count = len(values["before"])
    figure = bars(
        [f"picture {at + 1}" for at in range(count)],
        values,
        palette,
        title="Each copied picture in the pruned model",
        subtitle=f"mean of {raw['after'].shape[-1]} sampling seeds",
        category=axis("Picture"),
        value=axis("SSIM"),
        low={name: every.min(-1) for name, every in raw.items()},
        high={name: every.max(-1) for name, every in raw.items()},
        interval="least and most of the seeds",
        alt="; ".join(f"picture {at + 1} {of_picture(result, at)}" for at in range(count)),
        height=340,
    )
    return figure.add_hline(y=LINE, line={"color": palette.muted, "width": 1.25, "dash": "dot"})


def draw_losses(result: Result, palette: Palette) -> go.Figure:
    """The training loss along the search, a line for each case."""
    losses = result.array("losses")
    steps = np.arange(1, losses.shape[2] + 1)
    series = [
        Series(name, steps, losses[case].mean(0), losses[case].min(0), losses[case].max(0))
        for case, name in enumerate(result.notes["cases"])
    ]
    last = losses[:, :, -min(10, losses.shape[2]) :].mean((1, 2))
    return lines(
        series,
        palette,
        title="Loss along the search",
        subtitle=f"mean of {losses.shape[1]} pictures, new noise every step",
        x=axis("Search step"),
        y=axis("Training loss", log=True),
        band="least and most of the pictures",
        alt="Mean loss of the last steps: "
        + ", ".join(
            f"{name} {value:.3g}" for name, value in zip(result.notes["cases"], last, strict=True)
        ),
        height=380,
    )


def reach_table(result: Result) -> Mapping[str, Any]:
    """A row for each case and picture, for files."""
    cases = result.notes["cases"]
    count = len(means(result, "before", 0))
    return {
        "case": [case for case in cases for _ in range(count)],
        "picture": list(range(1, count + 1)) * len(cases),
        **{
            f"ssim {name}": [float(v) for case in range(len(cases))
                             for v in means(result, name, case)]
            for name in ("before", "after")
        },
        "moved": result.array("moved").ravel().tolist(),
    }  # fmt: skip


def loss_table(result: Result) -> Mapping[str, Any]:
    """A column for each case, mean over pictures, for files."""
    losses = result.array("losses").mean(1)
    return {
        "step": list(range(1, losses.shape[1] + 1)),
        **{name: losses[case] for case, name in enumerate(result.notes["cases"])},
    }
