"""Reading and writing a clip by the ending of its file's name."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from engine.core.errors import BadInput
from engine.io.paths import local_path, read_file
from engine.labs.motion.clip import Clip
from engine.labs.motion.files.arrays import csv_text, npz_bytes, read_npy, read_npz
from engine.labs.motion.files.bvh_import import Imported, import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.files.glb import glb_bytes
from engine.labs.motion.files.table import LIMIT_BYTES, read_csv

WRITERS = (".npz", ".bvh", ".glb", ".csv")
READERS = (".bvh", ".npz", ".npy", ".csv")
# Whether joints move along their bones where nobody asks: viewers of glTF play that, and many
# programs that read BVH do not.
MOVING_JOINTS = {".bvh": False, ".glb": True}


def load_clip(path: Path | str, *, repair: bool = True, keep_place: bool = False) -> Imported:
    """The motion of a BVH, NPZ, NPY or CSV file on the lab's joints; raises BadInput.

    ``repair`` and ``keep_place`` are for BVH, see ``import_bvh``; arrays are taken as they are.
    """
    kind = _ending(path, READERS, "input")
    if kind == ".bvh":
        return import_bvh(read_bvh(path), repair=repair, keep_place=keep_place)
    if kind == ".csv":
        clip = read_csv(read_file(local_path(path, field="csv"), field="csv", limit=LIMIT_BYTES))
    else:
        clip = read_npz(path) if kind == ".npz" else read_npy(path)
    return Imported(clip, "22 joints", 1.0, len(clip.positions), clip.fps, (), ())


def moves_joints(kind: str, stretch: bool | None) -> bool:
    """Whether a file with the ending ``kind`` has channels for lengths; None: as usual there."""
    usual = MOVING_JOINTS.get(kind)
    return False if usual is None else usual if stretch is None else stretch


def file_bytes(clip: Clip, kind: str, *, stretch: bool | None = None, hands: bool = False) -> bytes:
    """The clip as a file with the ending ``kind``.

    ``stretch`` is for BVH and GLB, whose bones keep one length without it; None is what is usual
    for the format, see ``MOVING_JOINTS``. ``hands`` appends two joints, see ``with_hands``.
    """
    moving = moves_joints(kind, stretch)
    if kind == ".bvh":
        return bvh_text(clip, stretch=moving, hands=hands).encode()
    if kind == ".glb":
        return glb_bytes(clip, stretch=moving, hands=hands)
    return csv_text(clip, hands=hands).encode() if kind == ".csv" else npz_bytes(clip, hands=hands)


def save_clip(
    clip: Clip, path: Path | str, *, stretch: bool | None = None, hands: bool = False
) -> Path:
    """Write NPZ, BVH, GLB or CSV, whole or not at all; raises BadInput naming the output.

    ``stretch`` and ``hands`` as in ``file_bytes``.
    """
    kind = check_output(path)
    return save_bytes(file_bytes(clip, kind, stretch=stretch, hands=hands), path)


def save_bytes(data: bytes, path: Path | str) -> Path:
    """Write a file whole or not at all; raises BadInput naming the output."""
    target = local_path(path, field="output")
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
            pass
        try:
            Path(file.name).write_bytes(data)
            Path(file.name).chmod(0o666 & ~_mask())
            Path(file.name).replace(target)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput("output", f"{target.name!r} cannot be written ({error.strerror})") from None
    return target


def check_output(path: Path | str) -> str:
    """The ending of a file that could be written; raises BadInput before any work is done."""
    kind = _ending(path, WRITERS, "output")
    target = local_path(path, field="output")
    if target.is_dir() or not target.parent.is_dir():
        raise BadInput("output", f"there is no folder for {str(path)[:200]!r}")
    return kind


def _mask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _ending(path: Path | str, allowed: tuple[str, ...], field: str) -> str:
    ending = Path(path).suffix.lower()
    if ending not in allowed:
        raise BadInput(field, f"must end in {', '.join(allowed)} (got {Path(path).name[:60]!r})")
    return ending
