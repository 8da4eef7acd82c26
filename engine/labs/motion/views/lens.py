"""The memory lens: the influence matrix of one scan, its row and its column, and the stage."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Event, Palette, Series, axis, heatmap, lines
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.memory.poses import enlarge, seen_from_body
from engine.labs.motion.views.lens_words import describe_erased, describe_row
from engine.labs.motion.views.remembered import (
    by_frame,
    frames_of,
    patch,
    place_labels,
    readers,
    span_words,
    token_of,
)
from engine.labs.motion.views.stage import body_stage

SHOWN = {"influence": "weight |M|", "read": "what is read |M u|"}
UNITS = {"influence": "Mean of |M|", "read": "Mean of |M u|"}
DECADES = 4  # of the colour scale; what is smaller is drawn as the least
LEAST = float(np.finfo(np.float32).smallest_subnormal)  # what is read, however little
KEYS = 0.25
LABEL_ROOM = 0.15  # of the width of a figure, for a label of one word


def telling_reader(result: Result) -> int:
    """The scan that reads furthest on average; where there is none, the first layer."""
    best, at = -1.0, 0
    for i, reader in enumerate(readers(result)):
        if reader["kind"] == "scan" and (reach := mean_reach(result, i)) > best:
            best, at = reach, i
    return at


def telling_token(result: Result) -> int:
    """The token whose erasing changes the pose of all other frames most."""
    change = result.array("pose_change").astype(np.float64)
    return int(np.argmax([change[s][~_gone(result, s)].mean() for s in range(len(change))]))


def mean_reach(result: Result, reader: int) -> float:
    """Mean distance in frames between a frame and what it reads, by how much of it is read."""
    read = result.array("read")[reader, 1:, 1:].astype(np.float64)
    place = np.arange(len(read))
    away = np.abs(place[:, None] - place)
    return float((read * away).sum() / max(read.sum(), 1e-30)) * patch(result)


def readable(result: Result, reader: int) -> np.ndarray:
    """Whether a token (to) can read another (from) at all, the caption's token first.

    A scan reads what lies on its side of time, and no token that wrote nothing; attention reads
    every token, some with a weight that is too small for single precision.
    """
    size = int(result.number("tokens")) + 1
    every = np.ones((size, size), dtype=bool)
    if readers(result)[reader]["kind"] != "scan":
        return every
    side = np.tril(every) if readers(result)[reader]["direction"] == "forwards" else np.triu(every)
    return side & (result.array("write")[reader] > 0)


def matrix_of(result: Result, reader: int, shown: str) -> np.ndarray:
    """The matrix (to, from) with the caption's token first; NaN where nothing can be read."""
    values = np.maximum(result.array(shown)[reader].astype(np.float64), LEAST)
    return np.where(readable(result, reader), values, np.nan)


def colour_limits(values: np.ndarray) -> tuple[float, float]:
    """The largest value and the one four decades below."""
    top = float(np.nanmax(values))
    return top / 10**DECADES, top


def draw_matrix(
    result: Result, palette: Palette, *, reader: int, shown: str, frame: int, erased: int
) -> go.Figure:
    """The matrix for files and reports; the page shows a canvas instead."""
    values, names = matrix_of(result, reader, shown), place_labels(result)
    low, high = colour_limits(values)
    return heatmap(
        np.where(values < low, low, values),
        palette,
        title=f"What is read of what: {readers(result)[reader]['name']}",
        x=axis("Read: frames"),
        y=axis("Reading: frames"),
        value=UNITS[shown],
        log=True,
        limits=(low, high),
        x_labels=names,
        y_labels=names,
        selected=(token_of(result, frame) + 1, erased + 1),
        alt=describe_row(result, reader, frame),
        height=520,
    )


def draw_row_of_all(result: Result, palette: Palette, *, shown: str, frame: int) -> go.Figure:
    """What the chosen frame reads in every layer, each row in shares of its own sum."""
    token = token_of(result, frame)
    rows = np.stack([matrix_of(result, i, shown)[token + 1] for i in range(len(readers(result)))])
    shares = rows / np.maximum(np.nansum(rows, axis=1, keepdims=True), LEAST)
    return heatmap(
        100 * shares,
        palette,
        title=f"What {span_words(result, token)} read in every layer",
        subtitle="shares of a row; below 0.1 % as 0.1 %, empty: cannot be read",
        x=axis("Read: frames"),
        y=axis("Scan or layer"),
        value="Share of the row",
        unit="%",
        log=True,
        limits=(0.1, 100.0),
        x_labels=place_labels(result),
        y_labels=[reader["name"] for reader in readers(result)],
        alt=f"What {span_words(result, token)} read in each of {len(rows)} scans and layers.",
        height=170 + 26 * len(rows),
    )


def draw_lines(
    result: Result, palette: Palette, *, reader: int, shown: str, frame: int, erased: int
) -> go.Figure:
    """The row of the chosen frame and the column of the erased one, over the frames."""
    values = result.array(shown)[reader, 1:, 1:].astype(np.float64)
    token, at = token_of(result, frame), np.arange(int(result.number("frames")))
    return lines(
        [
            Series(f"row: what {span_words(result, token)} read of each frame",
                   at, by_frame(result, values[token])),
            Series(f"column: what each frame reads of {span_words(result, erased)}",
                   at, by_frame(result, values[:, erased])),
        ],
        palette,
        title=f"Its row and its column: {readers(result)[reader]['name']}",
        x=axis("Frame"),
        y=axis(UNITS[shown]),
        events=_marked(frame, frames_of(result, erased)[0], len(at)),
        step=True,
        alt=describe_row(result, reader, frame),
        height=340,
    )  # fmt: skip


def _marked(reading: int, read: int, frames: int) -> list[Event]:
    """The reading frame and the read one; where their labels would meet, one label says both."""
    if abs(reading - read) > LABEL_ROOM * frames:
        return [Event(reading, "reading"), Event(read, "read")]
    return [Event(reading, f"reading: {reading}, read: {read}"), Event(read, "")]


def draw_change(result: Result, palette: Palette, *, erased: int) -> go.Figure:
    """How far each frame moves when some frames are erased, in the room and seen from the body."""
    at = np.arange(int(result.number("frames")))
    first = frames_of(result, erased)[0]
    return lines(
        [
            Series("pose, seen from the body", at, 1000 * result.array("pose_change")[erased]),
            Series("place and pose, in the room", at, 1000 * result.array("place_change")[erased]),
        ],
        palette,
        title=f"Without {span_words(result, erased, last_gone(result, erased))}",
        subtitle="same text, same noise; the way through the room adds up what the steps differ by",
        x=axis("Frame"),
        y=axis("Mean change of a joint", "mm"),
        events=[Event(first, "erased")],
        alt=describe_erased(result, erased),
        height=340,
    )


def lens_stage(
    result: Result, *, reader: int, shown: str, erased: int, times: int, alt: str
) -> Stage:
    """The clip with the trail of what it reads, and the clip without the erased frames.

    ``times`` enlarges the difference of the second lane's pose to the first; its place is true.
    """
    positions = result.array("positions").astype(np.float32)
    shift = result.array("shift")[erased].astype(np.float32)
    poses = [seen_from_body(one) for one in (positions + shift, positions)]
    moved = np.linalg.norm(poses[0] - poses[1], axis=-1)
    drawn = f"; the change of pose is drawn {times} times as large" if times != 1 else ""
    whole = "what is read with all frames" if is_recorded(result) else "the clip as it was"
    known = result.array("recorded") if is_recorded(result) else positions
    lanes = [
        Lane(
            "What a frame reads",
            known.astype(np.float32),
            under=f"{readers(result)[reader]['name']}: the more is read of it, the clearer a pose",
            trail=trail_of(result, reader, shown),
        ),
        Lane(
            f"Without {span_words(result, erased, last_gone(result, erased))}",
            positions + enlarge(shift, times),
            under=f"translucent: {whole}; lit: changed joints{drawn}",
            ghost=positions,
            light=(moved / max(float(moved.max()), 1e-9)).astype(np.float32),
        ),
    ]
    return body_stage(lanes, "The clip and its memory", alt, strips=_strips(result, reader, erased))


def is_recorded(result: Result) -> bool:
    """Whether a recording was read instead of a clip made."""
    return "recorded" in result.fields


def trail_of(result: Result, reader: int, shown: str) -> np.ndarray:
    """How much each frame (row) reads of each other frame (frames, frames), 0 to 1.

    Scaled by frame: the one that is read most of all others counts as 1. A frame's own token is
    left out, since its body stands there already.
    """
    values = result.array(shown)[reader, 1:, 1:].astype(np.float64)
    others = values * (1 - np.eye(len(values)))
    scaled = others / np.maximum(others.max(1, keepdims=True), 1e-30)
    return by_frame(result, by_frame(result, scaled).T).T.astype(np.float32)


def key_frames(result: Result) -> np.ndarray:
    """First frames of the tokens with the highest key-frame scores, a quarter of all."""
    score = result.array("score")
    count = max(1, round(KEYS * len(score)))
    return np.sort(np.argsort(-score, kind="stable")[:count]) * patch(result)


def last_gone(result: Result, erased: int) -> int:
    """The last token that is erased with this one."""
    return min(erased + int(result.number("span")), int(result.number("tokens"))) - 1


def lens_table(result: Result, reader: int, shown: str) -> dict[str, object]:
    """The matrix as columns: reading, read, value."""
    values, names = result.array(shown)[reader], place_labels(result)
    rows, columns = np.indices(values.shape)
    return {
        "reading": [names[i] for i in rows.ravel()],
        "read": [names[i] for i in columns.ravel()],
        SHOWN[shown]: values.ravel(),
    }


def _strips(result: Result, reader: int, erased: int) -> list[Strip]:
    made = []
    if readers(result)[reader]["kind"] == "scan":
        for name, words in (
            ("write", "Write strength ‖Δ u B‖"),
            ("forget", "Forgotten a token, 1 − exp(Δ A)"),
            ("state", "State norm ‖h‖"),
        ):
            values = by_frame(result, result.array(name)[reader, 1:])
            made.append(Strip(words, "line", values.astype(np.float32)))
    score = by_frame(result, result.array("score"))
    made += [
        Strip("Key-frame score Γ", "line", score.astype(np.float32)),
        Strip("Key frames", "ticks", key_frames(result).astype(np.float32)),
        Strip("Change of pose", "line", 1000 * result.array("pose_change")[erased], 1, unit="mm"),
    ]
    return made


def _gone(result: Result, erased: int) -> np.ndarray:
    """Frames (frames,) that are erased themselves."""
    frames = np.arange(int(result.number("frames")))
    first, last = frames_of(result, erased)[0], frames_of(result, last_gone(result, erased))[1]
    return (frames >= first) & (frames <= last)
