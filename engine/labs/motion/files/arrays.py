"""NPZ, NPY and CSV: the numbers themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.core.errors import BadInput
from engine.io.npy import FLOATS, WHOLE, load_npy
from engine.io.npz import load_npz, pack_npz
from engine.labs.motion import features, humanml
from engine.labs.motion.clip import Clip, check_body, place, resample
from engine.labs.motion.files.hands import HANDS, WITH_HANDS, with_hands
from engine.labs.motion.skeleton import COUNT, FPS, JOINTS

JOINTS_KEY, FPS_KEY, FEATURES_KEY, HUMANML_KEY = "joints", "fps", "features", "humanml263"
MOST_BYTES = 100_000_000
NUMBERS = (*FLOATS, *WHOLE)
# Rows for models that are written: with the joints of the longest clip they are under the limit.
MOST_ROWS = 40_000


def npz_bytes(clip: Clip, *, hands: bool = False) -> bytes:
    """The clip as NPZ: ``joints`` (frames, 22, 3) and ``fps`` (1,), and rows for models.

    With ``hands`` the joints are SMPL's 24, see ``with_hands``.

    ``features`` (rows, 137) and ``humanml263`` (rows, 263) are of the motion at 20 frames a
    second on the floor, facing +z at first; rows are one less than frames. Of more than 33 minutes
    there are only the joints.
    """
    arrays = {
        JOINTS_KEY: _joints(clip, hands).astype(np.float32),
        FPS_KEY: np.array([clip.fps]),
    }
    if 1 <= clip.seconds * FPS <= MOST_ROWS:
        calm = place(resample(clip.positions, clip.fps).astype(np.float64))
        arrays[FEATURES_KEY] = features.encode(calm).astype(np.float32)
        arrays[HUMANML_KEY] = humanml.to_humanml(calm).astype(np.float32)
    return pack_npz(arrays)


def read_npz(source: Path | str | bytes) -> Clip:
    """The clip of an NPZ: ``joints``, else ``features``, else ``humanml263``.

    Of SMPL's 24 joints the hands are left out. Without ``fps`` it is 20. Numbers may be whole and
    ``fps`` may have no axis. Raises BadInput for
    another schema, arrays of objects or text, NaN.
    """
    arrays = load_npz(source, field="npz", max_bytes=MOST_BYTES, dtypes=NUMBERS, scalars=True)
    return check_body(_clip(arrays))


def read_npy(source: Path | str) -> Clip:
    """The clip of one array: (frames, 22, 3) or (rows, 263), as HumanML3D's folders hold them."""
    return clip_of_array(load_npy(source, field="npy", max_bytes=MOST_BYTES, dtypes=NUMBERS))


def clip_of_array(array: np.ndarray) -> Clip:
    """The clip of joints or rows at 20 frames a second; raises BadInput for another shape."""
    if array.ndim == 3:
        return check_body(_clip({JOINTS_KEY: array}))
    names = {features.WIDTH: FEATURES_KEY, humanml.WIDTH: HUMANML_KEY}
    if array.ndim == 2 and array.shape[1] in names:
        return check_body(_clip({names[array.shape[1]]: array}))
    raise BadInput(
        "npy",
        f"must be (frames, {COUNT}, 3), (rows, {features.WIDTH}) or (rows, {humanml.WIDTH}), "
        f"not {array.shape}",
    )


def csv_text(clip: Clip, *, hands: bool = False) -> str:
    """The clip as a table: a row a frame, its time in seconds and 66 columns in metres.

    With ``hands`` there are 72.
    """
    joints = (*JOINTS, *HANDS) if hands else JOINTS
    names = [f"{joint}_{axis}_m" for joint in joints for axis in "xyz"]
    lines = [",".join(["frame", "time_s", *names])]
    for frame, row in enumerate(_joints(clip, hands).reshape(len(clip.positions), -1).tolist()):
        values = ",".join(f"{value:.6f}" for value in row)
        lines.append(f"{frame},{frame / clip.fps:.9g},{values}")
    return "\n".join(lines) + "\n"


def _joints(clip: Clip, hands: bool) -> np.ndarray:
    return with_hands(clip.positions) if hands else clip.positions


def _clip(arrays: Mapping[str, np.ndarray]) -> Clip:
    fps = FPS
    if FPS_KEY in arrays:
        if arrays[FPS_KEY].size != 1:
            raise BadInput("npz", f"array {FPS_KEY!r} must be one number")
        fps = float(arrays[FPS_KEY].reshape(()))
    if JOINTS_KEY in arrays:
        joints = arrays[JOINTS_KEY].astype(np.float64)
        clip = Clip(joints[:, :COUNT] if joints.shape[1:] == (WITH_HANDS, 3) else joints, fps)
        # In range, so that nothing overflows.
        return replace(clip, positions=clip.positions.astype(np.float32))
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
