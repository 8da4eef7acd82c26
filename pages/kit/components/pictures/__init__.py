"""Pictures in rows and columns, pixel by pixel, with words under them; one can be chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from engine.figures.palette import Palette
from engine.figures.pictures import PictureGrid
from pages.kit.components.payload import pack
from pages.kit.components.sync import UNSET, reconcile, report

Place = tuple[int, int]

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "engram_pictures",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js="\n".join(
        path.read_text("utf-8") for path in (_HERE.parent / "payload.js", _HERE / "view.js")
    ),
)


def pictures(
    grid: PictureGrid,
    *,
    key: str,
    palette: Palette,
    size: int,
    selected: Place | None = UNSET,
    on_select: Callable[[Place | None], None] | None = None,
) -> Place | None:
    """Draw ``grid`` with pictures about ``size`` px wide and return the chosen (row, column).

    Pictures can be chosen where the page gives ``selected`` or ``on_select``; a second click takes
    a choice back. Arrow keys walk, Enter or space chooses.
    """
    rows, columns = grid.shape
    given = selected if selected is UNSET else _as_list(selected, grid)
    now, pushed = reconcile(key, "selected", given)
    header = {
        "id": key,
        "title": grid.title,
        "alt": grid.alt,
        "shape": list(grid.pictures.shape[:4]),
        "rows": [str(label) for label in grid.row_labels],
        "columns": [str(label) for label in grid.column_labels],
        "under": [[grid.line(r, c) for c in range(columns)] for r in range(rows)],
        "marks": [[grid.mark(r, c) for c in range(columns)] for r in range(rows)],
        "here": [[grid.here(r, c) for c in range(columns)] for r in range(rows)],
        "colours": {
            word: palette.category(slot) for slot, word in enumerate(grid.mark_names)
        },
        "size": size,
        "selectable": selected is not UNSET or on_select is not None,
        "pushed": pushed,
        "theme": {
            name: getattr(palette, name)
            for name in ("ink", "muted", "grid", "paper", "panel", "accent")
        },
    }  # fmt: skip

    def changed() -> None:
        fresh = report(key, "selected")
        if on_select is not None and fresh is not None:
            on_select(_place(fresh["value"]))

    pixels = {"pixels": np.ascontiguousarray(grid.pictures).reshape(-1)}
    _component(key=key, data=pack(header, pixels), on_selected_change=changed)
    return _place(now)


def _as_list(selected: Place | None, grid: PictureGrid) -> list[int] | None:
    """A place of a larger grid that was shown before is no choice in this one."""
    if selected is None:
        return None
    row, column = (int(part) for part in selected)
    inside = 0 <= row < grid.shape[0] and 0 <= column < grid.shape[1]
    return [row, column] if inside and grid.here(row, column) else None


def _place(value: list[int] | None) -> Place | None:
    return None if value is None else (int(value[0]), int(value[1]))
