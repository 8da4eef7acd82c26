"""The pictures of a sampling: its previews in a row, and what both halves predict at one step."""

from __future__ import annotations

import numpy as np

from engine.core import Result
from engine.figures import Palette, PictureGrid
from engine.labs.diffusion.views.decimals import hundredths
from engine.labs.diffusion.views.scores import EXTRACTED, steps_of

PREDICTED = ("With the prompt", "Without it", "Difference")
TENTH = 0.1
ACROSS = 10
"""Frames of the filmstrip in a row."""


def filmstrip(result: Result, prompt: int) -> PictureGrid:
    """The preview of every step, ten in a row; those that count as extracted have a frame."""
    previews = result.array("previews")[prompt]
    count = len(previews)
    columns = min(ACROSS, count)
    rows = -(-count // columns)
    filled = np.zeros((rows * columns, *previews.shape[1:]), np.uint8)
    filled[:count] = previews
    marks = np.full(rows * columns, -1)
    words = [""] * (rows * columns)
    known = ""
    if "ssim" in result.fields:
        similar = result.array("ssim")[prompt]
        marks[:count] = np.where(similar > EXTRACTED, 0, -1)
        words[:count] = [hundredths(value) for value in similar]
        known = (
            f" {int((similar > EXTRACTED).sum())} of {count} previews have an SSIM over "
            f"{EXTRACTED} to the prompt's own picture; it stands under each."
        )
    more = ", ..." if rows > 2 else ""
    return PictureGrid(
        filled.reshape(rows, columns, *previews.shape[1:]),
        [
            f"Steps {first + 1} to {min(first + columns, count)}"
            for first in range(0, count, columns)
        ],
        [
            ", ".join(str(s + 1) for s in range(c, count, columns)[:2]) + more
            for c in range(columns)
        ],
        title="Filmstrip",
        alt=f"What each step would end in, from the noisiest to the last.{known}",
        under=[words[r * columns : (r + 1) * columns] for r in range(rows)],
        marks=marks.reshape(rows, columns),
        mark_names=("extracted",),
        present=(np.arange(rows * columns) < count).reshape(rows, columns),
    )


def frame_of(step: int, count: int) -> tuple[int, int]:
    """The row and column of a step's frame, from 0."""
    return divmod(step, min(ACROSS, count))


def step_of(place: tuple[int, int], count: int) -> int:
    """The step of a frame, from 0."""
    return place[0] * min(ACROSS, count) + place[1]


def predictions(result: Result, palette: Palette, *, prompt: int, step: int) -> PictureGrid:
    """Both predictions as noise and as clean pictures, with their difference place by place."""
    whole = result.array("where")[prompt, step]
    rows = [
        [result.array(f"{name}{kind}")[prompt, step] for name in ("prompted", "plain")]
        for kind in ("_noise", "")
    ]
    between = np.abs(rows[1][0].astype(float) - rows[1][1])
    rows[0].append(_coloured(whole, palette))
    rows[1].append(_coloured(between.mean(-1), palette))
    rows = [[_sized(picture, rows[1][0].shape[:2]) for picture in row] for row in rows]
    return PictureGrid(
        np.array(rows),
        ["As noise", "As a clean picture"],
        list(PREDICTED),
        title=f"Both predictions at step {step + 1}",
        alt=describe_predictions(result, prompt, step),
        under=[
            ["", "", f"largest {whole.max():.2g}"],
            ["", "", f"largest {between.mean(-1).max():.0f} of 255"],
        ],
    )


def known_pictures(result: Result, *, prompt: int, step: int) -> PictureGrid:
    """The preview of a step beside the prompt's own picture and the nearest training picture."""
    pictures, names, words = [result.array("previews")[prompt, step]], ["Preview"], [""]
    if "target" in result.fields:
        pictures.append(result.array("target")[prompt])
        trained = result.notes["trained"][prompt]
        names.append("Training picture" if trained else "Never trained")
        words.append(f"SSIM {hundredths(result.array('ssim')[prompt, step])}")
    alt = f"The preview of step {step + 1}."
    if "nearest" in result.fields:
        place = int(result.array("nearest")[prompt, step])
        near = result.notes["training"][place]
        pictures.append(result.array("training")[place])
        names.append("Nearest in training")
        words.append(f"SSIM {hundredths(result.array('ssim_nearest')[prompt, step])}")
        alt = f"{alt} {describe_nearest(result, prompt, step)}"
        copies = near["copies"]
        words[-1] += f", {copies} {'copy' if copies == 1 else 'copies'}"
    return PictureGrid(
        np.array(pictures)[None],
        [f"Step {step + 1}"],
        names,
        title="What it comes close to",
        alt=alt,
        under=[words],
    )


def describe_nearest(result: Result, prompt: int, step: int) -> str:
    """Which training picture the preview is nearest to."""
    near = result.notes["training"][int(result.array("nearest")[prompt, step])]
    own = near["caption"] == result.notes["prompts"][prompt]
    times = "once" if near["copies"] == 1 else f"{near['copies']} times a pass"
    whose = "that of this prompt" if own else f'that of "{near["caption"]}"'
    return f"The nearest training picture is {whose}, trained on {times}."


def describe_predictions(result: Result, prompt: int, step: int) -> str:
    """The norm of the difference, which is Wen's score, and how much of it is in few places."""
    squares = np.sort(result.array("where")[prompt, step].astype(float).ravel() ** 2)[::-1]
    few = max(1, round(TENTH * squares.size))
    share = squares[:few].sum() / squares.sum() if squares.sum() > 0 else TENTH
    score = float(result.array("wen")[prompt, step])
    return (
        f"At step {step + 1} of {steps_of(result)} both noise predictions differ by {score:.3g}, "
        f"which is Wen's score. A tenth of the places holds {100 * share:.0f} % of its square; "
        "spread evenly it would be 10 %."
    )


def _coloured(values: np.ndarray, palette: Palette) -> np.ndarray:
    """A map from zero to its largest value in the colours of the scale, uint8 (h, w, 3)."""
    table = palette.lut("sequential")
    top = float(values.max())
    places = np.rint(values / top * (len(table) - 1)) if top > 0 else np.zeros_like(values)
    return table[places.astype(int)]


def _sized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The nearest pixels of a picture at another size; noise and maps of latents are smaller."""
    rows = np.arange(size[0]) * picture.shape[0] // size[0]
    columns = np.arange(size[1]) * picture.shape[1] // size[1]
    return picture[rows][:, columns]
