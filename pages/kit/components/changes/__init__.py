"""What changed in some texts: words that came and went, marked by sign, style and element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from engine.core import BadInput
from engine.figures.palette import Palette

MOST_BLOCKS = 500
SIGNS = ("=", "+", "-")

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "engram_changes",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js=(_HERE / "view.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Block:
    """One changed thing: a ``title``, a line below it, and (name, parts) for each of its texts.

    ``parts`` are (sign, words) with "=" for what stayed, "+" for what came and "-" for what went.
    """

    title: str
    caption: str
    rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def changes(blocks: Sequence[Block], *, key: str, palette: Palette, label: str) -> None:
    """Show ``blocks`` one below the other; ``label`` names the list to a screen reader.

    Words that came are underlined behind a plus, words that went are struck through behind a
    minus, and both are said aloud. All texts are shown as they are, markup included. Raises
    BadInput for another sign or more than 500 blocks.
    """
    if len(blocks) > MOST_BLOCKS:
        raise BadInput("blocks", f"{len(blocks)} are more than {MOST_BLOCKS}; show a part of them")
    for block in blocks:
        for _, parts in block.rows:
            if unknown := {sign for sign, _ in parts} - set(SIGNS):
                raise BadInput("parts", f"signs are {', '.join(SIGNS)} (got {min(unknown)!r})")
    data: dict[str, Any] = {
        "label": label,
        "blocks": [
            {
                "title": block.title,
                "caption": block.caption,
                "rows": [[name, [[*part] for part in parts]] for name, parts in block.rows],
            }
            for block in blocks
        ],
        "colours": {
            "came": palette.good.colour,
            "went": palette.bad.colour,
            "muted": palette.muted,
            "grid": palette.grid,
        },
    }
    _component(key=key, data=data)
