"""A timeline to take away: as a table, for Chrome's viewer and for Perfetto."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import streamlit as st

from engine.core.timeline import Timeline
from engine.io.trace_events import TraceFile, to_chrome, to_perfetto, to_table
from engine.store.export import to_csv, to_parquet

BINARY = "application/octet-stream"


def offer_timeline(make: Callable[[], Timeline], key: str, name: str) -> None:
    """Buttons for each format; ``make`` gives the timeline when one is pressed."""

    @cache
    def made() -> Timeline:
        return make()

    def file(write: Callable[..., TraceFile]) -> bytes:
        return write(made(), title=name, gz=True).data

    offers: list[tuple[str, str, str, Callable[[], bytes]]] = [
        ("CSV", "csv", "text/csv", lambda: to_csv(to_table(made()))),
        ("Parquet", "parquet", BINARY, lambda: to_parquet(to_table(made()))),
        ("Chrome JSON", "json.gz", "application/gzip", lambda: file(to_chrome)),
        ("Perfetto", "perfetto-trace.gz", "application/gzip", lambda: file(to_perfetto)),
    ]
    with st.popover("Timeline as a file", icon=":material/download:", type="tertiary"):
        st.caption(
            "Chrome JSON opens in chrome://tracing and in Perfetto; Perfetto's own format in "
            "ui.perfetto.dev. Both are packed with gzip, which the viewers read."
        )
        for label, ending, mime, write in offers:
            st.download_button(
                label,
                write,
                file_name=f"{name}.{ending}",
                mime=mime,
                key=f"{key}#{ending}",
                on_click="ignore",
                width="stretch",
            )
