"""The report: figures collected from every page, in the visitor's order and words."""

from __future__ import annotations

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from engine.core import EngramError, labs
from engine.figures.titles import without_titles
from engine.store import Store
from engine.store.reports import Entry
from pages.kit import complain, error_boundary, plain
from pages.kit.report import (
    build_page,
    follow_report,
    give_up_report,
    is_another,
    leave_address,
    leave_report,
)
from pages.kit.report_edits import move, write, write_entry
from pages.kit.show import CONFIG
from pages.kit.visits import visit

INTRO = (
    "Under every figure of a lab stands **Add to report**. Order the figures here, give each a "
    "title and a note, and take them as one HTML file that needs no network."
)


def delete(key: str) -> None:
    """The report goes for good."""
    try:
        Store.open().reports.delete(key)
        leave_report()
    except EngramError as error:
        complain(error)


def leave() -> None:
    """To one's own report, or to none."""
    try:
        leave_report()
    except EngramError as error:
        complain(error)


def show_entry(key: str, entry: Entry, place: int, count: int) -> None:
    """One figure with its words and what can be done with it."""
    with st.container(border=True, key=f"entry-{entry.id}"):
        widget = f"title-{entry.id}"
        st.text_input(
            f"Title of figure {place + 1}", entry.title, max_chars=300, key=widget,
            on_change=write_entry, args=(key, entry.id, "title", widget),
        )  # fmt: skip
        with error_boundary(f"figure {place + 1}"):
            kept = go.Figure(Store.open().reports.figure(key, entry))
            figure, name, subtitle = without_titles(kept)
            if name and name != entry.title:
                st.markdown(f"**{plain(name)}**")
            st.plotly_chart(
                figure, key=f"report-{entry.id}", theme=None, config=CONFIG, alt=entry.alt,
                width="stretch",
            )  # fmt: skip
            for words in filter(None, (subtitle, entry.alt)):
                st.caption(plain(words))
        widget = f"note-{entry.id}"
        st.text_area(
            f"Note on figure {place + 1}", entry.note, max_chars=8000, key=widget, height=90,
            on_change=write_entry, args=(key, entry.id, "note", widget),
        )  # fmt: skip
        lab = labs().get(entry.page)
        read = ", ".join(f"{one.experiment} {one.digest}" for one in reversed(entry.origins))
        st.caption(plain(f"{lab.title if lab else entry.page}: {read or 'no result read'}"))
        with st.container(horizontal=True):
            for words, icon, by, blocked in (
                ("Up", "arrow_upward", -1, place == 0),
                ("Down", "arrow_downward", 1, place == count - 1),
                ("Remove", "delete", 0, False),
            ):
                st.button(
                    words, key=f"{words}-{entry.id}", icon=f":material/{icon}:", type="tertiary",
                    disabled=blocked, on_click=move, args=(key, entry.id, by),
                )  # fmt: skip


def show_report(key: str) -> None:
    """The words of the report, its figures, and the file."""
    document = Store.open().reports.load(key)
    # A field keeps what was written under its name, hence a name for each report.
    title, intro = f"report-title-{key}", f"report-intro-{key}"
    st.text_input(
        "Title of the report", document.title, max_chars=300, key=title,
        on_change=write, args=(key, "title", title),
    )  # fmt: skip
    st.text_area(
        "Introduction", document.intro, max_chars=8000, key=intro, height=100,
        on_change=write, args=(key, "intro", intro),
    )  # fmt: skip
    count = len(document.entries)
    with st.container(horizontal=True):
        st.download_button(
            "Report (HTML)", partial(build_page, key, document), "engram-lab-report.html",
            "text/html", key="report-html", icon=":material/download:", type="primary",
            on_click="ignore", disabled=not count,
        )  # fmt: skip
        words = "Back to your own" if is_another() else "Begin a new one"
        st.button(words, key="report-new", on_click=leave)
        with st.popover("Delete"):
            st.markdown("The report goes for good, with its words.")
            st.button("Delete", key="report-delete", type="primary", on_click=delete, args=(key,))
    told = (
        "Whoever has the address of this page can read and change the report; nobody can list it."
    )
    if visit() is not None:
        told += " A cookie lets this browser find its own again."
    st.caption(told)
    if not count:
        st.markdown("The report has no figures.")
    for place, entry in enumerate(document.entries):
        show_entry(key, entry, place, count)


st.title("Report", anchor=False)
st.markdown(INTRO)
with error_boundary("the report"):
    held = follow_report()
    if held is None:
        st.info("No figures yet. Open a lab and add one.", icon=":material/info:")
    else:
        try:
            show_report(held)
        except EngramError as problem:
            complain(problem)
            if give_up_report(held):
                st.button("Back to your own", key="report-anew", on_click=leave_address)
            else:
                st.button("Begin a new one", key="report-anew", on_click=leave)
