"""What a visitor changes in a report: its words, and the words and order of its figures."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from engine.core import EngramError
from engine.store import Store
from engine.store.reports import Document
from pages.kit.errors import complain


def change(key: str, edit: Callable[[Document], Document]) -> None:
    """Edit what is kept now, which another tab may have changed meanwhile."""
    reports = Store.open().reports
    try:
        reports.save(key, edit(reports.load(key)))
    except EngramError as error:
        complain(error)


def write(key: str, name: str, widget: str) -> None:
    """Title or introduction of the report."""
    words = st.session_state[widget]
    change(key, lambda document: document.model_copy(update={name: words}))


def write_entry(key: str, entry_id: str, name: str, widget: str) -> None:
    """Title or note of a figure."""
    words = st.session_state[widget]

    def edit(document: Document) -> Document:
        entries = [
            entry.model_copy(update={name: words}) if entry.id == entry_id else entry
            for entry in document.entries
        ]
        return document.model_copy(update={"entries": tuple(entries)})

    change(key, edit)


def move(key: str, entry_id: str, by: int) -> None:
    """One place up or down; ``by`` 0 takes the figure out."""

    def edit(document: Document) -> Document:
        entries = list(document.entries)
        at = next((i for i, entry in enumerate(entries) if entry.id == entry_id), None)
        if at is None:
            return document
        taken = entries.pop(at)
        if by:
            entries.insert(max(0, at + by), taken)
        return document.model_copy(update={"entries": tuple(entries)})

    change(key, edit)
