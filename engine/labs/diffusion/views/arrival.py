"""When a training begins to copy: scenes and rungs by training step, and their pictures."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, PictureGrid, Series, axis, lines
from engine.figures.lines import Event
from engine.labs.diffusion.views.ladder_table import EXTRACTED, SCENES
from engine.labs.diffusion.views.ladder_words import seeds_said

SEEN, HALF = 0.8, 0.5
BAND = "lowest to highest sampling seed"


def extracted_by_step(result: Result, rung: int) -> np.ndarray:
    """Share of a rung's pictures that are extracted, (step, seed)."""
    chosen = result.array("copies") == rung
    return (result.array("ssim")[:, :, chosen] > EXTRACTED).mean(axis=2)


def scenes_by_step(result: Result) -> np.ndarray:
    """Mean share of right attributes in held-out scenes, (step, seed)."""
    return result.array("right").mean(axis=(2, 3))


def rungs_of(result: Result) -> list[int]:
    """The rungs of trained pictures, from the top."""
    return sorted({int(rung) for rung in result.array("copies") if rung > 0}, reverse=True)


def draw_arrival(result: Result, palette: Palette, *, step: int) -> go.Figure:
    """Attributes of held-out scenes and the extraction rate of every rung over training."""
    steps = result.array("step")
    curves = {"held-out scenes: attributes right": scenes_by_step(result)}
    for rung in rungs_of(result):
        name = f"{rung} {'copy' if rung == 1 else 'copies'}: extracted"
        curves[name] = extracted_by_step(result, rung)
    several = result.number("seeds") > 1
    return lines(
        [
            Series(
                name,
                steps,
                values.mean(axis=1),
                values.min(axis=1) if several else None,
                values.max(axis=1) if several else None,
            )
            for name, values in curves.items()
        ],
        palette,
        title="What a training can do at its snapshots",
        subtitle=seeds_said(int(result.number("seeds"))),
        x=axis("Training step"),
        y=axis("Share", limits=(-0.03, 1.03)),
        events=[Event(float(steps[step]), f"step {int(steps[step]):,}")],
        band=BAND,
        alt=describe_arrival(result),
        height=420,
    )


def describe_arrival(result: Result) -> str:
    """The first snapshots at which scenes are right and at which each rung is extracted."""
    steps = result.array("step")
    scenes = _first(scenes_by_step(result).mean(axis=1), SEEN)
    parts, earlier = [], []
    for rung in rungs_of(result):
        at = _first(extracted_by_step(result, rung).mean(axis=1), HALF)
        word = "copy" if rung == 1 else "copies"
        parts.append(f"{rung} {word} {'never' if at is None else f'at {int(steps[at]):,}'}")
        if at is not None and (scenes is None or at < scenes):
            earlier.append(rung)
    shown = "never" if scenes is None else f"first at step {int(steps[scenes]):,}"
    told = (
        f"Held-out scenes have {SEEN:.0%} of their attributes right {shown} "
        f"(shares at the snapshots: {_values(scenes_by_step(result).mean(axis=1))}). "
        f"Half of a rung's pictures are extracted first: {', '.join(parts)}."
    ).replace("%", " %")
    if scenes is None or all(part.endswith("never") for part in parts):
        return told + " Nothing can be said of which comes first."
    if earlier:
        return told + f" Rungs that come before the scenes: {', '.join(map(str, earlier))}."
    return told + " No rung comes before the scenes, as far as these snapshots tell."


def _first(values: np.ndarray, level: float) -> int | None:
    over = np.flatnonzero(values >= level)
    return int(over[0]) if over.size else None


def _values(values: np.ndarray) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


def arrival_table(result: Result) -> dict[str, object]:
    """A row for each snapshot and sampling seed."""
    steps, seeds = scenes_by_step(result).shape
    return {
        "step": np.repeat(result.array("step"), seeds),
        "seed": np.tile(np.arange(seeds), steps),
        "scenes": scenes_by_step(result).reshape(-1),
        **{
            f"extracted, {rung} copies": extracted_by_step(result, rung).reshape(-1)
            for rung in rungs_of(result)
        },
    }


def film(result: Result, target: np.ndarray | None, prompt: int) -> PictureGrid:
    """A row for each rung and for a scene: its first picture at every snapshot.

    The row of ``prompt``'s rung shows it, where its pictures were kept; ``target`` (prompt, ...)
    are the training pictures by prompt, black where there is none.
    """
    shown, copies = result.array("shown"), result.array("copies")
    rungs = [*rungs_of(result), 0, SCENES]
    rows = []
    for rung in rungs:
        kept = [at for at, which in enumerate(shown) if copies[which] == rung]
        rows.append(next((at for at in kept if shown[at] == prompt), kept[0]))
    made = result.array("picture")[:, rows].swapaxes(0, 1)
    similar = result.array("ssim")[:, 0, shown[rows]].T  # row step
    steps = [f"{int(step):,}" for step in result.array("step")]
    blank = np.zeros_like(made[:, :1])
    own = blank if target is None else target[shown[rows]][:, None]
    under = [[*("" if np.isnan(value) else f"{value:.2f}" for value in row), ""] for row in similar]
    marks = np.full((len(rows), len(steps) + 1), -1)
    marks[:, :-1] = np.where(similar > EXTRACTED, 0, -1)
    present = np.ones(marks.shape, bool)
    present[:, -1] = target is not None
    present[-1, -1] = False
    return PictureGrid(
        pictures=np.concatenate([made, own], axis=1),
        row_labels=[
            "scene" if rung == SCENES else "never trained" if rung == 0 else f"{rung} x"
            for rung in rungs
        ],
        column_labels=[*steps, "belongs to it"],
        title="One picture of each rung by training step",
        alt=describe_film(result),
        under=under,
        marks=marks,
        mark_names=("extracted",),
        present=present,
    )


def describe_film(result: Result) -> str:
    """What the numbers under the pictures are."""
    first, last = (f"{int(result.array('step')[at]):,}" for at in (0, -1))
    return (
        f"One picture of each rung from step {first} to {last}, all of the first sampling seed; "
        "below each its SSIM to the picture that belongs to the prompt, framed where it is "
        "extracted."
    )
