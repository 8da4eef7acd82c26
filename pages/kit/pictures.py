"""Pictures on the page: a grid of them, one of which can be chosen, and its exports."""

from __future__ import annotations

from collections.abc import Callable

from engine.figures.pictures import PictureGrid, draw_pictures
from pages.kit.components.pictures import pictures
from pages.kit.components.sync import UNSET
from pages.kit.show import offer
from pages.kit.theme import palette

SIZE = 72


def show_pictures(
    grid: PictureGrid,
    key: str,
    *,
    size: int = SIZE,
    selected: tuple[int, int] | None = UNSET,
    on_select: Callable[[tuple[int, int] | None], None] | None = None,
) -> tuple[int, int] | None:
    """Draw a grid with pictures about ``size`` px wide; returns the chosen (row, column).

    ``grid.alt`` states the finding. ``selected`` is the page's choice (None: nothing); without it
    the grid keeps its own. ``on_select`` is called before the page runs again.
    """
    colours = palette()
    chosen = pictures(
        grid, key=key, palette=colours, size=size, selected=selected, on_select=on_select
    )
    offer(key, lambda: draw_pictures(grid, colours), grid.alt, grid.table)
    return chosen
