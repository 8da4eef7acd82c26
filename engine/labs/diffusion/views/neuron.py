"""One column of a layer: what excites it, when and where, and pictures without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core import Result
from engine.figures import Palette, PictureGrid, Series, axis, bars, lines
from engine.labs.diffusion.layer_names import layer_label

WITHOUT, WITH = 0, 1
ROWS = ("unpruned model", "where it is active", "this column off", "another column off")


def norms(result: Result) -> np.ndarray:
    """The column's norm over a picture's places, as the score uses it: (half, prompt, step)."""
    return np.sqrt(np.square(result.array("activity").astype(np.float64)).sum((-1, -2)))


def draw_prompts(result: Result, palette: Palette) -> go.Figure:
    """How much every prompt excites the column, and the same pictures without their prompt."""
    held = norms(result).mean(-1)
    return bars(
        prompt_labels(result.notes["prompts"], result.notes["others"]),
        {"with its prompt": held[WITH], "without, on the same noise": held[WITHOUT]},
        palette,
        horizontal=True,
        title="Which prompts excite it",
        subtitle=f"mean over {held_steps(result)} steps",
        category="Prompt",
        value="Norm of the column",
        alt=describe_prompts(result),
    )


def prompt_labels(prompts: Sequence[str], others: Sequence[str]) -> list[str]:
    """Prompts without the words that all of them begin with; the ordinary ones say so."""
    split = [each.split() for each in (*prompts, *others)]
    least = min(map(len, split))
    shared = 0
    while shared < least - 1 and len({words[shared] for words in split}) == 1:
        shared += 1
    shown = [" ".join(words[shared:]) for words in split]
    count = len(prompts)
    return [*shown[:count], *(f"ordinary: {each}" for each in shown[count:])]


def describe_prompts(result: Result) -> str:
    """The means of both lists, the strongest prompt, and how much is owed to the prompts."""
    held = norms(result).mean(-1)
    count = len(result.notes["prompts"])
    mine, others = held[WITH, :count], held[WITH, count:]
    every = [*result.notes["prompts"], *result.notes["others"]]
    strongest = every[int(held[WITH].argmax())]
    layer = layer_label(result.notes["layer_name"])
    return (
        f"Column {int(result.number('column'))} of {layer} has a norm of "
        f"{mine.mean():.2f} for the prompts ({mine.min():.2f} to {mine.max():.2f}), "
        f"{others.mean():.2f} for ordinary ones ({others.min():.2f} to {others.max():.2f}) and "
        f'{held[WITHOUT, :count].mean():.2f} without a prompt. Most for "{strongest}".'
    )


def draw_steps(result: Result, palette: Palette) -> go.Figure:
    """The column's norm over the steps, for both lists and without a prompt."""
    held, count = norms(result), len(result.notes["prompts"])
    at = np.arange(1, held_steps(result) + 1)
    named = {
        "the prompts": held[WITH, :count],
        "ordinary prompts": held[WITH, count:],
        "no prompt": held[WITHOUT, :count],
    }
    return lines(
        [
            Series(name, at, each.mean(0), each.min(0), each.max(0), category=slot)
            for slot, (name, each) in enumerate(named.items())
        ],
        palette,
        title="At which steps",
        x=axis("Step"),
        y=axis("Norm of the column"),
        band="least to most excited prompt",
        alt=describe_steps(result),
    )


def describe_steps(result: Result) -> str:
    """The step with the largest mean norm, and that of the largest contrast."""
    held, count = norms(result), len(result.notes["prompts"])
    mine, others = held[WITH, :count].mean(0), held[WITH, count:].mean(0)
    return (
        f"The prompts excite it most at step {int(mine.argmax()) + 1} of {held_steps(result)} "
        f"({mine.max():.2f}); they exceed ordinary ones most at step "
        f"{int((mine - others).argmax()) + 1} (by {(mine - others).max():.2f})."
    )


def held_steps(result: Result) -> int:
    """Steps of the sampling."""
    return result.array("activity").shape[2]


def picture_grid(result: Result, palette: Palette) -> PictureGrid:
    """Training pictures where there are some, the unpruned model, the map, and both cuts."""
    made = result.array("pictures")
    count = made.shape[1]
    similar = result.array("ssim") if "ssim" in result.fields else None
    change = result.array("change")
    rows = [made[0], overlay(result, palette), made[1], made[2]]
    under = [_lines(similar, change, 0, count), [""] * count, _lines(similar, change, 1, count),
             _lines(similar, change, 2, count)]  # fmt: skip
    labels = list(ROWS)
    if "targets" in result.fields:
        rows.insert(0, result.array("targets"))
        under.insert(0, [""] * count)
        labels.insert(0, "training picture")
    return PictureGrid(
        pictures=np.stack(rows),
        row_labels=labels,
        column_labels=[str(at + 1) for at in range(count)],
        title="Pictures without the column",
        alt=describe_cut(result),
        under=under,
    )


def overlay(result: Result, palette: Palette) -> np.ndarray:
    """The unpruned model's pictures under the column's size at every place, mean over steps.

    uint8 (prompts, height, width, 3). One scale for all pictures: its top is the largest size.
    """
    pictures = result.array("pictures")[0].astype(np.float64)
    count, height, width = pictures.shape[:3]
    size = np.abs(result.array("activity")[WITH, :count].astype(np.float64)).mean(1)
    top = size.max()
    levels = np.rint(255 * size / top).astype(int) if top else np.zeros(size.shape, int)
    colours = palette.lut("sequential")[levels].astype(np.float64)  # prompts rows columns 3
    large = colours.repeat(height // size.shape[1], 1).repeat(width // size.shape[2], 2)
    grey = pictures.mean(-1, keepdims=True)
    return np.rint(0.7 * large + 0.3 * grey).astype(np.uint8)


def describe_cut(result: Result) -> str:
    """What switching the column off does to the pictures, beside another column."""
    count = int(result.number("pictures"))
    change = result.array("change")
    column, another = int(result.number("column")), int(result.number("another"))
    sizes = (
        f"Without column {column} ({int(result.number('weights_cut'))} of "
        f"{int(result.number('weights')):,} weights) the {count} pictures differ by "
        f"{change[1].mean():.2%} of the range from pixel to pixel (root mean square), without "
        f"column {another}, drawn at random, by {change[2].mean():.2%}."
    )
    if "ssim" not in result.fields:
        return sizes
    similar, line = result.array("ssim"), result.number("extracted_from")
    held = [int((row > line).sum()) for row in similar]
    told = (
        f"SSIM to the training pictures: {similar[0].mean():.3f} unpruned, {similar[1].mean():.3f} "
        f"without it, {similar[2].mean():.3f} without the other; {held[0]}, {held[1]} and "
        f"{held[2]} of {count} are extracted."
    )
    verdict = (
        "This column alone hides none of the pictures."
        if held[1] == held[0]
        else f"This column alone takes {held[0] - held[1]} of the pictures below the line."
        if held[1] < held[0]
        else "Without this column more pictures are extracted."
    )
    return f"{sizes} {told} {verdict}"


def _lines(similar: np.ndarray | None, change: np.ndarray, way: int, count: int) -> list[str]:
    """The words under a row of pictures: SSIM where there are targets, else the change."""
    if similar is not None:
        return [f"SSIM {similar[way, at]:.2f}" for at in range(count)]
    return [f"change {change[way, at]:.1%}" for at in range(count)]
