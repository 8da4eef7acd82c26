"""The experiment: a story, or its edited table, becomes one motion with everything measured."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.core.context import Context
from engine.core.digest import digest_bytes
from engine.core.result import Field, Result
from engine.labs.motion.config.story import StoryConfig
from engine.labs.motion.evaluation.quality import jerk, skate
from engine.labs.motion.features import CONTACT
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.story.gamma import Gamma, key_frames
from engine.labs.motion.story.opening import open_kmm, open_source
from engine.labs.motion.story.places import read_places
from engine.labs.motion.story.rows import MOST_KEPT, Row, read_table
from engine.labs.motion.story.schedule import Schedule, read_story
from engine.labs.motion.story.seamed import Seamed, treat_seams
from engine.labs.motion.story.segments import Segment, write_kept
from engine.labs.motion.story.shapes import Walked, walk_shapes
from engine.labs.motion.story.sources import Source
from engine.labs.motion.story.tell import Teller, Told

MOST_SECONDS = 80.0  # what a page plays; the command has a bound of its own


def story(config: StoryConfig, context: Context) -> Result:
    """Rows, segments, positions, ways, seams and key frames of a story. Raises BadInput."""
    plan = read_places(config.places)
    schedule = read_story(config.story, plan)
    edited = read_table(config.rows, config.story)
    table = schedule.rows if edited is None else edited
    context.progress(0, 4)
    source = open_source(
        config.source, by=config.match_by, texts=config.texts, motions=config.motions
    )
    context.progress(1, 4)
    teller = Teller(source, plan, config.seed, config.turn)
    for _ in range(config.rounds):
        if not teller.go_on(table, round(MOST_SECONDS * FPS)):
            break
    told = teller.told()
    context.progress(2, 4)
    kmm = open_kmm(source)
    seamed = treat_seams(told, config.blend, kmm)
    gamma = key_frames(seamed.rows, kmm)
    context.progress(3, 4)
    shapes = walk_shapes(source, config.seed, config.turn)
    return Result(
        _fields(told, seamed, gamma, shapes),
        _metrics(told, seamed, shapes),
        {
            **_notes(config, schedule, edited is not None, table, told, seamed, source),
            "gamma_by": gamma.by,
            "plan": [asdict(place) for place in plan],
            "shapes": [one.name for one in shapes],
        },
    )


def segment_notes(told: Told, rows: np.ndarray) -> list[dict[str, Any]]:
    """Every segment in words and numbers; ``content`` tells whether two are the same motion."""
    parts = np.concatenate(told.parts)
    return [
        {
            "row": one.row,
            "round": one.turn,
            "kind": one.kind,
            "text": one.text,
            "place": one.place,
            "start": one.start,
            "end": one.end,
            "told": one.told,
            "pieces": len(one.names),
            "considered": one.considered,
            "near": one.near,
            "content": _content(one, parts),
            "error_m": one.followed.error if one.followed else None,
            "worst_m": one.followed.worst if one.followed else None,
            "reached": one.followed.reached if one.followed else None,
        }
        for one in told.segments
    ]


def rows_with_kept(table: tuple[Row, ...], told: Told) -> list[dict[str, Any]]:
    """The table as it was told, each row with the names of what its first round played."""
    played: dict[int, list[Segment]] = defaultdict(list)
    for one in told.segments:
        if one.turn == 0:
            played[one.row].append(one)
    found = []
    for number, row in enumerate(table):
        kept = write_kept(played[number])
        found.append(asdict(row) | {"kept": kept if len(kept) <= MOST_KEPT else ""})
    return found


def _content(one: Segment, parts: np.ndarray) -> str:
    """What was played: by its names, or by its rows where it is a pose that is held."""
    if one.names:
        return digest_bytes("|".join(one.names).encode())
    return digest_bytes(np.round(parts[one.start : one.end], 3).tobytes())


def _notes(
    config: StoryConfig,
    schedule: Schedule,
    edited: bool,
    table: tuple[Row, ...],
    told: Told,
    seamed: Seamed,
    source: Source,
) -> dict[str, Any]:
    unknown = getattr(source, "unknown", {})
    return {
        "rows": rows_with_kept(table, told),
        "edited": edited,
        "segments": segment_notes(told, seamed.rows),
        "unread": list(schedule.unread),
        "near": schedule.near,
        "remarks": [*schedule.remarks, *told.remarks],
        "unknown_words": unknown,
        "source": source.name,
        "datasets": list(source.datasets),
        "blend": config.blend,
        "methods": list(seamed.jerk),
    }


def _fields(told: Told, seamed: Seamed, gamma: Gamma, shapes: list[Walked]) -> dict[str, Field]:
    positions = seamed.positions
    starts = {one.start for one in told.segments}
    contacts = seamed.rows[:, CONTACT] > 0.5
    found = {
        # The pelvis in full: half precision has steps of 4 mm at eight metres.
        "root": Field(positions[:, 0].astype(np.float32), ("frame", "axis"), "m"),
        "local": Field(
            (positions[:, 1:] - positions[:, :1]).astype(np.float16),
            ("frame", "joint", "axis"),
            "m",
        ),
        "contacts": Field(
            np.concatenate([contacts, contacts[-1:]]).astype(np.uint8), ("frame", "foot")
        ),
        "jerk": Field(jerk(positions).astype(np.float32), ("moment",), "m/frame³"),
        "seams": Field(np.array(told.seams, dtype=np.int32), ("seam",), "frame"),
        "between": Field(np.array([seam in starts for seam in told.seams], dtype=bool), ("seam",)),
        "gamma": Field(gamma.scores.astype(np.float32), ("token",)),
        "key_frames": Field(gamma.frames.astype(np.int32), ("key",), "frame"),
    }
    for name, values in seamed.jerk.items():
        found[f"seam_jerk_{name}"] = Field(values.astype(np.float32), ("seam",), "m/frame³")
    for number, one in enumerate(told.segments):
        if one.way is not None:
            found[f"way_{number}"] = Field(one.way[::4].astype(np.float32), ("point", "floor"), "m")
    for shape in shapes:
        found[f"shape_{shape.name}"] = Field(
            shape.way[::2].astype(np.float32), ("point", "floor"), "m"
        )
        found[f"walked_{shape.name}"] = Field(
            shape.followed.path[::2].astype(np.float32), ("moment", "floor"), "m"
        )
    return found


def _metrics(told: Told, seamed: Seamed, shapes: list[Walked]) -> dict[str, Any]:
    curve = jerk(seamed.positions)
    found: dict[str, Any] = {
        "seconds": told.seconds,
        "segments": len(told.segments),
        "jerk": float(curve.mean()),
        "skate": skate(seamed.positions),
        **trajectory(told),
    }
    for name, values in seamed.jerk.items():
        if len(values):
            found[f"seam_jerk_{name}_mean"] = float(values.mean())
            found[f"seam_jerk_{name}_worst"] = float(values.max())
    for shape in shapes:
        found[f"shape_error_{shape.name}_m"] = shape.followed.error
        found[f"shape_worst_{shape.name}_m"] = shape.followed.worst
    return found


def trajectory(told: Told) -> dict[str, float | None]:
    """Mean distance from the ways over all frames of walks, and the greatest, in metres.

    ``ways`` counts those that have an end, ``ways_reached`` those whose end was reached; a walk
    ahead for some seconds has none.
    """
    walks = [(one, one.followed) for one in told.segments if one.followed is not None]
    frames = sum(one.end - one.start for one, _ in walks)
    if not frames:
        return {"way_error_m": None, "way_worst_m": None, "ways": 0, "ways_reached": 0}
    ended = [followed for one, followed in walks if one.place]
    total = sum((one.end - one.start) * followed.error for one, followed in walks)
    return {
        "way_error_m": total / frames,
        "way_worst_m": max(followed.worst for _, followed in walks),
        "ways": len(ended),
        "ways_reached": sum(followed.reached for followed in ended),
    }
