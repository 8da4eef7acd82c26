"""Skeletons as a storyboard: each lane is a row of poses, seen from in front and a little aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from engine.figures.axes import axis, compose, escape
from engine.figures.palette import Palette

if TYPE_CHECKING:  # skeletons offers draw_skeletons beside its data classes
    from engine.figures.skeletons import Lane, Stage

POSES = 10
ANGLE = np.deg2rad(35)
LEAST_APART, ROOM = 0.9, 0.35  # metres between two poses, and above a row
WIDTH = 900  # px that the poses share in a file
# Sides as they are told apart: name, slot among the categories (None: the muted ink), dash.
SIDES: tuple[tuple[int, str, int | None, str], ...] = (
    (0, "middle", None, "solid"),
    (-1, "left", 0, "solid"),
    (1, "right", 1, "dot"),
)
LIT = 2  # slot of lit joints


def draw_skeletons(stage: Stage, palette: Palette, *, poses: int = POSES) -> go.Figure:
    """Each lane as a row of ``poses`` poses at equal times; the twin of the page's component.

    Bodies stand where they are in time, not in the room: the pelvis of each pose is above its
    tick. A lane that has ended leaves its places empty.
    """
    at = np.unique(np.linspace(0, stage.frames - 1, poses).round().astype(int))  # p
    # What is behind comes first.
    drawn = [
        (row, lane, which, pose)
        for row, lane in enumerate(stage.lanes)
        for which in ("ghost", "positions")
        if (pose := _flat(lane, which, at)) is not None
    ]
    widest = max(float(np.nanmax(np.abs(pose[..., 0]))) for *_, pose in drawn)
    apart = max(LEAST_APART, 2 * widest + 0.1)
    highest = max(float(np.nanmax(pose[..., 1])) for *_, pose in drawn) + ROOM
    lowest = min(0.0, min(float(np.nanmin(pose[..., 1])) for *_, pose in drawn))
    down = highest - lowest
    figure = compose(
        palette,
        title=stage.title,
        x=axis("Time", "s", limits=(-apart / 2, (len(at) - 0.5) * apart)),
        y=axis("Lane", limits=(lowest - (len(stage.lanes) - 1) * down - 0.1, highest)),
        alt=stage.alt,
        height=140 + int(WIDTH / (len(at) * apart) * down * len(stage.lanes)),
    )
    for row, lane, which, pose in drawn:
        place = pose - np.array([0.0, row * down])
        place[..., 0] += np.arange(len(at))[:, None] * apart
        _add_bones(figure, stage, palette, place, lane.name, ghost=which == "ghost")
        if which == "positions" and lane.light is not None:
            _add_light(figure, palette, place, _taken(lane.light, at), lane.name)
    shown: set[str] = set()
    for trace in figure.data:
        trace.showlegend = trace.legendgroup not in shown
        shown.add(trace.legendgroup)
    figure.update_xaxes(
        tickvals=np.arange(len(at)) * apart, ticktext=[f"{frame / stage.fps:.1f}" for frame in at]
    )
    figure.update_yaxes(
        tickvals=[0.5 * (highest + lowest) - row * down for row in range(len(stage.lanes))],
        ticktext=[escape(lane.name) for lane in stage.lanes],
        showgrid=False,
        scaleanchor="x",
    )
    return figure


def _taken(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Rows of ``values`` at frames ``at`` as float64, NaN beyond the last one."""
    made = np.full((len(at), *values.shape[1:]), np.nan)
    here = at < len(values)
    made[here] = values[at[here]]
    return made


def _flat(lane: Lane, which: str, at: np.ndarray) -> np.ndarray | None:
    """Poses (poses, joints, 2) in metres: across from the lane's own pelvis, and up."""
    given = getattr(lane, which)
    if given is None:
        return None
    pose = _taken(given, at)
    root = _taken(lane.positions, at)[:, :1]
    across = (pose[..., 0] - root[..., 0]) * np.cos(ANGLE)
    across -= (pose[..., 2] - root[..., 2]) * np.sin(ANGLE)
    return np.stack([across, pose[..., 1]], axis=-1)


def _add_bones(
    figure: go.Figure, stage: Stage, palette: Palette, place: np.ndarray, name: str, *, ghost: bool
) -> None:
    """One trace for each side of the body, or one for a ghost."""
    joints = np.arange(len(stage.parents))
    parents, sides = np.array(stage.parents), np.array(stage.sides)
    looks: list[tuple[str, np.ndarray, dict[str, Any]]] = []
    if ghost:
        looks.append(("ghost", joints[parents >= 0], {"color": palette.muted, "width": 1}))
    else:
        for side, word, slot, dash in SIDES:
            colour = palette.ink if slot is None else palette.category(slot)
            chosen = joints[(parents >= 0) & (sides == side)]
            looks.append((word, chosen, {"color": colour, "width": 2.5, "dash": dash}))
    for word, chosen, line in looks:
        if not len(chosen):
            continue
        ends = np.stack([place[:, parents[chosen]], place[:, chosen]], axis=2)  # p bones 2 2
        path = np.concatenate([ends, np.full_like(ends[:, :, :1], np.nan)], axis=2).reshape(-1, 2)
        figure.add_scatter(
            x=path[:, 0].round(3), y=path[:, 1].round(3), mode="lines", line=line, name=word,
            legendgroup=word, opacity=0.6 if ghost else 1, hoverinfo="text", hovertext=escape(name),
        )  # fmt: skip


def _add_light(
    figure: go.Figure, palette: Palette, place: np.ndarray, light: np.ndarray, name: str
) -> None:
    """Lit joints as points that grow with their light."""
    lit = light.ravel() > 0.02
    points = place.reshape(-1, 2)[lit]
    figure.add_scatter(
        x=points[:, 0].round(3), y=points[:, 1].round(3), mode="markers", name="lit",
        legendgroup="lit", hoverinfo="text",
        hovertext=[f"{escape(name)}: {value:.2f}" for value in light.ravel()[lit]],
        marker={"color": palette.category(LIT), "size": 3 + 9 * light.ravel()[lit]},
    )  # fmt: skip
