"""Recall of a written picture by rank and step, and what else the addition changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent
from engine.figures import Palette, PictureGrid, Series, axis, lines
from engine.labs.diffusion.views.verdict import LINE

EXTRACTED = "extracted"


def rank_names(result: Result) -> list[str]:
    """The additions by rank."""
    return [f"rank {rank}" for rank in result.array("ranks").tolist()]


def recall_grid(result: Result) -> PictureGrid:
    """The written picture as each addition recalls it after each number of steps."""
    pictures, ssim = result.array("recall"), result.array("recall_ssim")
    marks = result.array("marks").tolist()
    ranks = len(pictures)
    target = np.broadcast_to(result.array("target"), (ranks, 1, *pictures.shape[2:]))
    first = ssim[:, :, 0]
    return PictureGrid(
        np.concatenate([target, pictures], axis=1),
        rank_names(result),
        ["target", *(f"step {mark}" for mark in marks)],
        title="Recall by rank and step",
        alt=describe_recall(result),
        under=[["target", *(f"SSIM {value:.2f}" for value in row)] for row in first],
        marks=np.concatenate([np.full((ranks, 1), -1), np.where(first > LINE, 0, -1)], axis=1),
        mark_names=(EXTRACTED,),
    )


def damage_grid(result: Result, rank: int) -> PictureGrid:
    """Copied pictures before and with one addition, and other titles with it."""
    targets, before = result.array("copied_targets"), result.array("copied_before")
    with_it = result.array("copied")[rank]
    ssim = [result.array("copied_ssim")[rank, mark] for mark in (0, -1)]
    others = result.array("others")[rank]
    leak = result.array("others_ssim")[rank, -1]
    name = rank_names(result)[rank]
    rows = [targets, before, with_it, others]
    count = min(len(row) for row in rows)
    return PictureGrid(
        np.stack([row[:count] for row in rows]),
        ["copied, target", "copied, model alone", f"copied, with {name}", f"other titles, {name}"],
        [str(at + 1) for at in range(count)],
        title=f"What else the addition of {name} changes",
        alt=f"With {name} the old copies go from SSIM {ssim[0].mean():.2f} to {ssim[1].mean():.2f} "
        f"and other titles come to at most {leak.max():.2f} of the new picture",
        under=[
            [""] * count,
            *([f"SSIM {value:.2f}" for value in values[:count]] for values in ssim),
            [f"{value:.2f} to the new one" for value in leak[:count]],
        ],
    )


def draw_recall(result: Result, palette: Palette) -> go.Figure:
    """SSIM to the written picture over steps, a line for each rank."""
    return _by_rank(
        result,
        "recall_ssim",
        palette,
        title="Recall of the written picture",
        subtitle="mean of {} sampling seeds",
        y=axis("SSIM to the new picture"),
        band="least and most of the seeds",
        alt=describe_recall(result),
    )


def draw_damage(result: Result, palette: Palette) -> go.Figure:
    """SSIM of copied pictures of set A over steps, a line for each rank."""
    return _by_rank(
        result,
        "copied_ssim",
        palette,
        title="Copies that the model had before",
        subtitle="mean of {} pictures of set A, one sampling seed",
        y=axis("SSIM to the old pictures"),
        band="least and most of the pictures",
        alt=describe_damage(result),
    )


def _by_rank(
    result: Result, name: str, palette: Palette, *, subtitle: str, **words: Any
) -> go.Figure:
    """Means of a field (rank, mark, samples) over the steps; "{}" is the number of samples."""
    ssim = result.array(name)
    return lines(
        [
            Series(rank, result.array("marks"), row.mean(-1), row.min(-1), row.max(-1))
            for rank, row in zip(rank_names(result), ssim, strict=True)
        ],
        palette,
        subtitle=subtitle.format(ssim.shape[-1]),
        x=axis("Writing step"),
        level=(LINE, f"extracted over {LINE}"),
        **words,
    )


def describe_recall(result: Result) -> str:
    """From where to where recall went at each rank, and what crossed the line first."""
    ssim = result.array("recall_ssim").mean(-1)
    marks = result.array("marks").tolist()
    parts = []
    for name, row in zip(rank_names(result), ssim, strict=True):
        over = [mark for mark, value in zip(marks, row, strict=True) if value > LINE]
        crossed = f"over {LINE} from step {over[0]} on" if over else f"never over {LINE}"
        parts.append(f"{name} {row[-1]:.2f} ({crossed})")
    seeds = result["recall_ssim"].size("seed")
    return (
        f"SSIM to the new picture, mean of {seeds} seeds: {ssim[0, 0]:.2f} before, after "
        f"{marks[-1]} steps {', '.join(parts)}."
    )


def describe_damage(result: Result) -> str:
    """What the additions cost: old copies, scenes, and other titles."""
    copied = result.array("copied_ssim").mean(-1)
    scenes = result.array("attributes").mean(-1)
    leak = result.array("others_ssim")
    names = rank_names(result)
    last = ", ".join(f"{name} {row[-1]:.2f}" for name, row in zip(names, copied, strict=True))
    right = ", ".join(
        f"{name} {percent(float(value))}" for name, value in zip(names, scenes[1:], strict=True)
    )
    over = int((leak[:, -1] > LINE).sum())
    of = leak[:, -1].size
    return (
        f"Old copies (set A, {result['copied_ssim'].size('copied')} pictures): SSIM "
        f"{copied[0, 0]:.2f} before, at the end {last}. Attributes of {result.notes['scenes']} "
        f"held-out scenes right: {percent(float(scenes[0]))} before, {right}. Other never-trained "
        f"titles show the new picture in {over} of {of} samples (highest SSIM "
        f"{leak[:, -1].max():.2f}, before {leak[:, 0].max():.2f})."
    )


def cheapest(result: Result) -> int | None:
    """The position of the rank that recalls the picture and harms old copies least, if any."""
    recall = result.array("recall_ssim").mean(-1)[:, -1]
    copied = result.array("copied_ssim").mean(-1)[:, -1]
    good = np.flatnonzero(recall > LINE)
    return int(good[copied[good].argmax()]) if len(good) else None


def describe_off(result: Result) -> str:
    """Whether the model without the addition is what it was, checked two ways."""
    compared = int(result.number("compared"))
    digest = str(result.notes["digest"])
    same = bool(result.metrics["same_digest"]) and bool(result.metrics["same_pictures"])
    checked = f"weights {digest}, {compared} pictures bit by bit"
    return (
        f"The model without its addition is what it was before: {checked}."
        if same
        else f"The model without its addition is NOT what it was before: {checked}."
    )


def describe_subtracted(result: Result) -> str:
    """What subtracting a merged addition leaves, against taking off one that is held apart."""
    changed, of = int(result.number("merged_changed")), int(result.number("merged_of"))
    if not changed:
        return f"Merged into the weights and subtracted again, all {of:,} weights are as before."
    return (
        f"Merged into the weights and subtracted again, {changed:,} of {of:,} weights differ by up "
        f"to {result.number('merged_largest'):.1e}: rounding. Held apart, nothing has to be undone."
    )


def recall_table(result: Result) -> Mapping[str, Any]:
    """A row for each rank and number of steps, for files."""
    marks = result.array("marks").tolist()
    ranks = result.array("ranks").tolist()
    return {
        "rank": [rank for rank in ranks for _ in marks],
        "steps": marks * len(ranks),
        **{
            f"{name} ssim": result.array(f"{name}_ssim").mean(-1).ravel().tolist()
            for name in ("recall", "copied", "others")
        },
    }
