"""Recorded motion with words: a folder of shards, as the data of the lab is kept.

``sequences.jsonl.gz`` has a line for each sequence, which names its shard and its place in it;
``clips.jsonl.gz`` has the windows that models are trained on. A shard is an NPZ with ``root``
(frames, 3), the pelvis in metres, and ``local`` (frames, 21, 3), joints 1-21 minus the pelvis in
world axes, all sequences one after the other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.io.jsonl import read_rows
from engine.io.npz import load_npz
from engine.io.paths import local_path
from engine.labs.motion.clip import LEAST_LEG, Clip, check_body
from engine.labs.motion.skeleton import COUNT, FPS

FIELD = "data"
SEQUENCES, CLIPS = "sequences.jsonl.gz", "clips.jsonl.gz"
# Names are texts of up to 64 characters; NumPy counts their bits.
TEXTS = tuple(f"str{32 * length}" for length in range(1, 65))
DTYPES = ("float16", "float32", "int32", "int64", *TEXTS)
SHARD_BYTES = 1_000_000_000
LONGEST_LEG = 100.0  # metres, thigh and shin
SEGMENT: Mapping[str, type] = {"start": int, "end": int, "text": str}


@dataclass(frozen=True)
class Window:
    """Frames ``start`` to ``end`` - 1 of a sequence, in words."""

    name: str
    start: int
    end: int
    captions: tuple[str, ...]
    kind: str

    @property
    def describes_all(self) -> bool:
        """Whether the words are those of the whole sequence, of which this is a part."""
        return self.kind.startswith("window")


@dataclass(frozen=True, eq=False)
class Recording:
    """``positions`` (frames, 22, 3) float32 in metres at 20 frames a second, and what is known.

    ``content`` and ``style`` are labels, None where there are none; ``lead_in`` frames at the
    start blend out of a T-pose; ``held_out`` marks pairs of content and style that are kept from
    training. ``leg_length`` in metres.
    """

    name: str
    dataset: str
    split: str
    positions: np.ndarray
    captions: tuple[str, ...]
    content: str | None
    style: str | None
    held_out: bool
    lead_in: int
    leg_length: float
    segments: tuple[Window, ...]
    windows: tuple[Window, ...]


def read_recordings(folder: Path | str, split: str = "train") -> list[Recording]:
    """Every sequence of ``split`` in the folder, in its order, with its windows.

    Raises BadInput for a missing or damaged file, a line that lacks something, a place beyond the
    shard's end, another frame rate, or a split that is not there.
    """
    place = local_path(folder, field=FIELD)
    if not place.is_dir():
        raise BadInput(FIELD, f"there is no folder {str(folder)[:200]!r}")
    lines = read_rows(place / SEQUENCES, _sequence, field=FIELD).items
    chosen = [line for line in lines if line["split"] == split]
    if not chosen:
        there = ", ".join(sorted({line["split"][:40] for line in lines})[:8])
        raise BadInput(FIELD, f"there is no split {split[:40]!r}; there are: {there}")
    windows: dict[str, list[Window]] = defaultdict(list)
    if (place / CLIPS).is_file():
        for name, window in read_rows(place / CLIPS, _clip, field=FIELD).items:
            windows[name].append(window)
    shards = {name: _shard(place, name) for name in sorted({line["shard"] for line in chosen})}
    return [_recording(line, shards[line["shard"]], windows[line["seq_id"]]) for line in chosen]


def _sequence(row: dict[str, Any], where: str) -> dict[str, Any]:
    kinds: Mapping[str, type | tuple[type, ...]] = {
        "seq_id": str,
        "dataset": str,
        "split": str,
        "shard": str,
        "offset": int,
        "frames": int,
        "captions": list,
        "leg_length": (int, float),
    }
    _has(row, kinds)
    if not isinstance(row.get("segments") or [], list):
        raise BadInput(FIELD, "'segments' must be a list of objects")
    if row.get("fps") != FPS:
        raise BadInput(FIELD, f"'fps' must be {FPS:g}, not {str(row.get('fps'))[:40]}")
    if not re.fullmatch(r"[\w.-]{1,80}\.npz", row["shard"]):
        raise BadInput(
            FIELD, f"'shard' must be the name of an .npz file, not {row['shard'][:80]!r}"
        )
    lead = row.get("lead_in") or 0
    if isinstance(lead, bool) or not isinstance(lead, int) or not 0 <= lead <= row["frames"]:
        raise BadInput(FIELD, f"'lead_in' must be frames from 0 to 'frames', not {str(lead)[:40]}")
    if not LEAST_LEG <= row["leg_length"] <= LONGEST_LEG:
        raise BadInput(
            FIELD,
            f"'leg_length' must be from {LEAST_LEG:g} to {LONGEST_LEG:g} m, "
            f"not {row['leg_length']:g}",
        )
    if row["offset"] < 0 or row["frames"] < 2:
        raise BadInput(FIELD, "'offset' must be at least 0 and 'frames' at least 2")
    for name, kinds in (("captions", {"text": str}), ("segments", SEGMENT)):
        for one in row.get(name) or ():
            if not isinstance(one, dict):
                raise BadInput(FIELD, f"{name!r} must be a list of objects")
            _has(one, kinds)
    return row


def _clip(row: dict[str, Any], where: str) -> tuple[str, Window]:
    _has(row, {"clip_id": str, "seq_id": str, "start": int, "end": int, "captions": list})
    words = tuple(map(str, row["captions"]))
    kind = str(row.get("kind", "trial"))
    return row["seq_id"], Window(row["clip_id"], row["start"], row["end"], words, kind)


def _has(row: Mapping[str, Any], kinds: Mapping[str, type | tuple[type, ...]]) -> None:
    for name, kind in kinds.items():
        if not isinstance(row.get(name), kind) or isinstance(row[name], bool):
            one = kind if isinstance(kind, type) else kind[-1]
            raise BadInput(FIELD, f"{name!r} must be of kind {one.__name__}")


def _shard(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    arrays = load_npz(folder / name, field=FIELD, max_bytes=SHARD_BYTES, dtypes=DTYPES)
    root, local = arrays.get("root"), arrays.get("local")
    if root is None or local is None:
        raise BadInput(FIELD, f"{name!r} must hold 'root' and 'local'")
    if root.shape[1:] != (3,) or local.shape != (len(root), COUNT - 1, 3):
        raise BadInput(
            FIELD,
            f"{name!r} must hold 'root' (frames, 3) and 'local' (frames, {COUNT - 1}, 3), "
            f"not {root.shape} and {local.shape}",
        )
    return root, local


def _recording(
    line: dict[str, Any], shard: tuple[np.ndarray, np.ndarray], windows: list[Window]
) -> Recording:
    root, local = shard
    part = slice(line["offset"], line["offset"] + line["frames"])
    if part.stop > len(root):
        raise BadInput(FIELD, f"{line['seq_id'][:60]!r} goes beyond the end of {line['shard']!r}")
    pelvis = root[part, None].astype(np.float32)
    positions = np.concatenate([pelvis, pelvis + local[part].astype(np.float32)], axis=1)
    try:
        check_body(Clip(positions))
    except BadInput as error:
        raise BadInput(FIELD, f"{line['seq_id'][:60]!r}: {error}") from None
    segments = [
        Window(f"{line['seq_id']}:{at}", one["start"], one["end"], (one["text"],), "segment")
        for at, one in enumerate(line.get("segments") or ())
    ]
    for window in (*windows, *segments):
        if not 0 <= window.start < window.end <= line["frames"]:
            raise BadInput(FIELD, f"the window {window.name[:60]!r} is not inside its sequence")
    return Recording(
        line["seq_id"],
        line["dataset"],
        line["split"],
        positions,
        tuple(one["text"] for one in line["captions"]),
        line.get("content"),
        line.get("style"),
        bool(line.get("comb_holdout")),
        int(line.get("lead_in") or 0),
        float(line["leg_length"]),
        tuple(segments),
        tuple(windows),
    )
