"""What the views of the motion page share."""

from __future__ import annotations

from engine.core import Lab, get_lab
from pages.kit import select

FRAME = "motion.frame"


def choose_frame(place: tuple[int, int] | None) -> None:
    """Keep the frame where a viewer came to rest; call it in a viewer's ``on_select``."""
    if place is not None:
        select(FRAME, place[1])


def motion_lab() -> Lab:
    """The lab of this page."""
    return get_lab("motion")
