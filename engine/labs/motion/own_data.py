"""A folder in the schema of the lab's data, written from recordings that a user owns.

What ``recordings`` reads: shards of positions, a line for each sequence, and a line for each clip
that models are trained on.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.io.npz import pack_npz
from engine.io.paths import local_path
from engine.labs.motion.recordings import CLIPS, SEQUENCES, Recording, Window
from engine.labs.motion.skeleton import FPS

FIELD = "out"
# Frames of a shard: 28 MB, which are read whole.
SHARD_FRAMES = 200_000
# Of a collection without splits of its own, from the second recording on.
VAL_EVERY = 10
# Frames of a recording that is one clip (10 s), and of the equal parts of a longer one (8 s).
LONGEST_TRIAL, LONGEST_PART = 200, 160


def check_target(folder: Path | str) -> Path:
    """A new or empty folder, which is made; raises BadInput naming ``out``."""
    target = local_path(folder, field=FIELD)
    try:
        target.mkdir(parents=True, exist_ok=True)
        there = any(target.iterdir())
    except OSError as error:
        raise BadInput(FIELD, f"{target.name!r} cannot be written ({error.strerror})") from None
    if there:
        raise BadInput(FIELD, f"must be a new or an empty folder, and {target.name!r} holds files")
    return target


def write_recordings(recordings: Iterable[Recording], target: Path) -> Counter[str]:
    """Write them below ``target``, one after the other; returns how many each split has.

    Recordings of a split "own" become train, every tenth of them val. Raises BadInput where
    nothing comes, or the disk does not take it.
    """
    counts: Counter[str] = Counter()
    sequences: list[dict[str, Any]] = []
    clips: list[dict[str, Any]] = []
    shards = _Shards(target)
    try:
        for number, one in enumerate(recordings):
            if one.split == "own":
                split = "val" if number % VAL_EVERY == 1 else "train"
                one = replace(one, split=split)
            counts[one.split] += 1
            sequences.append(_line(one, *shards.add(one)))
            clips += _clips(one)
        if not counts:
            return counts
        shards.close()
        _write_lines(target / CLIPS, clips)
        # At last: without it the folder is none of the lab's.
        _write_lines(target / SEQUENCES, sequences)
    except OSError as error:
        raise BadInput(FIELD, f"{target.name!r} cannot be written ({error.strerror})") from None
    return counts


class _Shards:
    """Positions by data set and split, written whenever a shard is full."""

    def __init__(self, target: Path):
        self.target = target
        self.open: dict[tuple[str, str], list[np.ndarray]] = {}
        self.written: Counter[tuple[str, str]] = Counter()

    def add(self, one: Recording) -> tuple[str, int]:
        """The shard's name and where in it the recording begins."""
        key = one.dataset, one.split
        held = self.open.setdefault(key, [])
        offset = sum(map(len, held))
        if held and offset + len(one.positions) > SHARD_FRAMES:
            self._write(key)
            held, offset = self.open.setdefault(key, []), 0
        held.append(one.positions)
        return self._name(key), offset

    def close(self) -> None:
        """Write what is left."""
        for key in list(self.open):
            self._write(key)

    def _name(self, key: tuple[str, str]) -> str:
        return f"{key[0]}_{key[1]}_{self.written[key]}.npz"

    def _write(self, key: tuple[str, str]) -> None:
        positions = np.concatenate(self.open.pop(key))
        root = positions[:, 0].astype(np.float32)
        # Half precision: of a body's size that is a quarter of a millimetre.
        local = (positions[:, 1:] - positions[:, :1]).astype(np.float16)
        (self.target / self._name(key)).write_bytes(pack_npz({"root": root, "local": local}))
        self.written[key] += 1


def _line(one: Recording, shard: str, offset: int) -> dict[str, Any]:
    return {
        "seq_id": one.name,
        "dataset": one.dataset,
        "split": one.split,
        "shard": shard,
        "offset": offset,
        "frames": len(one.positions),
        "fps": int(FPS),
        "captions": [{"text": text} for text in one.captions],
        "segments": [
            {"start": part.start, "end": part.end, "text": part.captions[0]}
            for part in one.segments
        ],
        "content": one.content,
        "style": one.style,
        "comb_holdout": one.held_out,
        "lead_in": one.lead_in,
        "leg_length": one.leg_length,
    }


def _clips(one: Recording) -> list[dict[str, Any]]:
    """What is trained on, as in the lab's data: all of a short recording, windows of a longer one.

    The windows are those that the collection names, else equal parts; whole or in windows, never
    both. Segments with words of their own come in addition.
    """
    parts = [Window(one.name, 0, len(one.positions), one.captions, "trial")]
    if len(one.positions) > LONGEST_TRIAL:
        parts = [replace(part, name=f"{one.name}:{part.name}") for part in one.windows]
        parts = parts or _equal_parts(one)
    return [
        {
            "clip_id": part.name,
            "seq_id": one.name,
            "start": part.start,
            "end": part.end,
            "kind": part.kind,
            "captions": list(part.captions),
        }
        for part in (*parts, *one.segments)
        if part.captions
    ]


def _equal_parts(one: Recording) -> list[Window]:
    count = -(-len(one.positions) // LONGEST_PART)
    edges = [at * len(one.positions) // count for at in range(count + 1)]
    return [
        Window(f"{one.name}:w{at:02}", *pair, one.captions, "window")
        for at, pair in enumerate(itertools.pairwise(edges))
    ]


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
