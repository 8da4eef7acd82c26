"""Skeletons on the page: played in step, with what one can take away from them."""

from __future__ import annotations

from collections.abc import Callable

from engine.figures.skeletons import Stage, draw_skeletons
from pages.kit.components.skeletons import skeletons
from pages.kit.components.sync import UNSET
from pages.kit.show import offer
from pages.kit.theme import palette

HEIGHT = 420


def show_skeletons(
    stage: Stage,
    key: str,
    *,
    frame: int | None = UNSET,
    on_select: Callable[[tuple[int, int] | None], None] | None = None,
    on_move: Callable[[int, int], None] | None = None,
    height: int = HEIGHT,
) -> tuple[int, int] | None:
    """Play ``stage`` and return the chosen (lane, frame), None before a choice.

    ``stage.alt`` states the finding. ``frame`` is where the page wants the playhead (a choice made
    elsewhere); without it the playhead is the visitor's alone. ``on_select`` is called before the
    page runs again, and so is ``on_move`` with the segment whose end was dragged and the frame that
    it ends in front of. The files hold a storyboard and every position.
    """
    colours = palette()
    chosen = skeletons(
        stage,
        key=key,
        palette=colours,
        frame=frame,
        on_select=on_select,
        on_move=on_move,
        height=height,
    )
    offer(key, lambda: draw_skeletons(stage, colours), stage.alt, stage.table)
    return chosen
