"""The story on a stage, and its ways from above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, axis, escape
from engine.figures.axes import compose
from engine.figures.palette import SYMBOLS
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.story.ends import End
from engine.labs.motion.story.labels import label
from engine.labs.motion.views.stage import body_stage
from engine.labs.motion.views.story_words import describe_story

TRANSITION = 6  # frames on each side of a seam that are shaded as its transition
TOKEN = 4


def positions_of(result: Result) -> np.ndarray:
    """Joints (frames, 22, 3) in metres."""
    root = result.array("root")[:, None]
    return np.concatenate([root, root + result.array("local")], axis=1).astype(np.float32)


def story_stage(result: Result, ends: Sequence[End] = ()) -> Stage:
    """One lane, with segments, transitions, key-frame scores and jerk below it.

    ``ends`` are those of the segments that can be dragged.
    """
    positions = positions_of(result)
    frames = len(positions)
    segments = result.notes["segments"]
    reach = [[one["start"], max(one["start"], min(one["end"], frames) - 1)] for one in segments]
    # Over some decades: a pose that is held makes very dense tokens.
    scores = np.log10(np.maximum(result.array("gamma"), 1e-6))
    gamma = np.repeat(scores, TOKEN).astype(np.float32)
    gamma = np.pad(gamma[:frames], (0, max(0, frames - len(gamma))), mode="edge")
    curve = result.array("jerk")
    windows, names = transitions(result, frames)
    keys = np.unique(np.minimum(result.array("key_frames"), frames - 1))
    strips = [
        Strip("segments", "segments", np.array(reach), labels=[label(one) for one in segments],
              grips=[(one.number, one.low, one.high) for one in ends]),
        Strip("key-frame score, log10 Γ", "line", gamma),
        Strip(count(len(keys), "key frame"), "ticks", keys),
        Strip("jerk", "line", np.pad(curve, (1, frames - len(curve) - 1), mode="edge"),
              unit="m/frame³"),
    ]  # fmt: skip
    if len(windows):
        strips.insert(1, Strip("transitions", "segments", windows, labels=names))
    lane = Lane("story", positions, f"from {result.notes['source']}",
                contacts=result.array("contacts").astype(bool))  # fmt: skip
    return body_stage([lane], "The story", describe_story(result), strips=strips)


def transitions(result: Result, frames: int) -> tuple[np.ndarray, list[str]]:
    """First and last frame (n, 2) around every seam between segments, and its greatest jerk."""
    between = result.array("between")
    seams = result.array("seams")[between]
    worst = result.array(f"seam_jerk_{result.notes['blend']}")[between]
    windows = np.stack(
        [np.maximum(seams - TRANSITION, 0), np.minimum(seams + TRANSITION, frames - 1)], axis=-1
    )
    # Where two seams are near, their windows meet and do not overlap.
    for at in range(1, len(windows)):
        windows[at, 0] = max(windows[at, 0], min(windows[at - 1, 1] + 1, windows[at, 1]))
    return windows, [f"{value:.2f}" for value in worst]


def segment_at(result: Result, frame: int) -> int:
    """The number of the segment that a frame belongs to."""
    starts = [one["start"] for one in result.notes["segments"]]
    return max(0, int(np.searchsorted(starts, frame, side="right")) - 1)


def draw_floor(result: Result, palette: Palette, *, row: int | None = None) -> go.Figure:
    """The floor from above: places, what stands in the way, ways and the path that was walked.

    The part of the path that belongs to the table's ``row`` is drawn wide.
    """
    path = result.array("root")[:, [0, 2]]
    error = result.metrics.get("way_error_m")
    gap = f"; {100 * error:.0f} cm from its ways on average" if isinstance(error, float) else ""
    figure = compose(
        palette,
        title="The floor from above",
        subtitle="the body starts at 0, 0 and faces up, with its left on the left",
        x=axis("x, to the left", "m"),
        y=axis("z", "m"),
        height=460,
        alt=f"The path is {_length(path):.1f} m long{gap}.",
    )
    for place in result.notes["plan"]:
        _draw_place(figure, place, palette)
    first = True
    for number, one in enumerate(result.notes["segments"]):
        if f"way_{number}" not in result.fields:
            continue
        way = result.array(f"way_{number}")
        figure.add_scatter(
            x=way[:, 0], y=way[:, 1], mode="lines", name="planned way", legendgroup="way",
            showlegend=first, line={"color": palette.muted, "width": 1.5, "dash": "dash"},
            hovertemplate=f"{escape(label(one))}<extra>planned</extra>",
        )  # fmt: skip
        first = False
    figure.add_scatter(
        x=path[:, 0], y=path[:, 1], mode="lines", name="walked path",
        line={"color": palette.category(0), "width": 2},
        customdata=np.arange(len(path)) / 20,
        hovertemplate="%{customdata:.1f} s<br>x %{x:.2f} m, z %{y:.2f} m<extra></extra>",
    )  # fmt: skip
    for one in result.notes["segments"]:
        if row is None or one["row"] != row:
            continue
        part = path[one["start"] : one["end"] + 1]
        figure.add_scatter(
            x=part[:, 0], y=part[:, 1], mode="lines", name=f"row {row + 1}", legendgroup="row",
            showlegend=bool(one["start"] == _first(result, row)),
            line={"color": palette.accent, "width": 5}, hoverinfo="skip",
        )  # fmt: skip
    return _to_scale(figure)


def draw_shapes(result: Result, palette: Palette) -> go.Figure:
    """The wave, circle and square, and how a walk of the same source followed them."""
    names = result.notes["shapes"]
    errors = ", ".join(f"{name} {result.number(f'shape_error_{name}_m'):.3f} m" for name in names)
    figure = compose(
        palette,
        title="Shapes that were walked",
        x=axis("x, to the left", "m"),
        y=axis("z", "m"),
        height=520,
        alt=f"Mean distance from the way: {errors}.",
    )
    shift = 0.0
    for slot, name in enumerate(names):
        way, walked = result.array(f"shape_{name}"), result.array(f"walked_{name}")
        left = min(way[:, 0].min(), walked[:, 0].min())
        shift -= left
        for points, said, dash, width in (
            (way, "way", "dash", 1.5),
            (walked, "walked", "solid", 2),
        ):
            figure.add_scatter(
                x=points[:, 0] + shift, y=points[:, 1], mode="lines", name=f"{name}: {said}",
                line={"dash": dash, "width": width,
                      "color": palette.muted if said == "way" else palette.category(slot)},
                hoverinfo="skip",
            )  # fmt: skip
        shift += max(way[:, 0].max(), walked[:, 0].max()) + 0.8
    # The shapes are as high as they are long: the plot narrows, instead of showing empty floor.
    return _to_scale(figure).update_xaxes(constrain="domain").update_layout(showlegend=True)


def _to_scale(figure: go.Figure) -> go.Figure:
    # +x is the left of a body that faces +z: from above it grows to the left.
    figure.update_xaxes(autorange="reversed")
    return figure.update_yaxes(scaleanchor="x", scaleratio=1)


def _draw_place(figure: go.Figure, place: dict[str, Any], palette: Palette) -> None:
    if place["radius"] > 0:
        figure.add_shape(
            type="circle",
            x0=place["x"] - place["radius"], x1=place["x"] + place["radius"],
            y0=place["z"] - place["radius"], y1=place["z"] + place["radius"],
            line={"color": palette.muted, "width": 1}, fillcolor=palette.panel, layer="below",
        )  # fmt: skip
    figure.add_scatter(
        x=[place["x"]], y=[place["z"]], mode="markers", showlegend=False, hoverinfo="skip",
        marker={"symbol": SYMBOLS[2], "size": 8, "color": palette.muted},
    )  # fmt: skip
    # An annotation: the text of a marker stays hidden once a narrow page has drawn the axes anew.
    figure.add_annotation(
        x=place["x"], y=place["z"], text=escape(place["name"]), showarrow=False,
        yanchor="bottom", yshift=4, font={"color": palette.ink, "size": 12},
    )  # fmt: skip


def _first(result: Result, row: int) -> int:
    return min(one["start"] for one in result.notes["segments"] if one["row"] == row)


def _length(path: np.ndarray) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())
