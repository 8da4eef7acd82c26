"""What a command can be asked about the file that it writes."""

from __future__ import annotations

from argparse import BooleanOptionalAction

from engine.core.arguments import Arguments


def add_moving_joints(parser: Arguments) -> None:
    """``--moving-joints`` and ``--no-moving-joints``; neither is what is usual for the format."""
    parser.add_argument(
        "--moving-joints",
        "--stretch",
        dest="stretch",
        action=BooleanOptionalAction,
        default=None,
        help="position channels at every joint of a .bvh (usual: none) or .glb (usual: moving), "
        "for bones that change their length",
    )
