"""The floor below a clip: its path from above, the feet on it, and how fast each joint moves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis
from engine.figures.axes import compose, set_unit
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.evaluation.quality import skates
from engine.labs.motion.features import contacts
from engine.labs.motion.skeleton import FEET, FPS, JOINTS, forward
from engine.labs.motion.views.floor_words import describe_clip, describe_path, name_of
from engine.labs.motion.views.stage import body_stage

FOOT_NAMES = ("left ankle", "left foot", "right ankle", "right foot")
TICK_EVERY, TICK = 10, 0.22  # frames, metres
THIN, THICK = 5.0, 16.0  # pixels
FAST = 2.0  # metres a second at which the ribbon is widest
SLOW, NARROW = 0.5, 1.2  # m/s and metres that scale and floor show at least
NO_JOINT = -1


class Stand(NamedTuple):
    """One foot at rest: which of FEET, and its frames from first to last."""

    foot: int
    first: int
    last: int


def positions_of(result: Result) -> np.ndarray:
    """Positions (frames, 22, 3) in metres."""
    return result.array("positions").astype(np.float64)


def joint_speeds(positions: np.ndarray) -> np.ndarray:
    """Metres a second (22, frames) of each joint to the next frame; the last has the one before."""
    speed = FPS * np.linalg.norm(np.diff(positions, axis=0), axis=-1).T
    return np.concatenate([speed, speed[:, -1:]], axis=1)


def stands(positions: np.ndarray) -> list[Stand]:
    """Every stretch in which an ankle or foot hardly moves."""
    found, on = [], contacts(positions) > 0
    for foot in range(len(FEET)):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], on[:, foot], [False]]).astype(int)))
        found += [Stand(foot, int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return found


def draw_path(
    result: Result, palette: Palette, *, frame: int | None = None, height: int = 470
) -> go.Figure:
    """The floor from above, ahead of the start upwards: the pelvis' way, its facing, the feet.

    A point's ``customdata[0]`` is its frame.
    """
    positions = positions_of(result)
    left, ahead = positions[:, 0, 0], positions[:, 0, 2]
    speed = FPS * np.linalg.norm(np.diff(positions[:, 0, ::2], axis=0), axis=-1)
    speed = np.append(speed, speed[-1])
    frames = np.arange(len(positions))
    figure = compose(
        palette,
        title="The path from above",
        x=axis("To the left", "m"),
        y=axis("Ahead", "m"),
        alt=describe_path(result),
        height=height,
    )
    _facing(figure, palette, positions)
    figure.add_scatter(
        x=left,
        y=ahead,
        mode="markers",
        name="pelvis",
        customdata=np.stack([frames, speed], axis=-1),
        marker={
            "size": np.clip(THIN + (THICK - THIN) * speed / FAST, THIN, THICK),
            "color": speed,
            "colorscale": palette.colorscale("sequential"),
            "cmin": 0,
            "cmax": max(float(speed.max()), SLOW),
            "line": {"width": 0},
            "colorbar": {"title": {"text": "Speed [m/s]", "side": "right"}, "thickness": 12},
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        hovertemplate="frame %{customdata[0]:.0f}<br><b>%{customdata[1]:.2f} m/s</b>"
        "<extra>pelvis</extra>",
    )
    set_unit(figure, "colorbar", "m/s")
    _feet(figure, palette, positions)
    if frame is not None:
        figure.add_scatter(
            x=left[[frame]],
            y=ahead[[frame]],
            mode="markers",
            marker={"symbol": "circle-open", "size": 22, "color": palette.accent},
            marker_line_width=3,
            name=f"frame {frame}",
            hoverinfo="skip",
        )
    figure.update_layout(clickmode="event+select", hovermode="closest", showlegend=True)
    # Left is +x, and a visitor who looks ahead has it on the left.
    figure.update_xaxes(range=_around(left)[::-1], scaleanchor="y", scaleratio=1)
    return figure.update_yaxes(range=_around(ahead))


def _around(values: np.ndarray) -> list[float]:
    """Both ends of an axis: the values with room for a step, and never less than ``NARROW``."""
    middle = float(values.max() + values.min()) / 2
    reach = max(float(np.ptp(values)) / 2 + TICK, NARROW / 2)
    return [middle - reach, middle + reach]


def _facing(figure: go.Figure, palette: Palette, positions: np.ndarray) -> None:
    ahead = forward(positions)
    ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)
    x: list[float | None] = []
    y: list[float | None] = []
    for at in range(0, len(positions), TICK_EVERY):
        start, end = positions[at, 0], positions[at, 0] + TICK * ahead[at]
        x += [start[0], end[0], None]
        y += [start[2], end[2], None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": palette.muted, "width": 2}, hoverinfo="skip",
        name=f"facing, every {TICK_EVERY} frames",
    )  # fmt: skip


def _feet(figure: go.Figure, palette: Palette, positions: np.ndarray) -> None:
    """Feet at rest, left and right by colour and sign, and where one skates."""
    for side, symbol in (("left", "triangle-left-open"), ("right", "triangle-right-open")):
        at = [one for one in stands(positions) if FOOT_NAMES[one.foot] == f"{side} foot"]
        where = np.array(
            [positions[one.first : one.last + 1, FEET[one.foot]].mean(0) for one in at]
        )
        if len(at):
            figure.add_scatter(
                x=where[:, 0],
                y=where[:, 2],
                mode="markers",
                marker={"symbol": symbol, "size": 10, "color": palette.ink},
                name=f"{side} foot at rest",
                customdata=[[one.first, one.last] for one in at],
                hovertemplate="frames %{customdata[0]} to %{customdata[1]}"
                "<extra>%{fullData.name}</extra>",
            )
    frames, feet = np.nonzero(skates(positions))
    if len(frames):
        where = positions[frames, np.array(FEET)[feet]]
        figure.add_scatter(
            x=where[:, 0],
            y=where[:, 2],
            mode="markers",
            marker={"symbol": "x", "size": 6, "color": palette.bad.colour},
            name="skating",
            customdata=[[int(f), FOOT_NAMES[k]] for f, k in zip(frames, feet, strict=True)],
            hovertemplate="frame %{customdata[0]}, %{customdata[1]}<extra>skating</extra>",
        )


def draw_contacts(result: Result, palette: Palette, *, frame: int | None = None) -> go.Figure:
    """A lane for each ankle and foot: at rest, and red where it skates."""
    positions = positions_of(result)
    every = stands(positions)
    figure = compose(
        palette,
        title="Feet on the floor",
        x=axis("Frame", limits=(0, len(positions) - 1)),
        y=axis("Foot"),
        alt=_describe_contacts(every, len(positions)),
        height=230,
    )
    _bars(
        figure, [(one.foot, one.first, one.last) for one in every], "at rest", palette.category(0)
    )
    frames, feet = np.nonzero(skates(positions))
    runs = [(int(k), int(f), int(f) + 1) for f, k in zip(frames, feet, strict=True)]
    _bars(figure, runs, "skating", palette.bad.colour, width=5)
    if frame is not None:
        figure.add_vline(x=frame, line={"color": palette.accent, "width": 2})
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(4)), ticktext=list(FOOT_NAMES), range=[3.5, -0.5],
        showgrid=False,
    )  # fmt: skip
    return figure.update_layout(showlegend=True)


def _bars(
    figure: go.Figure, runs: list[tuple[int, int, int]], name: str, colour: str, *, width: int = 13
) -> None:
    if not runs:
        return
    x: list[float | None] = []
    y: list[float | None] = []
    for lane, first, last in runs:
        x += [first, last, None]
        y += [lane, lane, None]
    figure.add_scatter(
        x=x, y=y, mode="lines", name=name, line={"color": colour, "width": width},
        hovertemplate="frame %{x}<extra>%{fullData.name}</extra>",
    )  # fmt: skip


def _describe_contacts(every: list[Stand], frames: int) -> str:
    """Share of frames at rest of each side."""
    rest = np.zeros(4)
    for one in every:
        rest[one.foot] += one.last - one.first
    share = 100 * rest / max(frames - 1, 1)
    return (
        f"The left foot rests in {share[1]:.0f} % of the frames, the right foot in "
        f"{share[3]:.0f} %."
    )


def contact_table(result: Result) -> dict[str, list[object]]:
    """A row for each rest of an ankle or foot."""
    every = stands(positions_of(result))
    return {
        "foot": [FOOT_NAMES[one.foot] for one in every],
        "first frame": [one.first for one in every],
        "last frame": [one.last for one in every],
    }


def path_table(result: Result) -> dict[str, np.ndarray]:
    """A row a frame: the pelvis on the floor and its speed."""
    positions = positions_of(result)
    return {
        "frame": np.arange(len(positions)),
        "left [m]": positions[:, 0, 0],
        "ahead [m]": positions[:, 0, 2],
        "pelvis [m/s]": joint_speeds(positions)[0],
    }


def clip_stage(result: Result, *, joint: int = NO_JOINT) -> Stage:
    """The clip to be played, one joint lit if one is chosen, with skating below it."""
    positions = positions_of(result)
    on = contacts(positions)
    light = None
    if joint != NO_JOINT:
        light = np.zeros(positions.shape[:2])
        light[:, joint] = 1
    lane = Lane(name_of(result), positions, "", light=light,
                contacts=np.concatenate([on, on[-1:]]))  # fmt: skip
    slides = np.flatnonzero(skates(positions).any(-1))
    strips = [Strip("pelvis speed", "line", joint_speeds(positions)[0], 0, unit="m/s")]
    if joint != NO_JOINT:
        name = JOINTS[joint].replace("_", " ")
        strips.append(Strip(f"{name} speed", "line", joint_speeds(positions)[joint], 0, unit="m/s"))
    if len(slides):
        strips.append(Strip("skating", "ticks", slides, 0))
    return body_stage([lane], "The clip", describe_clip(result), strips=strips)
