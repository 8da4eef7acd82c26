"""Forecasts of a toy scene on the stage, the switch in time, and errors with and without it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.figures.lines import Event
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.skeleton import COUNT, FEET, FPS, INDEX
from engine.labs.motion.transient.body import scene_parents
from engine.labs.motion.transient.scenes import RATE
from engine.labs.motion.views.stage import SIDES
from engine.labs.motion.views.transient_words import (
    NAMES,
    describe_forecast,
    describe_switch,
)

DRIVEN = (INDEX["right_elbow"], INDEX["right_wrist"])  # joints that the hand's forecast moves


def scene_stage(result: Result) -> Stage:
    """What happened and both forecasts; lit is what reads the transient state."""
    positions = _positions(result)
    names = ("What happened", *(NAMES[kind] for kind in result.notes["kinds"]))
    frames = positions.shape[1]
    start = FPS * int(result.number("known")) / RATE
    share = _by_frame(result.array("window_switch"), frames)
    light = np.zeros((frames, positions.shape[2]), dtype=np.float32)
    light[:, [*DRIVEN, *range(COUNT, positions.shape[2])]] = share[:, None]
    lanes = [Lane(names[0], positions[0], under="two seconds seen, two to come")]
    lanes.append(
        Lane(names[1], positions[1], under="lit: read from the transient state",
             ghost=positions[0], light=light)
    )  # fmt: skip
    lanes.append(
        Lane(names[2], positions[2], under="all read from the persistent state",
             ghost=positions[0])
    )  # fmt: skip
    first = int(result.number("first"))
    contact = result.array("contact")[first : first + len(result.array("window_switch"))]
    strips = [
        Strip("Forecast", "segments", np.array([[start, frames - 1]], dtype=int), labels=["ahead"]),
        Strip("Switch p", "line", share, lane=1),
        Strip("Contact", "segments", _spans(_by_frame(contact, frames) > 0.5), lane=0,
              labels=[""] * len(_spans(_by_frame(contact, frames) > 0.5))),
    ]  # fmt: skip
    sides = (*SIDES, *[0] * (positions.shape[2] - COUNT))
    return Stage(lanes, scene_parents(), sides, "Two seconds ahead", describe_forecast(result),
                 FPS, [one for one in strips if len(one.values)], FEET)  # fmt: skip


def draw_switch(result: Result, palette: Palette) -> go.Figure:
    """The switch over the whole scene beside the contacts, with the window."""
    at = (np.arange(len(result.array("switch"))) + 1) / RATE
    first = (result.number("first") + result.number("known") - 1) / RATE
    return lines(
        [
            Series("switch p", at, result.array("switch")),
            Series("contact", at, result.array("contact").astype(float)),
        ],
        palette,
        title="The switch over the whole scene",
        subtitle="what happens is shown frame by frame; p is the share of the transient channel",
        x=axis("Time", "s"),
        y=axis("Share", limits=(-0.05, 1.25)),  # room for the label of the event
        events=[Event(first, "forecast from here")],
        alt=describe_switch(result),
        height=300,
    )


def draw_states(result: Result, palette: Palette) -> go.Figure:
    """The two lanes: sizes of the persistent and of the transient state."""
    at = (np.arange(len(result.array("switch"))) + 1) / RATE
    states = result.array("states")
    return lines(
        [Series(name, at, states[:, i]) for i, name in enumerate(("persistent", "transient"))],
        palette,
        title="Two states",
        subtitle="their norms; closed, the transient one is what the persistent one would start",
        x=axis("Time", "s"),
        y=axis("Norm of the state"),
        alt="The persistent state has a norm of "
        f"{states[:, 0].mean():.1f} on average, the transient one of {states[:, 1].mean():.1f}.",
        height=300,
    )


def draw_errors(result: Result, palette: Palette, part: str) -> go.Figure:
    """Errors of one part over the forecast, both networks."""
    at = (np.arange(int(result.number("ahead"))) + 1) / RATE
    place = result.notes["parts"].index(part)
    return lines(
        [
            Series(NAMES[kind], at, 100 * result.array("error")[i, place])
            for i, kind in enumerate(result.notes["kinds"])
        ],
        palette,
        title=f"Error of the {part}",
        x=axis("Time ahead", "s"),
        y=axis("Error", "cm"),
        alt=describe_forecast(result),
        height=280,
    )


def error_table(result: Result) -> dict[str, object]:
    """Errors in metres by time, for files."""
    table: dict[str, object] = {"s ahead": (np.arange(int(result.number("ahead"))) + 1) / RATE}
    for i, kind in enumerate(result.notes["kinds"]):
        for j, part in enumerate(result.notes["parts"]):
            table[f"{kind} {part} m"] = result.array("error")[i, j]
    return table


def _positions(result: Result) -> np.ndarray:
    return result.array("pelvis")[:, :, None] + result.array("joints").astype(np.float32)


def _by_frame(steps: np.ndarray, frames: int) -> np.ndarray:
    """Values of steps at 10 a second, of which the first leads to the second frame, at 20."""
    at = np.arange(frames) * RATE / FPS - 1
    return np.interp(at, np.arange(len(steps)), steps.astype(float)).astype(np.float32)


def _spans(inside: np.ndarray) -> np.ndarray:
    """First and last frame (n, 2) of every stretch."""
    edges = np.diff(np.pad(inside.astype(int), 1))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return np.stack([first, last], axis=1)
