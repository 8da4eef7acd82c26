"""Spans on lanes on a canvas: pan and zoom, search, sums of a range, and what waited for what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from engine.core import BadInput
from engine.core.settings import MB
from engine.core.timeline import NANOSECONDS, Timeline
from engine.figures.palette import Palette
from pages.kit.components.payload import pack
from pages.kit.components.sync import UNSET, reconcile, report
from pages.kit.components.timeline.columns import MAX_SPANS, columns
from pages.kit.components.timeline.kinds import looks

__all__ = ["MAX_BYTES", "MAX_SPANS", "timeline"]

MAX_BYTES = 12 * MB

_HERE = Path(__file__).parent
_SCRIPTS = (
    *(_HERE.parent / name for name in ("payload.js", "canvas.js")),
    *(
        _HERE / f"{name}.js"
        for name in (
            *("time", "lanes", "rows", "find", "sums"),
            *(
                "paint",
                "labels",
                "strips",
                "marks",
                "reading",
                "window",
                "choice",
                "gestures",
                "keys",
                "view",
            ),
        )
    ),
)
_component = st.components.v2.component(
    "engram_timeline",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js="\n".join(path.read_text("utf-8") for path in _SCRIPTS),
)


def timeline(
    data: Timeline,
    *,
    key: str,
    palette: Palette,
    label: str,
    alt: str = "",
    because: str | None = None,
    waited: str | None = None,
    legend: Mapping[str, str] | None = None,
    selected: int | None = UNSET,
    on_select: Callable[[int | None], None] | None = None,
    span: tuple[float, float] | None = UNSET,
    on_window: Callable[[tuple[float, float]], None] | None = None,
    height: int = 420,
) -> int | None:
    """Draw a timeline and return the chosen span, as a position in ``data``.

    ``label`` is the title, ``alt`` the finding in a sentence. ``because`` names the detail that
    says what a span waited for and ``waited`` the one that says how long, in the timeline's unit;
    without it a wait counts from the start of the cause. ``legend`` explains kinds by name.
    ``height`` is the most that the lanes take, in px; more lanes scroll.

    ``selected`` and ``on_select`` as in ``matrix``, None where nothing is chosen. ``span`` is the
    visible window in the timeline's unit, None for the whole; ``on_window`` hears where the
    visitor comes to rest. Spans that overlap on a lane are drawn on further lanes, "name (2)".

    Raises BadInput for more than 200 000 spans, more than 12 MB of columns, or a detail that is
    not there: show a part, and say what is left out.
    """
    said, arrays = columns(data)
    names = [described["name"] for described in said["details"]]
    for field, name in (("because", because), ("waited", waited)):
        if name is not None and name not in names:
            raise BadInput(field, f"must be a detail of the timeline: {', '.join(names) or 'none'}")
    given = selected if selected in (UNSET, None) else _known(int(selected), len(data))
    window = span if span in (UNSET, None) else _window(span)
    # Another timeline under the same key starts with a view and a choice of its own.
    content = hashlib.sha256()
    for array in arrays.values():
        content.update(array)
    address = content.hexdigest()[:16]
    now, pushed = reconcile(key, "selected", given, address)
    _, pushed_window = reconcile(key, "window", window, address)
    header: dict[str, Any] = {
        "id": key,
        "address": address,
        "label": label,
        "alt": alt,
        **said,
        "unit_ns": NANOSECONDS[data.unit],
        "kinds": looks(data.kinds, palette),
        "meanings": {str(kind): str(text) for kind, text in (legend or {}).items()},
        "because": -1 if because is None else names.index(because),
        "waited": -1 if waited is None else names.index(waited),
        "pushed": pushed,
        "pushed_window": pushed_window,
        "height": height,
        "theme": {
            name: getattr(palette, name)
            for name in ("ink", "muted", "grid", "paper", "panel", "accent")
        },
    }
    message = pack(header, arrays)
    if len(message) > MAX_BYTES:
        raise BadInput(
            "data",
            f"{len(message) / MB:.1f} MB are more than {MAX_BYTES / MB:g} MB; "
            "show fewer spans or details",
        )

    def chosen() -> None:
        fresh = report(key, "selected")
        if on_select is not None and fresh is not None:
            on_select(_known(fresh["value"], len(data)))

    def moved() -> None:
        fresh = report(key, "window")
        if on_window is not None and fresh is not None:
            first, last = fresh["value"]
            on_window((float(first), float(last)))

    _component(key=key, data=message, on_selected_change=chosen, on_window_change=moved)
    return _known(now, len(data))


def _known(value: Any, spans: int) -> int | None:
    """A span of a longer timeline that was shown before is no choice in this one."""
    return value if isinstance(value, int) and 0 <= value < spans else None


def _window(span: tuple[float, float]) -> list[float]:
    first, last = (float(at) for at in span)
    if not first < last:
        raise BadInput("span", f"must begin before it ends (got {first:g} to {last:g})")
    return [first, last]
