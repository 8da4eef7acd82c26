"""Methods at several strengths: trade-off curves, and one of them along its strength."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Event, Palette, PictureGrid, Point, Series, axis, lines, scatter
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.mitigate.names import METHODS, SWEPT
from engine.labs.diffusion.views.decimals import hundredths
from engine.labs.diffusion.views.race_measures import (
    SMALL,
    aim,
    extracted,
    has_scenes,
    has_targets,
    missed,
    missed_error,
    pictures,
    price,
    similarity,
)
from engine.labs.diffusion.views.race_words import sizes


def swept(result: Result) -> dict[str, str]:
    """The strengths that were swept and the titles of their methods."""
    names = dict.fromkeys(name for name in result.notes["swept"] if name)
    return {name: METHODS[SWEPT[name][0]].title for name in names}


def cells(result: Result, name: str) -> list[int]:
    """Positions of a strength's cells, by rising value."""
    return [i for i, one in enumerate(result.notes["swept"]) if one == name]


def values(result: Result, name: str) -> list[float]:
    """The values of a strength, in the order of ``cells``."""
    return [float(result.notes["values"][i]) for i in cells(result, name)]


def draw_tradeoff(result: Result, palette: Palette, *, selected: int | None = None) -> go.Figure:
    """Every cell: similarity against wrong attributes, a family a method.

    The strengths of the selected cell's method stand beside their points.
    """
    x, y, errors = similarity(result), missed(result), missed_error(result)
    titles, names = swept(result), result.notes["swept"]
    named = cells(result, names[selected]) if selected is not None else []
    points = [
        Point(
            float(x[i]),
            float(y[i]),
            f"{titles[name]} {result.notes['values'][i]:g}" if name else "no method",
            family=titles.get(name, "no method"),
            id=str(i),
            low=float(max(y[i] - errors[i], 0)),
            high=float(min(y[i] + errors[i], 100)),
        )
        for i, name in enumerate(names)
    ]
    return scatter(
        points,
        palette,
        title="From weak to strong",
        x=axis(f"Mean SSIM to {aim(result)}"),
        y=axis("Scene attributes not as told", "%"),
        front=True,
        names=[str(i) for i in named],
        selected=None if selected is None else str(selected),
        interval="one standard error over scenes",
        subtitle=sizes(result),
        alt=describe_tradeoff(result),
        height=460,
    )


def draw_strength(
    result: Result, palette: Palette, name: str, *, selected: int | None = None
) -> go.Figure:
    """One method along its strength: similarity, copies and, where judged, attributes."""
    at = cells(result, name)
    x = np.array(values(result, name))
    level = result.array("ssim")[at]
    spread = level.std((1, 2))
    mean = similarity(result)[at]
    series = [
        Series(f"SSIM to {aim(result)}", x, mean, mean - spread, mean + spread),
        Series("share extracted", x, extracted(result)[at] / pictures(result)),
    ]
    if has_scenes(result):
        right = 1 - missed(result)[at] / 100
        error = missed_error(result)[at] / 100
        series.append(Series("attributes as told", x, right, right - error, right + error))
    events = [] if selected is None else [Event(float(result.notes["values"][selected]), "shown")]
    return lines(
        series,
        palette,
        title=f"{swept(result)[name].capitalize()}, by strength",
        x=axis(SWEPT[name][1].capitalize()),
        y=axis("Share or SSIM"),
        events=events,
        band="standard deviation over pictures of SSIM, standard error over scenes of attributes",
        subtitle=sizes(result),
        alt=describe_strength(result, name),
    )


def strength_grid(result: Result, at: int) -> PictureGrid:
    """The pictures to hide: trained, without a method, and in the cell ``at``."""
    made, level = result.array("pictures"), result.array("ssim")[:, 0]
    rows, shown = ["no method", _label(result, at)], [made[0], made[at]]
    under = [[hundredths(value) for value in level[i]] for i in (0, at)]
    marks = [np.where(level[i] > EXTRACTED, 0, -1) for i in (0, at)]
    if has_targets(result):
        rows, shown = ["training picture", *rows], [result.array("targets"), *shown]
        under, marks = [[""] * made.shape[1], *under], [np.full(made.shape[1], -1), *marks]
    return PictureGrid(
        np.stack(shown),
        rows,
        [str(i + 1) for i in range(made.shape[1])],
        title="Pictures to hide at this strength",
        alt=describe_copies(result, at),
        under=under,
        marks=np.stack(marks),
        mark_names=("extracted" if has_targets(result) else "as plain",),
    )


def strength_scenes(result: Result, at: int) -> PictureGrid:
    """The scenes without a method and in the cell ``at``, framed where an attribute is wrong."""
    right = result.array("right")[[0, at], 0]
    names = result.notes["attributes"]
    return PictureGrid(
        result.array("scene_pictures")[[0, at]],
        ["no method", _label(result, at)],
        [str(i + 1) for i in range(right.shape[1])],
        title="Scenes at this strength",
        alt=describe_price(result, at),
        under=[
            [", ".join(n for n, ok in zip(names, one, strict=True) if not ok) for one in row]
            for row in right
        ],
        marks=np.where(right.all(-1), -1, 0),
        mark_names=("wrong",),
    )


def describe_copies(result: Result, at: int) -> str:
    """Similarity and copies of one cell."""
    words = f"{_label(result, at).capitalize()}: mean SSIM {hundredths(similarity(result)[at])}"
    if has_targets(result):
        words += f", {extracted(result)[at]} of {pictures(result)} samples extracted"
    return f"{words}."


def describe_price(result: Result, at: int) -> str:
    """What one cell spoils."""
    return f"{_label(result, at).capitalize()} {price(result, at).words} of scene attributes."


def describe_strength(result: Result, name: str) -> str:
    """The weakest strength that leaves no copy, or that none does."""
    at, over = cells(result, name), extracted(result)
    title = swept(result)[name].capitalize()
    if not has_targets(result) or not over[0]:
        level = similarity(result)[at]
        return (
            f"{title}: mean SSIM to {aim(result)} is {level.min():.2f} to {level.max():.2f}; "
            f"without a method {similarity(result)[0]:.2f}."
        )
    clean = [i for i in at if over[i] == 0]
    if not clean:
        least = min(at, key=lambda i: over[i])
        return (
            f"{title}: no strength that was tried hides all copies; {over[least]} of "
            f"{pictures(result)} are left at {result.notes['values'][least]:g}."
        )
    # The strength with the least price: for some methods it is the smallest value, for some not.
    best = min(clean, key=lambda i: price(result, i).points) if has_scenes(result) else clean[0]
    words = (
        f"{title}: none of {pictures(result)} samples is a copy at {result.notes['values'][best]:g}"
    )
    return f"{words}, {price(result, best).words}." if has_scenes(result) else f"{words}."


def describe_tradeoff(result: Result) -> str:
    """Which methods hide all copies at some strength, and which of them at a small price."""
    over = extracted(result)
    if not has_targets(result) or not over[0]:
        return f"Similarity to {aim(result)} and wrong attributes of every strength."
    cheap, hiding = [], []
    for name, title in swept(result).items():
        clean = [i for i in cells(result, name) if over[i] == 0]
        if clean:
            hiding.append(title)
        if any(price(result, i).small for i in clean):
            cheap.append(title)
    if not hiding:
        total = len(swept(result))
        return f"None of the {total} methods hides all copies at a strength that was tried."
    words = f"None of {pictures(result)} samples is a copy at some strength of {', '.join(hiding)}"
    few = f"under {SMALL:g} points, two standard errors included"
    if not cheap:
        return f"{words}; by none of them for {few}."
    return f"{words}; for {few}, by {', '.join(cheap)}."


def strength_table(result: Result) -> dict[str, list[object]]:
    """A row for each cell."""
    titles = swept(result)
    table: dict[str, list[object]] = {
        "method": [titles.get(name, "no method") for name in result.notes["swept"]],
        "strength": [SWEPT[name][1] if name else "" for name in result.notes["swept"]],
        "value": list(result.notes["values"]),
        "SSIM": [round(float(v), 3) for v in similarity(result)],
        f"extracted of {pictures(result)}": [int(v) for v in extracted(result)],
    }
    if has_scenes(result):
        table["attributes as told [%]"] = [round(float(v), 1) for v in 100 - missed(result)]
        table["standard error [points]"] = [round(float(v), 1) for v in missed_error(result)]
    return table


def _label(result: Result, at: int) -> str:
    name = result.notes["swept"][at]
    return f"{swept(result)[name]}, {result.notes['values'][at]:g}" if name else "no method"
