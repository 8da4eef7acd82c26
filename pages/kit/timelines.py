"""A timeline on the page: the canvas, and everything one can take away from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

import plotly.graph_objects as go
import streamlit as st

from engine.core.timeline import Timeline
from engine.figures.timeline import draw_timeline
from engine.io.trace_events import MOST_EVENTS, TraceFile, to_chrome, to_perfetto, to_table
from engine.store.export import to_csv, to_parquet
from pages.kit.components.sync import UNSET
from pages.kit.components.timeline import timeline
from pages.kit.downloads import Offer, download_menu
from pages.kit.drawn import remember_figure
from pages.kit.report import add_button
from pages.kit.theme import palette

BINARY = "application/octet-stream"
HEIGHT = 520


def show_timeline(
    data: Timeline,
    key: str,
    alt: str,
    *,
    label: str,
    because: str | None = None,
    waited: str | None = None,
    legend: Mapping[str, str] | None = None,
    selected: int | None = UNSET,
    on_select: Callable[[int | None], None] | None = None,
    whole: Callable[[], Timeline] | None = None,
    height: int = HEIGHT,
) -> None:
    """Draw ``data`` with its exports; arguments as in the component.

    ``whole`` makes the timeline that the files hold, where that is more than what is drawn.
    """
    colours = palette()
    timeline(
        data,
        key=key,
        palette=colours,
        label=label,
        alt=alt,
        because=because,
        waited=waited,
        legend=legend,
        selected=selected,
        on_select=on_select,
        height=height,
    )
    st.caption(alt)
    if len(data):

        def twin() -> go.Figure:
            return draw_timeline(data, colours, title=label, alt=alt)

        remember_figure(key, twin, alt)
        with st.container(horizontal=True, horizontal_alignment="right", key=f"export-{key}"):
            add_button(key, twin, alt)
            _offer(whole or (lambda: data), key, label)


def _offer(make: Callable[[], Timeline], key: str, label: str) -> None:
    """A button for each format; ``make`` is called when one is pressed."""
    name = re.sub(r"[^\w-]+", "-", key)

    @cache
    def made() -> Timeline:
        return make()

    def file(write: Callable[..., TraceFile]) -> bytes:
        return write(made(), title=label, gz=True).data

    offers: list[Offer] = [
        ("CSV", "csv", "text/csv", lambda: to_csv(to_table(made()))),
        ("Parquet", "parquet", BINARY, lambda: to_parquet(to_table(made()))),
        ("Chrome JSON", "json.gz", "application/gzip", lambda: file(to_chrome)),
        ("Perfetto", "perfetto-trace.gz", "application/gzip", lambda: file(to_perfetto)),
    ]
    download_menu(
        "Export",
        offers,
        name,
        key,
        "Chrome JSON opens in chrome://tracing and in Perfetto, Perfetto's own format in "
        "ui.perfetto.dev. Both are packed with gzip, which the viewers read, and hold at most "
        f"{MOST_EVENTS:,} events (a span is one to three): what starts last is left out. The "
        "tables hold every span.",
    )
