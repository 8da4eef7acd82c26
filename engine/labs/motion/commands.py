"""The lab's own commands: ``convert`` reads a file of motion and writes another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.core.arguments import Arguments
from engine.labs.motion.files.options import add_moving_joints

PROGRAM = "python -m engine motion"


def convert(argv: Sequence[str]) -> dict[str, Any]:
    """BVH, NPZ, NPY or CSV become NPZ, BVH, GLB or CSV; what was found, changed and lost.

    ``reimport_error_mm`` is the greatest distance of a joint between what was meant and what the
    written file gives when it is read again; ``moving_joints`` is whether its bones may change
    their length, None for files without bones.
    Raises BadInput for bad options, files and places.
    """
    given = _parser().parse_args(list(argv))

    from engine.labs.motion.files.doors import MOVING_JOINTS, check_output, load_clip, save_bytes
    from engine.labs.motion.files.reimport import write_and_read

    ending = check_output(given.output)
    found = load_clip(given.input, repair=given.repair, keep_place=given.keep_place)
    clip = found.clip
    # Read again before it is kept: what cannot be read is not written.
    again = write_and_read(clip, ending, stretch=given.stretch, hands=given.hands)
    path = save_bytes(again.data, given.output)
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
        "moving_joints": again.moving if ending in MOVING_JOINTS else None,
        "reimport_error_mm": float(again.error_mm.max()),
    }


def _parser() -> Arguments:
    parser = Arguments(f"{PROGRAM} convert", "A file of motion becomes another.")
    parser.add_argument("input", metavar="INPUT", help="a .bvh, .npz, .npy or .csv file")
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
    add_moving_joints(parser)
    parser.add_argument(
        "--hands",
        action="store_true",
        help="SMPL's 24 joints: hands that go on from the forearms",
    )
    return parser
