"""A figure on the page: theme, text alternative, and everything one can take away from it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine.figures.palette import Palette
from engine.store.export import to_csv, to_parquet
from pages.kit.take_away import remember_figure
from pages.kit.theme import palette

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "toImage"],
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BINARY = "application/octet-stream"
Table = pd.DataFrame | Mapping[str, Any]


def show(
    figure: go.Figure,
    key: str,
    alt: str,
    *,
    export: Table | Callable[[], Table] | None = None,
    on_select: Literal["ignore", "rerun"] | Callable[..., None] = "ignore",
    selection_mode: str | tuple[str, ...] = "points",
    caption: str | None = None,
) -> Any:
    """Draw ``figure``; ``alt`` states its finding in one sentence.

    ``export`` is the table behind the figure, or a function that makes it when asked. With
    ``on_select`` the selection comes back as ``st.plotly_chart`` gives it; copy it into a linked
    selection at once, since it is gone when the figure changes.
    """
    if not alt.strip():
        raise ValueError(f"figure {key}: alt must state the finding")
    colours = palette()
    figure.update_layout(template=colours.template())
    selecting: dict[str, Any] = (
        {"on_select": on_select, "selection_mode": selection_mode} if on_select != "ignore" else {}
    )
    with st.container(key=f"figure-{key}"):
        state = st.plotly_chart(
            figure, key=key, theme=None, config=CONFIG, alt=alt, width="stretch", **selecting
        )
        if caption:
            st.caption(caption)
        with (
            st.container(horizontal=True, horizontal_alignment="right"),
            st.popover("Export", icon=":material/download:", type="tertiary"),
        ):
            _exports(figure, key, colours, export)
    remember_figure(key, figure, alt)
    return state


def picture(figure: go.Figure, kind: str, paper: str, ink: str) -> bytes:
    """``figure`` as "png" or "svg" on an opaque ground; needs a browser on this machine."""
    copy = go.Figure(figure)
    copy.update_layout(paper_bgcolor=paper, plot_bgcolor=paper, font_color=ink)
    height = copy.layout.height or 450
    return copy.to_image(format=kind, width=1100, height=height, scale=2 if kind == "png" else 1)


def page_of(figure: go.Figure, paper: str) -> bytes:
    """``figure`` as one HTML file that works without a network."""
    copy = go.Figure(figure)
    copy.update_layout(paper_bgcolor=paper, plot_bgcolor=paper)
    return copy.to_html(include_plotlyjs=True, full_html=True, config=CONFIG).encode()


def frame_of(export: Table | Callable[[], Table]) -> pd.DataFrame:
    """The table of an export argument."""
    table = export() if callable(export) else export
    return table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)


@cache
def browser() -> str | None:
    """The browser that turns figures into pictures, or None."""
    named = os.environ.get("BROWSER_PATH")
    if named and shutil.which(named):
        return named
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        os.environ.setdefault("BROWSER_PATH", found)
    return found


def _exports(
    figure: go.Figure, key: str, colours: Palette, export: Table | Callable[[], Table] | None
) -> None:
    name = re.sub(r"[^\w-]+", "-", key)
    paper, ink = colours.paper, colours.ink
    offers: list[tuple[str, str, str, Callable[[], bytes]]] = []
    if browser():
        offers += [
            ("PNG", "png", "image/png", lambda: picture(figure, "png", paper, ink)),
            ("SVG", "svg", "image/svg+xml", lambda: picture(figure, "svg", paper, ink)),
        ]
    offers.append(("HTML", "html", "text/html", lambda: page_of(figure, paper)))
    if export is not None:
        offers += [
            ("CSV", "csv", "text/csv", lambda: to_csv(frame_of(export))),
            (
                "Parquet",
                "parquet",
                "application/octet-stream",
                lambda: to_parquet(frame_of(export)),
            ),
        ]
    for label, ending, mime, make in offers:
        st.download_button(
            label,
            make,
            file_name=f"{name}.{ending}",
            mime=mime,
            key=f"{key}#{ending}",
            on_click="ignore",
            width="stretch",
        )
