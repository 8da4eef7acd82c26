"""NPZ, NPY and CSV: the numbers themselves."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.io.npy import load_npy
from engine.io.npz import load_npz
from engine.labs.motion import features, humanml
from engine.labs.motion.clip import Clip, place, resample
from engine.labs.motion.skeleton import COUNT, FPS, JOINTS

JOINTS_KEY, FPS_KEY, FEATURES_KEY, HUMANML_KEY = "joints", "fps", "features", "humanml263"
MOST_BYTES = 100_000_000


def npz_bytes(clip: Clip) -> bytes:
    """The clip as NPZ: ``joints`` (frames, 22, 3) and ``fps`` (1,), and rows for models.

    ``features`` (rows, 137) and ``humanml263`` (rows, 263) are of the motion at 20 frames a
    second on the floor, facing +z at first; rows are one less than frames.
    """
    calm = place(resample(clip.positions, clip.fps).astype(np.float64))
    arrays: dict[str, Any] = {
        JOINTS_KEY: clip.positions.astype(np.float32),
        FPS_KEY: np.array([clip.fps], dtype=np.float32),
    }
    if len(calm) > 1:
        arrays[FEATURES_KEY] = features.encode(calm).astype(np.float32)
        arrays[HUMANML_KEY] = humanml.to_humanml(calm).astype(np.float32)
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()


def read_npz(source: Path | str | bytes) -> Clip:
    """The clip of an NPZ: ``joints``, else ``features``, else ``humanml263``.

    Without ``fps`` it is 20. Raises BadInput for another schema, arrays of objects or text, NaN.
    """
    arrays = load_npz(source, field="npz", max_bytes=MOST_BYTES)
    return _clip(arrays)


def read_npy(source: Path | str) -> Clip:
    """The clip of one array: (frames, 22, 3) or (rows, 263), as HumanML3D's folders hold them."""
    array = load_npy(source, field="npy", max_bytes=MOST_BYTES)
    if array.ndim == 3:
        return _clip({JOINTS_KEY: array})
    names = {features.WIDTH: FEATURES_KEY, humanml.WIDTH: HUMANML_KEY}
    if array.ndim == 2 and array.shape[1] in names:
        return _clip({names[array.shape[1]]: array})
    raise BadInput(
        "npy",
        f"must be (frames, {COUNT}, 3), (rows, {features.WIDTH}) or (rows, {humanml.WIDTH}), "
        f"not {array.shape}",
    )


def csv_text(clip: Clip) -> str:
    """The clip as a table: a row a frame, its time in seconds and 66 columns in metres."""
    names = [f"{joint}_{axis}_m" for joint in JOINTS for axis in "xyz"]
    lines = [",".join(["frame", "time_s", *names])]
    for frame, row in enumerate(clip.positions.reshape(len(clip.positions), -1).tolist()):
        values = ",".join(f"{value:.6f}" for value in row)
        lines.append(f"{frame},{frame / clip.fps:.6g},{values}")
    return "\n".join(lines) + "\n"


def _clip(arrays: Mapping[str, np.ndarray]) -> Clip:
    fps = FPS
    if FPS_KEY in arrays:
        if arrays[FPS_KEY].size != 1:
            raise BadInput("npz", f"array {FPS_KEY!r} must be one number")
        fps = float(arrays[FPS_KEY].reshape(()))
    if JOINTS_KEY in arrays:
        return Clip(arrays[JOINTS_KEY].astype(np.float32), fps)
    if FEATURES_KEY in arrays:
        return Clip(features.decode(arrays[FEATURES_KEY].astype(np.float64)))
    if HUMANML_KEY in arrays:
        rows = humanml.from_humanml(arrays[HUMANML_KEY].astype(np.float64))
        return Clip(features.decode(rows))
    raise BadInput(
        "npz",
        f"must hold {JOINTS_KEY!r} (frames, {COUNT}, 3), {FEATURES_KEY!r} (rows, {features.WIDTH}) "
        f"or {HUMANML_KEY!r} (rows, {humanml.WIDTH}); it holds {', '.join(sorted(arrays))[:120]}",
    )
