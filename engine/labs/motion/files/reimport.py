"""What comes back of a file that was just written: the error of every joint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.motion.clip import Clip, resample
from engine.labs.motion.files.arrays import read_npz
from engine.labs.motion.files.bvh_import import import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.doors import file_bytes, moves_joints
from engine.labs.motion.files.glb_read import read_own_glb
from engine.labs.motion.files.table import read_csv


@dataclass(frozen=True, eq=False)
class Reimported:
    """A file as ``data``, and the clip that it gives when it is read again.

    ``positions`` (frames, 22, 3) in metres are what was read; ``error_mm`` (frames, 22) is the
    distance of each joint from where it was meant to be; ``moving`` is whether bones of it may
    change their length.
    """

    kind: str
    data: bytes
    fps: float
    positions: np.ndarray
    error_mm: np.ndarray
    moving: bool

    @property
    def frames(self) -> int:
        """Of the clip that was read."""
        return len(self.positions)

    @property
    def worst(self) -> int:
        """The joint that is furthest off at any frame."""
        return int(self.error_mm.max(0).argmax())


def write_and_read(
    clip: Clip, kind: str, *, stretch: bool | None = None, hands: bool = False
) -> Reimported:
    """Write ``clip`` with the ending ``kind`` and read it again; options as ``file_bytes``."""
    data = file_bytes(clip, kind, stretch=stretch, hands=hands)
    again = read_again(kind, data)
    error = error_mm(clip, again)
    return Reimported(
        kind,
        data,
        again.fps,
        again.positions,
        error,
        moves_joints(kind, stretch),
    )


def error_mm(meant: Clip, found: Clip) -> np.ndarray:
    """Millimetres (frames, 22) between two clips, at the frame rate of the one that was found."""
    right = resample(meant.positions, meant.fps, found.fps)
    frames = min(len(right), len(found.positions))
    return 1e3 * np.linalg.norm(found.positions[:frames].astype(float) - right[:frames], axis=-1)


def read_again(kind: str, data: bytes) -> Clip:
    """The clip of a file that was written here, where it lies; raises BadInput for others."""
    if kind == ".bvh":
        return import_bvh(read_bvh(data), keep_place=True).clip
    if kind == ".glb":
        return read_own_glb(data)
    return read_npz(data) if kind == ".npz" else read_csv(data)
