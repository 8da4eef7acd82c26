"""A visitor's motion as rows of the lab's body; no torch, so that a page can ask before a run."""

from __future__ import annotations

import numpy as np

from engine.core.errors import BadInput
from engine.io.archive import is_zip
from engine.labs.motion.clip import place, resample
from engine.labs.motion.data.corpus import LEG_LENGTH
from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.features import encode
from engine.labs.motion.files.arrays import read_npz
from engine.labs.motion.files.bvh_import import import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.skeleton import leg_length

FIELD = "recording"
LEAST_ROWS = 20
BVH, BEGINNING = b"HIERARCHY", 1000  # bytes in which a BVH file says what it is


def read_recording(data: bytes) -> np.ndarray:
    """Rows (rows, 137) of a BVH or NPZ file, on a body with legs of 0.8 m; raises BadInput.

    Motion of more than 9.8 s is cut, and less than one second is refused.
    """
    if is_zip(data):
        clip = read_npz(data)
        positions = place(resample(clip.positions, clip.fps))
    else:
        if BVH not in data[:BEGINNING]:
            raise BadInput(FIELD, "must be a BVH file, which begins with HIERARCHY, or an NPZ file")
        positions = import_bvh(read_bvh(data)).clip.positions
    legs = leg_length(positions)
    if not legs > 0:
        raise BadInput(FIELD, "its legs have no length")
    rows = encode(positions.astype(np.float64) * (LEG_LENGTH / legs)).astype(np.float32)
    if len(rows) < LEAST_ROWS:
        raise BadInput(FIELD, f"must have more than {LEAST_ROWS} frames at 20 a second")
    return rows[:LONGEST]
