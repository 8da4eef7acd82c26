"""Skeletons that are played in step, and strips below them that follow the playhead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from engine.core import BadInput
from engine.core.settings import MB
from engine.figures.palette import Palette, contrast
from engine.figures.skeletons import Stage
from pages.kit.components.payload import pack
from pages.kit.components.skeletons.columns import columns
from pages.kit.components.sync import UNSET, reconcile, report
from pages.kit.static import static_address

__all__ = ["MAX_BYTES", "skeletons"]

Place = tuple[int, int]
MAX_BYTES = 12 * MB

_HERE = Path(__file__).parent
_SCRIPTS = (
    *(_HERE.parent / f"{name}.js" for name in ("payload", "canvas")),
    *(_HERE / f"{name}.js" for name in ("clips", "clock", "rig", "cells", "trails", "bodies")),
    *(_HERE / f"{name}.js" for name in ("flat", "heap", "room", "solid")),
    *(_HERE / f"{name}.js" for name in ("grips", "strips", "paint")),
    *(
        _HERE / f"{name}.js"
        for name in ("keys", "gestures", "controls", "view", "render", "acting")
    ),
)
_component = st.components.v2.component(
    "engram_skeletons",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js="\n".join(path.read_text("utf-8") for path in _SCRIPTS),
)


def skeletons(
    stage: Stage,
    *,
    key: str,
    palette: Palette,
    frame: int | None = UNSET,
    on_select: Callable[[Place | None], None] | None = None,
    on_move: Callable[[int, int], None] | None = None,
    height: int = 420,
) -> Place | None:
    """Play ``stage`` and return the (lane, frame) where the visitor last came to rest.

    A visitor rests by pausing, by choosing a lane or a place on a strip, and by stepping; while
    the clip plays the page hears nothing. ``frame`` is where the page wants the playhead; without
    it, and with None, the visitor's stays, also when ``stage`` changes. ``on_move`` hears of the
    end of a segment that was dragged: its number, and the frame that it now ends in front of.
    ``height`` in px is that of the bodies; lanes that need further rows add to it. Raises BadInput
    for more than 12 MB.
    """
    seen = report(key, "chosen")
    given = UNSET
    if frame is not UNSET and frame is not None:
        lane = seen["value"][0] if seen else 0
        given = [int(lane), min(max(int(frame), 0), stage.frames - 1)]
    now, pushed = reconcile(key, "chosen", given)
    said, arrays = columns(stage)
    header: dict[str, Any] = {
        "id": key,
        **said,
        "height": height,
        "pushed": pushed,
        "library": static_address("three/three.min.js"),
        "theme": {
            **{
                name: getattr(palette, name)
                for name in ("ink", "muted", "grid", "paper", "panel", "accent")
            },
            "left": palette.category(0),
            "right": palette.category(1),
            "lit": palette.category(2),
        },
        "segments": [
            {"colour": colour, "text": max((palette.ink, palette.paper),
                                           key=lambda ink: contrast(ink, colour))}
            for colour in palette.categories
        ],
    }  # fmt: skip
    arrays["lut"] = palette.lut("sequential").reshape(-1)
    message = pack(header, arrays)
    if len(message) > MAX_BYTES:
        raise BadInput(
            "stage",
            f"{len(message) / MB:.1f} MB are more than {MAX_BYTES / MB:g} MB; "
            "show fewer lanes or frames",
        )

    def changed() -> None:
        fresh = report(key, "chosen")
        if on_select is not None and fresh is not None:
            on_select(_place(fresh["value"], stage))

    def dragged() -> None:
        fresh = report(key, "moved")
        if on_move is not None and fresh is not None:
            segment, at = (int(part) for part in fresh["value"])
            on_move(segment, at)

    _component(key=key, data=message, on_chosen_change=changed, on_moved_change=dragged)
    return _place(now, stage)


def _place(value: Any, stage: Stage) -> Place | None:
    """A lane or frame of another stage that was shown before is no choice in this one."""
    if value is None:
        return None
    lane, frame = (int(part) for part in value)
    inside = 0 <= lane < len(stage.lanes) and 0 <= frame < stage.frames
    return (lane, frame) if inside else None
