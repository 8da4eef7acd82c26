"""Border keys by number of copies, beside the memory of the pictures themselves."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent
from engine.figures import Palette, PictureGrid, Point, Series, axis, lines, scatter
from engine.labs.diffusion.config.keys import COPIES, KNOWN, RUNGS
from engine.labs.diffusion.views.verdict import LINE

MOST_COLUMNS = 8
KEY_KNOWN = "key known"


def key_error(result: Result) -> np.ndarray:
    """Distance of the guessed from the true key, 0 to 1, (mode, picture, seed)."""
    return np.abs(result.array("guess") - result.array("key")[None, :, None])


def rungs(result: Result) -> list[str]:
    """The rungs in the result, from most copies to none."""
    return [name for name in RUNGS if name in result.notes["rungs"]]


def members(result: Result, rung: str) -> np.ndarray:
    """Positions of a rung's pictures."""
    return np.flatnonzero(np.array(result.notes["rungs"]) == rung)


def rung_name(rung: str) -> str:
    """A rung as the page calls it."""
    copies = COPIES[rung]
    return "never trained" if not copies else "1 copy" if copies == 1 else f"{copies} copies"


def draw_errors(result: Result, palette: Palette) -> go.Figure:
    """Mean key error of every rung, a line for each way of asking, with the control's level."""
    errors = key_error(result).mean(-1)
    order = rungs(result)[::-1]
    places = np.arange(len(order))
    series = []
    for mode, name in enumerate(result.notes["modes"]):
        each = [errors[mode, members(result, rung)] for rung in order]
        series.append(
            Series(
                name,
                places,
                [row.mean() for row in each],
                [np.percentile(row, 25) for row in each],
                [np.percentile(row, 75) for row in each],
            )
        )
    chance = result.number("chance_error")
    figure = lines(
        series,
        palette,
        title="Key error by number of copies",
        subtitle=_sample(result),
        x=axis("Copies in training"),
        y=axis("Key error, share of the grey scale"),
        level=(chance, "always guessing middle grey"),
        band="middle half of the pictures",
        alt=describe_keys(result),
        height=420,
    )
    return figure.update_xaxes(
        tickvals=places.tolist(), ticktext=["none", *(str(COPIES[rung]) for rung in order[1:])]
    )


def draw_both(result: Result, palette: Palette) -> go.Figure:
    """Each picture by how well it is recalled and how well its key is known."""
    errors, ssim = key_error(result)[0].mean(-1), result.array("picture_ssim").mean(-1)
    points = [
        Point(float(ssim[at]), float(errors[at]), result.notes["prompts"][at], rung_name(rung))
        for rung in rungs(result)
        for at in members(result, rung).tolist()
    ]
    return scatter(
        points,
        palette,
        title="Memory of the picture and of its key",
        subtitle=f"a dot a picture; {_sample(result)}",
        x=axis("SSIM of the picture sampled from its caption"),
        y=axis("Key error, share of the grey scale"),
        x_line=(LINE, f"extracted over {LINE}"),
        alt=describe_both(result),
    )


def keys_grid(result: Result, rung: str) -> PictureGrid:
    """Pictures of a rung with their true border, and what the model makes in each way."""
    at = members(result, rung)[:MOST_COLUMNS]
    key, guess = result.array("key")[at], result.array("guess")[:, at, 0]
    made = result.array("pictures")[:, at]
    known = np.abs(guess - key) <= KNOWN
    level = [f"key {255 * value:.0f}" for value in key]
    return PictureGrid(
        np.concatenate([result.array("targets")[at][None], made]),
        ["true key", *result.notes["modes"]],
        [str(place + 1) for place in range(len(at))],
        title=f"Borders: {rung_name(rung)}",
        alt=describe_rung(result, rung),
        under=[level, *([f"{255 * value:.0f}" for value in row] for row in guess)],
        marks=np.concatenate([np.full((1, len(at)), -1), np.where(known, 0, -1)]),
        mark_names=(KEY_KNOWN,),
    )


def known_share(result: Result, mode: int, rung: str) -> float:
    """How many of a rung's keys are guessed within the line, over pictures and seeds."""
    return float(known_shares(result, mode, rung).mean())


def known_shares(result: Result, mode: int, rung: str) -> np.ndarray:
    """How many seeds guess the key within the line, of each picture of a rung."""
    return (key_error(result)[mode, members(result, rung)] <= KNOWN).mean(-1)


def describe_rung(result: Result, rung: str) -> str:
    """Key and picture of one rung in numbers."""
    at = members(result, rung)
    errors = key_error(result)[:, at].mean((1, 2))
    parts = ", ".join(
        f"{mode} {255 * error:.0f}"
        for mode, error in zip(result.notes["modes"], errors, strict=True)
    )
    ssim = result.array("picture_ssim")[at]
    return (
        f"{rung_name(rung).capitalize()} ({len(at)} pictures): mean key error in grey levels of "
        f"255: {parts}. Sampled from the caption, SSIM {ssim.mean():.2f}, "
        f"{percent(float((ssim > LINE).mean()))} extracted."
    )


def describe_keys(result: Result) -> str:
    """Key error of the most copied, of single ones, and of the never-trained control."""
    parts = []
    for rung in rungs(result):
        at = members(result, rung)
        error = key_error(result)[0, at].mean()
        middle = float(np.abs(result.array("key")[at] - 0.5).mean())
        parts.append(f"{rung_name(rung)} {255 * error:.0f} (always middle grey {255 * middle:.0f})")
    return (
        f"Given the picture and its caption, the mean key error in grey levels of 255: "
        f"{', '.join(parts)}. Middle grey over all of them: "
        f"{255 * result.number('chance_error'):.0f}."
    )


def describe_control(result: Result) -> str:
    """Whether the control is where someone who knows nothing would be."""
    rung = members(result, "unseen")
    error = key_error(result)[0, rung].mean()
    share = known_share(result, 0, "unseen")
    key = result.array("key").astype(float)[rung]
    chance = float(np.abs(key - 0.5).mean())  # of these keys, which are few
    drawn = float((key**2 + (1 - key) ** 2).mean() / 2)  # of a grey drawn evenly
    return (
        f"The control: for never-trained pictures the error is {255 * error:.0f}, against "
        f"{255 * chance:.0f} for always guessing middle grey and {255 * drawn:.0f} for a grey "
        "drawn by chance, and "
        f"{percent(share)} of the guesses come within {percent(KNOWN)} of the scale by luck."
    )


def describe_both(result: Result) -> str:
    """Where key memory and picture memory agree, and where one is there without the other."""
    known = key_error(result)[0].mean(-1) <= KNOWN
    recalled = result.array("picture_ssim").mean(-1) > LINE
    trained = result.array("copies") > 0
    both = int((known & recalled & trained).sum())
    only_key = int((known & ~recalled & trained).sum())
    only_picture = int((~known & recalled & trained).sum())
    of = int(trained.sum())
    return (
        f"Of {of} trained pictures (key known: within {percent(KNOWN)}), extracted with their key "
        f"known: {both}; extracted only: {only_picture}; key known only: {only_key}; neither: "
        f"{of - both - only_key - only_picture}."
    )


def describe_first(result: Result) -> str:
    """From how many copies on keys and pictures are known more often than not."""

    def least(shares: Mapping[str, float]) -> str:
        over = takewhile(lambda rung: shares[rung] > 0.5, (r for r in shares if COPIES[r]))
        last = [COPIES[rung] for rung in over]
        return f"from {last[-1]} on" if last else "on no rung"

    keys = {rung: known_share(result, 0, rung) for rung in rungs(result)}
    ssim = result.array("picture_ssim")
    pictures = {rung: float((ssim[members(result, rung)] > LINE).mean()) for rung in rungs(result)}
    return (
        f"By number of copies, most keys are known {least(keys)}; most pictures are extracted "
        f"{least(pictures)}."
    )


def describe_modes(result: Result) -> str:
    """What carries the key, picture or caption, on the highest rung."""
    rung = rungs(result)[0]
    errors = 255 * key_error(result)[:, members(result, rung)].mean((1, 2))
    parts = [
        f"{name} {error:.0f}" for name, error in zip(result.notes["modes"], errors, strict=True)
    ]
    least = result.notes["modes"][int(errors.argmin())]
    middle = 255 * float(np.abs(result.array("key")[members(result, rung)] - 0.5).mean())
    return (
        f"With {rung_name(rung)}, by what the model is given, mean error in grey levels: "
        f"{', '.join(parts)}. The least error has: {least}. {_without_caption(middle, errors[1])}"
    )


def _without_caption(middle: float, error: float) -> str:
    """Whether the picture alone, with no caption, gives its key away."""
    if error >= 0.9 * middle:
        return (
            "Without its caption the picture gives its key away no better than a guess: the key "
            "hangs on the caption."
        )
    return "Without its caption the picture still gives its key away better than a guess."


def _sample(result: Result) -> str:
    sizes = [len(members(result, rung)) for rung in rungs(result)]
    seeds = result["guess"].size("seed")
    return f"{min(sizes)} to {max(sizes)} pictures a rung, {seeds} sampling seeds"


def keys_table(result: Result) -> Mapping[str, Any]:
    """A row for each picture, for files."""
    errors = key_error(result).mean(-1)
    return {
        "caption": result.notes["prompts"],
        "copies": result.array("copies"),
        "key": result.array("key"),
        **{f"error, {name}": errors[at] for at, name in enumerate(result.notes["modes"])},
        "picture ssim": result.array("picture_ssim").mean(-1),
    }
