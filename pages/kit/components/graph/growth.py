"""What a growing graph is given: when nodes and edges come, and marks that differ by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core import BadInput


def arrival_frames(given: object | None, count: int, frames: int, field: str) -> np.ndarray:
    """The frame of each thing's arrival: uint16 [count], empty where all are there at once."""
    if given is None:
        return np.zeros(0, np.uint16)
    array = np.asarray(given)
    if array.shape != (count,) or (count and not 0 <= array.min() <= array.max() < frames):
        raise BadInput(field, f"needs {count} frames from 0 to {frames - 1}")
    return array.astype(np.uint16)


def marks(
    marked: Sequence[int] | Sequence[Sequence[int]], nodes: int, frames: int
) -> dict[str, np.ndarray]:
    """``marked`` int32 nodes; with a list a frame, frame f has those from ``marked_from`` [f] on.

    Raises BadInput.
    """
    rows = list(marked)
    each = bool(rows) and not isinstance(rows[0], int | np.integer)
    if each and len(rows) != frames:
        raise BadInput("marked", f"needs a list for each of {frames} frames, not {len(rows)}")
    flat = np.array([i for row in rows for i in row] if each else rows, dtype=np.int32)
    if len(flat) and not 0 <= flat.min() <= flat.max() < nodes:
        raise BadInput("marked", f"must be nodes from 0 to {nodes - 1}")
    starts = np.cumsum([0, *map(len, rows)]) if each else np.zeros(0)
    return {"marked": flat, "marked_from": starts.astype(np.int32)}
