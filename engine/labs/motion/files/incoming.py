"""The motion of bytes that somebody brought, by what they begin with and not by their name."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from engine.core.errors import BadInput
from engine.io.npy import read_npy
from engine.labs.motion.clip import Clip, place, resample
from engine.labs.motion.files.arrays import MOST_BYTES, NUMBERS, clip_of_array, read_npz
from engine.labs.motion.files.bvh import POSITIONS, Bvh
from engine.labs.motion.files.bvh_import import Imported, find_profile, import_bvh, lost_bones
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.files.table import looks_like_table, read_csv
from engine.labs.motion.skeleton import FPS

FIELD = "file"
ZIP, NPY, GLB, BVH = b"PK\x03\x04", b"\x93NUMPY", b"glTF", b"HIERARCHY"
BOM = b"\xef\xbb\xbf"
KINDS = {".bvh": "BVH", ".npz": "NPZ", ".npy": "NPY", ".csv": "CSV"}


@dataclass(frozen=True, eq=False)
class Brought:
    """A file of motion: its kind, what came of it, and the hierarchy of a BVH file."""

    kind: str
    found: Imported
    bvh: Bvh | None = None

    @property
    def lost(self) -> bool:
        """Whether it is a BVH file that lost the bones of a branching joint."""
        return self.bvh is not None and lost_bones(self.bvh, find_profile(self.bvh.names))

    @property
    def moved_joints(self) -> int:
        """Joints below the root that have position channels."""
        channels = self.bvh.channels[1:] if self.bvh else ()
        return sum(bool(set(names) & set(POSITIONS)) for names in channels)


def read_motion(data: bytes, *, repair: bool = True) -> Brought:
    """The motion at 20 frames a second on the floor, starting at the origin and facing +z.

    ``repair`` as in ``import_bvh``. Raises BadInput for bytes of another kind, and what the
    readers of BVH, NPZ, NPY and CSV raise.
    """
    begin = data[:4096].removeprefix(BOM).lstrip()
    if begin[: len(BVH)].upper() == BVH:
        bvh = read_bvh(data)
        return Brought(".bvh", import_bvh(bvh, repair=repair), bvh)
    if data.startswith(ZIP):
        return _arrays(".npz", read_npz(data))
    if data.startswith(NPY):
        array = read_npy(
            BytesIO(data), len(data), field="npy", max_bytes=MOST_BYTES, dtypes=NUMBERS
        )
        return _arrays(".npy", clip_of_array(array))
    if looks_like_table(data[:65536]):
        return _arrays(".csv", read_csv(data))
    if data.startswith(GLB):
        raise BadInput(FIELD, f"GLB is written here and not read; bring {_kinds()}")
    raise BadInput(
        FIELD,
        f"must be {_kinds()}: a BVH file begins with HIERARCHY, a table with a line that has "
        "the column time_s",
    )


def _arrays(kind: str, clip: Clip) -> Brought:
    moved = resample(clip.positions, clip.fps)
    if len(moved) < 2:
        raise BadInput(
            FIELD,
            f"{len(clip.positions)} frames at {clip.fps:g} a second are less than 2 at {FPS:g}",
        )
    count, rate = len(clip.positions), clip.fps
    return Brought(kind, Imported(Clip(place(moved)), "22 joints", 1.0, count, rate, (), ()))


def _kinds() -> str:
    *most, last = KINDS.values()
    return f"{', '.join(most)} or {last}"
