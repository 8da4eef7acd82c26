"""The memory that the view "Your memory" shows: that of a result, or one that was kept."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Config, EngramError, Experiment, Lab, Result
from engine.labs.memory_graph import Memory
from engine.store import Store
from pages.kit import complain, field_key, linked, select

KEPT = "memory_graph.kept"
OPENED = "#memory_graph.kept"


@dataclass(frozen=True)
class Own:
    """The lab, its experiment, and the key of the kept memory that is open, or nothing."""

    lab: Lab
    experiment: Experiment
    kept: str

    @property
    def label(self) -> str:
        """What the kept memory is called."""
        return Store.open().memories.about(self.kept)["label"] if self.kept else ""


def follow_kept(lab: Lab, experiment: Experiment) -> str:
    """The key of the kept memory in the link, with its documents set as the page's memory.

    Called before the memory's widget is drawn. Another memory chosen there lets the kept one go.
    """
    key = linked(KEPT, "")
    if not key:
        st.session_state.pop(OPENED, None)
        return ""
    corpus = field_key(lab, experiment, "corpus")
    try:
        drawn = _drawn(key)
    except EngramError as error:
        complain(error)
        return _let_go()
    if st.session_state.get(OPENED) != key:
        open_kept(lab, experiment, key)
        linked(KEPT, "")
    elif st.session_state.get(corpus) not in (None, drawn):
        return _let_go()
    return key


def open_kept(lab: Lab, experiment: Experiment, key: str) -> None:
    """Make a kept memory the page's: in a callback, or before the widgets are drawn."""
    about = Store.open().memories.about(key)
    select(KEPT, key)
    select(field_key(lab, experiment, "corpus"), about["drawn"])
    select(field_key(lab, experiment, "keep_rest"), about.get("keep_rest") == "true")
    st.session_state[OPENED] = key


def redraw(lab: Lab, experiment: Experiment, key: str) -> None:
    """Take the kept memory as it is now for the map."""
    store = Store.open()
    with Memory.open(store.memories.path(key), create=False) as memory:
        address = store.inputs.put(memory.to_bytes(), store.memories.about(key)["label"])
    store.memories.describe(key, drawn=address)
    open_kept(lab, experiment, key)


def opened(own: Own, config: Config, result: Result) -> Memory:
    """The memory to ask: the kept one, else that of the result. Raises EngramError."""
    if own.kept:
        return _kept(str(Store.open().memories.path(own.kept)))
    return _built(own.experiment.digest(own.lab.name, config), result)


def forget_kept(key: str) -> None:
    """Delete a kept memory."""
    store = Store.open()
    _kept.clear(str(store.memories.path(key)))
    store.memories.delete(key)


def _drawn(key: str) -> str:
    """The address of what the map of a kept memory was drawn from; made anew where it is gone."""
    store = Store.open()
    address = store.memories.about(key).get("drawn", "")
    try:
        if address.startswith("input:"):
            store.inputs.name(address)
    except EngramError:
        with Memory.open(store.memories.path(key), create=False) as memory:
            address = store.inputs.put(memory.to_bytes(), store.memories.about(key)["label"])
        store.memories.describe(key, drawn=address)
    return address


def _let_go() -> str:
    select(KEPT, "")
    st.session_state.pop(OPENED, None)
    return linked(KEPT, "")


@st.cache_resource(max_entries=8, show_spinner=False)
def _built(digest: str, _result: Result) -> Memory:
    return Memory.read(_result.array("memory").tobytes())


@st.cache_resource(max_entries=16, show_spinner=False)
def _kept(path: str) -> Memory:
    return Memory.open(path, create=False)
