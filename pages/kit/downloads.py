"""A menu of files: one button a format, each written when it is pressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

Offer = tuple[str, str, str, Callable[[], bytes]]


def download_menu(label: str, offers: Sequence[Offer], name: str, key: str, note: str = "") -> None:
    """A popover with a button for each (title, ending, MIME type, writer), and a ``note`` below."""
    with st.popover(label, icon=":material/download:", type="tertiary"):
        for title, ending, mime, write in offers:
            st.download_button(
                title,
                write,
                file_name=f"{name}.{ending}",
                mime=mime,
                key=f"{key}#{ending}",
                on_click="ignore",
                width="stretch",
            )
        if note:
            st.caption(note)
