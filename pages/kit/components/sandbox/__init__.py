"""A page of others' making in a frame that can reach nothing of this one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "engram_sandbox",
    html='<iframe class="frame" sandbox="allow-scripts" referrerpolicy="no-referrer"></iframe>\n',
    css=(_HERE / "view.css").read_text("utf-8"),
    js=(_HERE / "view.js").read_text("utf-8"),
)


def sandbox(page: str, *, key: str, title: str, height: int = 520) -> None:
    """Show a whole HTML page. Its scripts run, but in an origin of their own.

    Without ``allow-same-origin`` it sees neither this page nor its cookies, and it may not open
    windows, forms or the top. ``title`` says what is in the frame.
    """
    _component(key=key, data={"page": page, "title": title, "height": height})
