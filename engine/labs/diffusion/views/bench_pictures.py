"""Pictures of a cut: training picture, before, after and after every control."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.figures.pictures import PictureGrid
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.views.bench import (
    MASKS,
    Group,
    Shown,
    of_cell,
    short,
    sparsities,
)
from engine.labs.diffusion.views.decimals import hundredths

STATES = ("extracted", "nearest")
"""Words of the frames: extracted; not extracted, but still nearest to its own training picture."""
UNDER = "SSIM to the training picture | Carlini ratio"


def picture_rows(shown: Shown, group: Group, alt: str) -> PictureGrid:
    """The pictures of a group, row by row: training, before, after, and the controls kept."""
    pictures, labels, lines, marks = [], [], [], []
    if group.known:
        pictures.append(shown.targets[group.places])
        labels.append("training picture")
        lines.append([""] * group.count)
        marks.append([-1] * group.count)
    for mask in shown.pictures:
        kept = shown.kept(mask, group)
        if kept is None:
            continue
        pictures.append(kept)
        labels.append("before" if mask == "whole" else f"after: {MASKS[mask]}")
        told = _told(shown, group, mask)
        lines.append([line for line, _ in told])
        marks.append([state for _, state in told])
    return PictureGrid(
        np.stack(pictures),
        labels,
        [short(caption) for caption in shown.notes["captions"][group.places]],
        f"Set {group.title}: {UNDER}" if group.known else f"{group.title}: before and after",
        alt,
        lines,
        np.array(marks),
        STATES,
    )


def film(result: Result, tau: int, picture: int, alt: str) -> PictureGrid:
    """One picture of the grid under rising sparsity, after its training picture."""
    cells = [of_cell(result, sparsity, tau) for sparsity in sparsities(result)]
    group = next(g for g in cells[0].groups if g.places.start <= picture < g.places.stop)
    told = [_told(cell, group, "located")[picture - group.places.start] for cell in cells]
    frames = [cells[0].targets[picture], *(cell.pictures["located"][picture] for cell in cells)]
    return PictureGrid(
        np.stack(frames)[None],
        [short(result.notes["captions"][picture])],
        ["training picture", *(f"{100 * cell.sparsity:g} %" for cell in cells)],
        f"One picture by sparsity: {UNDER}",
        alt,
        [["", *(line for line, _ in told)]],
        np.array([[-1, *(state for _, state in told)]]),
        STATES,
    )


def _told(shown: Shown, group: Group, mask: str) -> list[tuple[str, int]]:
    """The line and the state of each picture of the first seed."""
    ssim, ratio, hit = (shown.measure(name, mask, group)[0] for name in ("ssim", "ratio", "nn_hit"))
    return [
        (
            " | ".join(hundredths(v) for v in (ssim[at], ratio[at]) if not np.isnan(v)),
            0 if ssim[at] > EXTRACTED else 1 if hit[at] == 1 else -1,
        )
        for at in range(group.count)
    ]
