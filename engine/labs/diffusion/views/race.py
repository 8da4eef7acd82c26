"""The mitigation race as figures: similarity against price, and the pictures themselves."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, PictureGrid, Point, axis, bars, scatter
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.mitigate.names import METHODS
from engine.labs.diffusion.views.decimals import hundredths
from engine.labs.diffusion.views.race_measures import (
    aim,
    extracted,
    has_scenes,
    has_targets,
    hits,
    missed,
    missed_error,
    pictures,
    price,
    relative_cost,
    similarity,
)
from engine.labs.diffusion.views.race_words import describe_front, sizes

MARKS = ("extracted", "nearest")
WRONG = ("wrong",)
FAMILIES = {
    "none": "no method",
    "prompt": "changes the prompt",
    "embedding": "changes the embedding",
    "attention": "changes attention",
    "guidance": "changes guidance",
    "weights": "changes weights",
    "control": "random control",
}


def draw_race(result: Result, palette: Palette, *, selected: str | None = None) -> go.Figure:
    """A point a method: similarity to what is to be hidden, and what goes wrong in scenes."""
    if not has_scenes(result):
        return _similarities(result, palette)
    x, y, errors, cost = (
        similarity(result), missed(result), missed_error(result), relative_cost(result)
    )  # fmt: skip
    points = [
        Point(
            float(x[i]),
            float(y[i]),
            f"{METHODS[name].title} {cost[i]:.1f}x",
            family=FAMILIES[METHODS[name].family],
            id=name,
            low=float(max(y[i] - errors[i], 0)),
            high=float(min(y[i] + errors[i], 100)),
        )
        for i, name in enumerate(result.notes["methods"])
    ]
    return scatter(
        points,
        palette,
        title="What hides copies, and what it spoils",
        x=axis(f"Mean SSIM to {aim(result)}"),
        y=axis("Scene attributes not as told", "%"),
        front=[name for name in result.notes["methods"][1:] if not METHODS[name].control],
        names=True,
        selected=selected,
        interval="one standard error over scenes",
        subtitle=f"{sizes(result)}; a label's last number is the CPU time of a picture over that "
        "of plain sampling",
        alt=describe_front(result),
        height=520,
    )


def _similarities(result: Result, palette: Palette) -> go.Figure:
    return bars(
        [METHODS[name].title for name in result.notes["methods"]],
        {"SSIM": similarity(result)},
        palette,
        title="What hides copies",
        category=axis("Method"),
        value=axis(f"Mean SSIM to {aim(result)}"),
        horizontal=True,
        subtitle=f"{sizes(result)}; no scenes that could be judged belong to this model",
        alt=describe_front(result),
    )


def race_grid(result: Result) -> PictureGrid:
    """The first seed's pictures, a row a method, below the training pictures."""
    made, level = result.array("pictures"), result.array("ssim")[:, 0]
    rows = [METHODS[name].title for name in result.notes["methods"]]
    under = [[hundredths(value) for value in row] for row in level]
    marks = np.where(level > EXTRACTED, 0, -1)
    if (near := result.fields.get("nn_hit")) is not None:
        marks = np.where((marks < 0) & near.array[:, 0], 1, marks)
    if has_targets(result):
        made = np.concatenate([result.array("targets")[None], made])
        rows, under = ["training picture", *rows], [[""] * made.shape[1], *under]
        marks = np.concatenate([np.full((1, made.shape[1]), -1), marks])
    names = MARKS if has_targets(result) else ("as plain", "nearest")
    return PictureGrid(
        made,
        rows,
        [str(i + 1) for i in range(made.shape[1])],
        title="The same prompts and noises through every method",
        alt=f"SSIM to {aim(result)} under each picture. {describe_front(result)}",
        under=under,
        marks=marks,
        mark_names=names,
    )


def grid_place(result: Result, row: int) -> int | None:
    """The method of a row of ``race_grid``; None for the training pictures."""
    at = row - int(has_targets(result))
    return at if at >= 0 else None


def scene_grid(result: Result) -> PictureGrid:
    """The first seed's scenes, framed where an attribute is not as told."""
    right = result.array("right")[:, 0]  # method scene attribute
    names = result.notes["attributes"]
    under = [[", ".join(n for n, ok in zip(names, one, strict=True) if not ok) for one in row]
             for row in right]  # fmt: skip
    wrong = missed(result)
    worst = int(np.argmax(wrong))
    return PictureGrid(
        result.array("scene_pictures"),
        [METHODS[name].title for name in result.notes["methods"]],
        [str(i + 1) for i in range(right.shape[1])],
        title="Scenes that were never trained, through every method",
        alt=f"Most attributes are wrong with {METHODS[result.notes['methods'][worst]].title}: "
        f"{wrong[worst]:.0f} %; without a method {wrong[0]:.0f} %.",
        under=under,
        marks=np.where(right.all(-1), -1, 0),
        mark_names=WRONG,
    )


def race_table(result: Result) -> dict[str, list[object]]:
    """A row for each method: copies, price and time."""
    names = result.notes["methods"]
    level, cost = result.array("ssim"), relative_cost(result)
    by_seed = level.mean(2)
    table: dict[str, list[object]] = {
        "method": [METHODS[name].title for name in names],
        "from": [METHODS[name].source for name in names],
        "SSIM": [round(float(v), 3) for v in similarity(result)],
        "SSIM by seed": [", ".join(f"{v:.2f}" for v in row) for row in by_seed],
        "SSIM, spread over pictures": [round(float(v), 3) for v in level.std((1, 2))],
        f"extracted of {pictures(result)}": [int(v) for v in extracted(result)],
    }
    if (near := hits(result)) is not None:
        table[f"nearest is the target, of {pictures(result)}"] = [int(v) for v in near]
    if has_scenes(result):
        told = result.array("right")
        table["attributes as told [%]"] = [round(float(v), 1) for v in 100 - missed(result)]
        for i, name in enumerate(result.notes["attributes"]):
            table[f"{name} [%]"] = [round(100 * float(v), 1) for v in told[..., i].mean((1, 2))]
        table["lost [points]"] = [round(price(result, i).points, 1) for i in range(len(names))]
        table["standard error [points]"] = [
            round(price(result, i).error, 1) for i in range(len(names))
        ]
    table["CPU time of a picture, relative"] = [round(float(v), 2) for v in cost]
    table["CPU seconds to fit"] = [round(float(v), 2) for v in result.notes["fitting"]]
    return table
