"""A figure on the page: theme, text alternative, and everything one can take away from it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine.figures.export import find_browser, to_html, to_image
from engine.figures.titles import without_subtitle
from engine.store.export import to_csv, to_parquet
from pages.kit.downloads import Offer, download_menu
from pages.kit.drawn import remember_figure
from pages.kit.errors import plain
from pages.kit.report import add_button
from pages.kit.theme import palette

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "toImage"],
}
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
    if not palette().drew(figure):
        figure.update_layout(template=palette().template())
    selecting: dict[str, Any] = (
        {"on_select": on_select, "selection_mode": selection_mode} if on_select != "ignore" else {}
    )
    shown, subtitle = without_subtitle(figure)
    with st.container(key=f"figure-{key}"):
        state = st.plotly_chart(
            shown, key=key, theme=None, config=CONFIG, alt=alt, width="stretch", **selecting
        )
        for words in (plain(subtitle), caption):
            if words:
                st.caption(words)
        offer(key, figure, alt, export)
    return state


def frame_of(export: Table | Callable[[], Table]) -> pd.DataFrame:
    """The table of an export argument."""
    table = export() if callable(export) else export
    return table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)


def offer(
    key: str,
    figure: go.Figure | Callable[[], go.Figure],
    alt: str,
    export: Table | Callable[[], Table] | None = None,
    *,
    label: str = "Export",
) -> None:
    """What is drawn under ``key`` as files and for the report of the page.

    A component has no figure of its own: ``figure`` is then a function that draws its twin when a
    visitor asks for a file.
    """
    remember_figure(key, figure, alt)
    name = re.sub(r"[^\w-]+", "-", key)
    # Taken now: a download is made when there is no page to ask for its theme.
    template, paper = palette().template(), palette().paper

    def drawn() -> go.Figure:
        made = figure() if callable(figure) else figure
        return made.update_layout(template=template)

    def page() -> bytes:
        made = drawn()
        return to_html(made, html.unescape(made.layout.title.text or alt), paper=paper).encode()

    offers: list[Offer] = []
    if find_browser():
        offers += [
            ("PNG", "png", "image/png", lambda: to_image(drawn(), "png", paper=paper)),
            ("SVG", "svg", "image/svg+xml", lambda: to_image(drawn(), "svg", paper=paper)),
        ]
    offers.append(("HTML", "html", "text/html", page))
    if export is not None:
        offers += [
            ("CSV", "csv", "text/csv", lambda: to_csv(frame_of(export))),
            ("Parquet", "parquet", BINARY, lambda: to_parquet(frame_of(export))),
        ]
    with st.container(horizontal=True, horizontal_alignment="right", key=f"export-{key}"):
        add_button(key, figure, alt)
        download_menu(label, offers, name, key)
