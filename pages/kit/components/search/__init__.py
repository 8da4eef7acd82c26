"""A search box that answers while one types: a combobox with a list of hits, by keyboard too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from engine.figures.palette import Palette
from pages.kit.components.sync import UNSET, reconcile, report

LONGEST = 300
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "engram_search",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js=(_HERE / "view.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class SearchHit:
    """One line of the list: ``value`` comes back when it is chosen, the rest is shown as text."""

    value: str
    title: str
    kind: str = ""
    text: str = ""
    side: str = ""


def typed(key: str, given: str | Any = UNSET) -> str:
    """What stands in the box now; ask before ``search`` is drawn, to find its hits."""
    now, _ = reconcile(key, "typed", given)
    return str(now or "")[:LONGEST]


def search(
    *,
    key: str,
    label: str,
    hits: Sequence[SearchHit],
    palette: Palette,
    text: str | Any = UNSET,
    placeholder: str = "",
    nothing: str = "Nothing is found.",
    quiet: bool = False,
    on_text: Callable[[str], None] | None = None,
    on_pick: Callable[[str], None] | None = None,
) -> str:
    """Draw the box with the ``hits`` of what ``typed`` says, and return what stands in it.

    Words of the box are marked in the hits; all of it is text, never markup. The browser waits
    150 ms after the last key before it asks. ``nothing`` is said where a text has no hits; with
    ``quiet`` the list stays away until the visitor types or asks for it.
    """
    now, pushed = reconcile(key, "typed", text)

    def wrote() -> None:
        fresh = report(key, "typed")
        if on_text is not None and fresh is not None:
            on_text(str(fresh["value"])[:LONGEST])

    def picked() -> None:
        fresh = report(key, "picked")
        if on_pick is not None and fresh is not None:
            on_pick(str(fresh["value"]))

    header: dict[str, Any] = {
        "label": label,
        "placeholder": placeholder,
        "nothing": nothing,
        "longest": LONGEST,
        "quiet": quiet,
        "answers": str(now or "")[:LONGEST],
        "hits": [asdict(hit) for hit in hits],
        "pushed": pushed,
        "theme": {
            name: getattr(palette, name)
            for name in ("ink", "muted", "grid", "paper", "panel", "accent")
        },
    }
    _component(key=key, data=header, on_typed_change=wrote, on_picked_change=picked)
    return str(now or "")[:LONGEST]
