"""Reading and writing a clip by the ending of its file's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

from engine.core.errors import BadInput
from engine.io.paths import local_path
from engine.labs.motion.clip import Clip
from engine.labs.motion.files.arrays import csv_text, npz_bytes, read_npy, read_npz
from engine.labs.motion.files.bvh_import import Imported, import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.bvh_write import bvh_text
from engine.labs.motion.files.glb import glb_bytes

WRITERS: dict[str, Callable[[Clip], str | bytes]] = {
    ".npz": npz_bytes,
    ".bvh": bvh_text,
    ".glb": glb_bytes,
    ".csv": csv_text,
}
READERS = (".bvh", ".npz", ".npy")


def load_clip(path: Path | str, *, repair: bool = True, keep_place: bool = False) -> Imported:
    """The motion of a BVH, NPZ or NPY file on the lab's joints; raises BadInput.

    ``repair`` and ``keep_place`` are for BVH, see ``import_bvh``; arrays are taken as they are.
    """
    kind = _ending(path, READERS, "input")
    if kind == ".bvh":
        return import_bvh(read_bvh(path), repair=repair, keep_place=keep_place)
    clip = read_npz(path) if kind == ".npz" else read_npy(path)
    return Imported(clip, "22 joints", 1.0, len(clip.positions), clip.fps, (), ())


def save_clip(clip: Clip, path: Path | str, *, stretch: bool = False) -> Path:
    """Write NPZ, BVH, GLB or CSV, whole or not at all; raises BadInput naming the output.

    ``stretch`` is for BVH, see ``bvh_text``.
    """
    kind = check_output(path)
    target = local_path(path, field="output")
    made = bvh_text(clip, stretch=stretch) if kind == ".bvh" else WRITERS[kind](clip)
    data = made.encode() if isinstance(made, str) else made
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
            file.write(data)
        try:
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
    kind = _ending(path, tuple(WRITERS), "output")
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
