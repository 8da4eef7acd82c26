"""Models side by side: lanes in step, strips below them, and the figures of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Event, Palette, Series, axis, lines
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.evaluation.looks import Looks, look
from engine.labs.motion.evaluation.quality import WINDOW
from engine.labs.motion.shipped import MODELS
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.views.cards import beside_real
from engine.labs.motion.views.clips import positions_of
from engine.labs.motion.views.stage import body_stage

if TYPE_CHECKING:
    from engine.labs.motion.references import Reference

LETTERS = "ABCDEFGH"
JERK_UNIT = "m/frame³"


@dataclass(frozen=True, eq=False)
class Shown:
    """One motion on the stage; ``model`` is its name in a result, None for a reference clip."""

    name: str
    positions: np.ndarray
    looks: Looks
    model: str | None = None


def models_of(result: Result) -> list[Shown]:
    """The models' motions in the order of the result."""
    found = []
    for at, name in enumerate(result.notes["models"]):
        figures = dict(zip(result.notes["measures"], result.array("measures")[at], strict=True))
        looks = Looks(
            result.array("jerk")[at],
            result.array("foot_speed")[at],
            result.array("contacts")[at],
            {key: float(value) for key, value in figures.items()},
        )
        found.append(Shown(MODELS[name], positions_of(result, at), looks, name))
    return found


def reference_of(reference: Reference, result: Result) -> Shown:
    """A reference clip, measured as the models' motions were."""
    positions = reference.positions
    return Shown(reference.name, positions, look(positions, result.number("real_jerk")))


def beside_of(shown: Sequence[Shown]) -> Shown | None:
    """The clip that is played beside the models', None where there is none."""
    return next((one for one in shown if one.model is None), None)


def skating(one: Shown) -> str:
    """The share of frames with a skating foot."""
    return f"{one.looks.figures['skate']:.0%}"


def badges(one: Shown, beside: Shown | None = None) -> str:
    """PJ, AUJ and skating in a line; in brackets the skating of ``beside``, or of real clips."""
    told = one.looks.figures
    real = beside_real("{:.0%}")
    if beside is not None and beside is not one:
        real = f"{beside.name} {skating(beside)}"
    window = (
        "shorter than a window of PJ"
        if np.isnan(told["pj"])
        else f"middle {WINDOW / FPS:g} s: PJ {told['pj']:.3f}, AUJ {told['auj']:.2f}"
    )
    return f"{window}, skating {skating(one)}{f' ({real})' if real else ''}"


def lane_stage(shown: Sequence[Shown], alt: str) -> Stage:
    """All motions in step, with jerk and foot speed below each."""
    lanes, strips = [], []
    beside = beside_of(shown)
    for at, one in enumerate(shown):
        lanes.append(
            Lane(
                one.name,
                one.positions,
                under=badges(one, beside),
                contacts=one.looks.contacts,
            )
        )
        strips += [
            Strip(
                "Jerk", "line", one.looks.jerk, lane=at, unit=JERK_UNIT
            ),
            Strip(
                "Foot speed", "line", one.looks.foot_speed, lane=at, unit="m/s"
            ),
        ]  # fmt: skip
    return body_stage(lanes, "The same text through every model", alt, strips=strips)


def blind_stage(shown: Sequence[Shown], order: Sequence[int]) -> Stage:
    """The motions in another order, without names, figures or curves."""
    lanes = [Lane(LETTERS[at], shown[place].positions) for at, place in enumerate(order)]
    return body_stage(
        lanes, "Which is which?", f"{len(lanes)} motions of the same text in random order, unnamed."
    )


def draw_jerk(
    shown: Sequence[Shown], level: float, palette: Palette, *, frame: int, alt: str
) -> go.Figure:
    """The jerk of every motion over time, the chosen frame, and the mean of the real clips."""
    series = []
    for one in shown:
        there = np.isfinite(one.looks.jerk)
        series.append(Series(one.name, np.flatnonzero(there) / FPS, one.looks.jerk[there]))
    ends = [0, max(len(one.positions) for one in shown) / FPS]
    series.append(Series("real validation clips, mean", ends, [level, level]))
    return lines(
        series,
        palette,
        title="Jerk over time",
        x=axis("Time", "s"),
        y=axis("Jerk of the worst joint", JERK_UNIT),
        events=[Event(frame / FPS, f"{frame / FPS:.2f} s")] if frame else (),
        alt=alt,
    )


def curve_table(shown: Sequence[Shown]) -> list[dict[str, str | float]]:
    """A row for each motion and frame: jerk, foot speed, and which feet touch the floor."""
    feet = ("left ankle", "left foot", "right ankle", "right foot")
    return [
        {
            "motion": one.name,
            "time [s]": frame / FPS,
            f"jerk [{JERK_UNIT}]": float(one.looks.jerk[frame]),
            "foot speed [m/s]": float(one.looks.foot_speed[frame]),
            **{
                f"{name} touches": bool(on)
                for name, on in zip(feet, one.looks.contacts[frame], strict=True)
            },
        }
        for one in shown
        for frame in range(len(one.positions))
    ]


# The measure, what it is called, its factor and its form.
ROWS = (
    ("pj", "PJ, peak jerk of the middle 30 frames [m/frame³]", 1, "{:.3f}"),
    ("auj", "AUJ, area under the jerk [m/frame³]", 1, "{:.2f}"),
    ("jerk", "mean jerk [m/frame³]", 1, "{:.3f}"),
    ("skate", "frames with a skating foot [%]", 100, "{:.0f}"),
    ("floating", "lowest point of the feet, mean height [cm]", 100, "{:.1f}"),
    ("stretch", "variation of bone lengths [%]", 100, "{:.1f}"),
    ("turned", "turned, left positive [°]", 1, "{:.0f}"),
    ("forward", "forward [m/s]", 1, "{:.2f}"),
    ("sideways", "sideways, left positive [m/s]", 1, "{:.2f}"),
    ("left_travel", "way of the left wrist [m]", 1, "{:.1f}"),
    ("right_travel", "way of the right wrist [m]", 1, "{:.1f}"),
    ("left_reach", "left wrist over its shoulder, at most [cm]", 100, "{:.0f}"),
    ("right_reach", "right wrist over its shoulder, at most [cm]", 100, "{:.0f}"),
    ("feet", "both feet up, at most [cm]", 100, "{:.0f}"),
    ("rise", "pelvis up, at most [cm]", 100, "{:.0f}"),
)


def figure_table(shown: Sequence[Shown], result: Result) -> list[dict[str, str]]:
    """A row for everything that was measured, a column for each motion."""
    rows = [
        {"Measured": title}
        | {one.name: _written(factor * one.looks.figures[name], form) for one in shown}
        for name, title, factor, form in ROWS
    ]
    spent = dict(zip(result.notes["models"], result.notes["cpu_seconds"], strict=True))
    seconds = {one.name: f"{spent[one.model]:.2f}" if one.model in spent else "" for one in shown}
    return [*rows, {"Measured": "sampling, one thread [CPU s]"} | seconds]


def _written(value: float, form: str) -> str:
    text = "" if np.isnan(value) else form.format(value)
    return text.removeprefix("-") if text and not float(text) else text
