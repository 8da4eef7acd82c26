"""The lab's own commands: ``convert`` reads a file of motion and writes another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.core.arguments import Arguments

PROGRAM = "python -m engine motion"


def convert(argv: Sequence[str]) -> dict[str, Any]:
    """BVH, NPZ or NPY become NPZ, BVH, GLB or CSV; what was found, changed and lost on the way.

    ``reimport_error_mm`` is the greatest distance of a joint between what was meant and what the
    written file gives when it is read again, None for GLB and CSV, which are not read here.
    Raises BadInput for bad options, files and places.
    """
    given = _parser().parse_args(list(argv))

    import numpy as np

    from engine.labs.motion.files.doors import READERS, check_output, load_clip, save_clip

    ending = check_output(given.output)
    found = load_clip(given.input, repair=given.repair, keep_place=given.keep_place)
    clip = found.clip
    path = save_clip(clip, given.output, stretch=given.stretch)
    apart = None
    if ending in READERS:
        again = load_clip(path, keep_place=True).clip.positions
        apart = 1e3 * float(np.linalg.norm(again - clip.positions, axis=-1).max())
    return {
        "input": given.input,
        "output": str(path),
        "skeleton": found.skeleton,
        "unit_m": found.unit,
        "file_frames": found.file_frames,
        "file_fps": found.file_fps,
        "frames": len(clip.positions),
        "fps": clip.fps,
        "seconds": clip.seconds,
        "fixes": list(found.fixes),
        "notices": list(found.notices),
        "reimport_error_mm": apart,
    }


def _parser() -> Arguments:
    parser = Arguments(f"{PROGRAM} convert", "A file of motion becomes another.")
    parser.add_argument("input", metavar="INPUT", help="a .bvh, .npz or .npy file")
    parser.add_argument("output", metavar="OUTPUT", help=".npz, .bvh, .glb or .csv")
    parser.add_argument(
        "--no-repair",
        dest="repair",
        action="store_false",
        help="leave out the CMU branch-bone repair and keep a T-pose in the first frame",
    )
    parser.add_argument(
        "--keep-place",
        action="store_true",
        help="leave floor, start and facing of a BVH file as they are",
    )
    parser.add_argument(
        "--stretch",
        action="store_true",
        help="BVH with position channels at every joint, for bones that change their length",
    )
    return parser
