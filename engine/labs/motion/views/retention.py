"""Retention in figures: half-lives, decays, states, step sizes multiplied, and 2,000 frames."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Event, Palette, Series, axis, heatmap, lines
from engine.labs.motion.views.remembered import (
    frames_of,
    patch,
    place_labels,
    readers,
    span_words,
    token_of,
)
from engine.labs.motion.views.retention_words import (
    describe_decay,
    describe_far,
    describe_lives,
    describe_states,
)

COUNTED = {"written_share": "by what is written", "life_share": "alike"}
SPREADS = {"written_share": "written_life", "life_share": "life_spread"}
MOST_LINES = 8


def draw_lives(result: Result, palette: Palette, *, counted: str, scan: int) -> go.Figure:
    """How the half-lives of one scan's states are spread, beside those of all scans."""
    shares, edges = result.array(counted).astype(np.float64), result.array("edge")
    own, everyone = 100 * shares[scan], 100 * shares.mean(0)
    median = float(result.array(SPREADS[counted])[scan, 1])
    name = readers(result)[scan]["name"]
    return lines(
        [Series(name, edges, np.append(own, 0)),
         Series("all scans", edges, np.append(everyone, 0))],
        palette,
        title=f"Half-lives of its states: {name}",
        subtitle=f"states counted {COUNTED[counted]}; bins of equal ratio",
        x=axis("Half-life", "frames", log=True),
        y=axis("Share of states", "%"),
        events=[Event(median, "median"), Event(int(result.number("frames")), "the clip")],
        step=True,
        alt=describe_lives(result, counted),
        height=360,
    )  # fmt: skip


def draw_scans(result: Result, palette: Palette, *, counted: str) -> go.Figure:
    """The half-lives of every scan as cells, one row for each."""
    shares = 100 * result.array(counted).astype(np.float64)
    edges = result.array("edge")[:-1]
    figure = heatmap(
        np.where(shares > 0, shares, np.nan),
        palette,
        title="Every scan's half-lives",
        subtitle=f"states counted {COUNTED[counted]}",
        x=axis("Half-life, so many frames or more"),
        y=axis("Scan"),
        value="Share of states",
        unit="%",
        y_labels=[reader["name"] for reader in readers(result)],
        alt=describe_lives(result, counted),
        height=150 + 30 * len(shares),
    )
    decades = np.flatnonzero(
        np.isclose(np.log10(edges) % 1, 0) | np.isclose(np.log10(edges) % 1, 1)
    )
    return figure.update_xaxes(
        tickmode="array",
        tickvals=decades - 0.5,
        ticktext=[f"{edges[at]:,.6g}" for at in decades],
    )


def draw_decay(result: Result, palette: Palette, *, frame: int) -> go.Figure:
    """What is left of one frame in every scan, to the end of the clip or back to its start."""
    token, at = token_of(result, frame), np.arange(int(result.number("tokens")))
    kept = result.array("kept")[:, token + 1, 1:].astype(np.float64)
    first = frames_of(result, token)[0]
    chosen = _spread_out(kept.sum(1))
    series = []
    for scan in chosen:
        back = readers(result)[scan]["direction"] == "backwards"
        side = at <= token if back else at >= token
        series.append(
            Series(readers(result)[scan]["name"], patch(result) * at[side], 100 * kept[scan, side])
        )
    left_out = len(kept) - len(chosen)
    return lines(
        series,
        palette,
        title=f"What is left of {span_words(result, token)}",
        subtitle="backward scans carry it towards the start"
        + (f"; {left_out} scans between these are left out" if left_out else ""),
        x=axis("Frame"),
        y=axis("Left of what it wrote", "%", limits=(0, 104)),
        events=[Event(first, "written")],
        alt=describe_decay(result, frame),
        height=400,
    )


def draw_states(result: Result, palette: Palette) -> go.Figure:
    """How full every scan's state is over time, against its own mean."""
    state = result.array("state").astype(np.float64)
    return heatmap(
        state / np.maximum(state.mean(1, keepdims=True), 1e-30),
        palette,
        title="State norm over time",
        subtitle="each scan against its own mean",
        x=axis("Frames"),
        y=axis("Scan"),
        value="Norm over mean",
        x_labels=place_labels(result),
        y_labels=[reader["name"] for reader in readers(result)],
        alt=describe_states(result),
        height=150 + 26 * len(state),
    )


def draw_far(result: Result, palette: Palette) -> go.Figure:
    """What is left of a frame after up to thousands of frames, in the first layer's scans."""
    size = patch(result)
    # A place is a token; the first is the frame itself, which a logarithmic axis does not have.
    lag = size * np.arange(1, result.array("far").shape[1])
    series = [
        Series(name, lag, *(100 * np.maximum(result.array(kind)[at, 1:], 1e-7).astype(np.float64)
                            for kind in ("far", "far_low", "far_high")))
        for at, name in enumerate(result.notes["first"])
    ]  # fmt: skip
    return lines(
        series,
        palette,
        title=f"Over {result.number('far_frames'):,.0f} frames",
        subtitle="the first layer's scans over pieces of other seeds; nothing is made from them",
        x=axis("Later by", "frames", log=True),
        y=axis("Left of what it wrote", "%", log=True),
        events=[Event(int(result.number("frames")), "the clip")],
        level=(1.0, "1 %"),
        band=f"least and most of {result.number('far_starts'):.0f} starting frames",
        alt=describe_far(result),
        height=420,
    )


def decay_table(result: Result) -> dict[str, np.ndarray]:
    """What is left of each token at each token, by scan."""
    kept = result.array("kept")
    scan, start, end = np.indices(kept.shape)
    names = np.array([reader["name"] for reader in readers(result)])
    labels = np.array(place_labels(result))
    return {
        "scan": names[scan.ravel()],
        "written at": labels[start.ravel()],
        "left at": labels[end.ravel()],
        "share": kept.ravel(),
    }


def scan_table(result: Result) -> dict[str, object]:
    """A row for each scan: direction, half-lives in frames, reach, and what it changes alone."""
    alike, written = result.array("life_spread"), result.array("written_life")
    single = 1000 * result.array("single").astype(np.float64)
    return {
        "Scan": [reader["name"] for reader in readers(result)],
        "Runs": [reader["direction"] for reader in readers(result)],
        "Median half-life, written": written[:, 1],
        "10 %": written[:, 0],
        "90 %": written[:, 2],
        "Median, counted alike": alike[:, 1],
        "Reads from, mean distance": result.array("reach"),
        "Pose change, steps ÷ 8 (mm)": single[:, 0],
        "Pose change, steps × 8 (mm)": single[:, 1],
    }


def _spread_out(kept: np.ndarray) -> list[int]:
    """At most eight scans, from the one that keeps most to the one that keeps least."""
    order = np.argsort(-kept, kind="stable")
    at = np.unique(np.linspace(0, len(order) - 1, min(MOST_LINES, len(order))).round().astype(int))
    return sorted(order[at].tolist())
