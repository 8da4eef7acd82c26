"""More memories: three published ideas on the same memory, each a tab with settings of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from engine.core import Config, Experiment, Lab
from engine.labs.memory_graph.config import Files
from pages.kit import View, choose, form, linked
from pages.panels.memory_graph import buckets, coat, hiagent
from pages.panels.memory_graph.scene import MEMORY, new_memory, pick_question

TAB = "memory_graph.tab"
TABS = {
    "buckets": "Think-in-Memory buckets",
    "coat": "CoAT search tree",
    "hiagent": "HiAgent timeline",
}
ATTACHED = {
    "buckets": ("questions", "triples"),
    "coat": ("questions", "triples"),
    "hiagent": ("questions", "trajectory"),
}
FIELDS = {"buckets": buckets.FIELDS, "coat": coat.FIELDS, "hiagent": hiagent.FIELDS}
SHOW: dict[str, Callable[[Lab, Experiment, Config], None]] = {
    "buckets": buckets.show_buckets,
    "coat": coat.show_coat,
    "hiagent": hiagent.show_hiagent,
}


@dataclass(frozen=True)
class Tab:
    """The tab that is open, and what it was set to."""

    lab: Lab
    name: str
    config: Config


def tab_settings(lab: Lab) -> Tab:
    """The memory, a question about it, and the settings of the open tab."""
    name = linked(TAB, "buckets", options=list(TABS))
    experiment = lab.experiment(name)
    new_memory(lab, form(lab, experiment, fields=MEMORY))
    with st.container(horizontal=True):
        files = form(lab, experiment, fields=ATTACHED[name])
    assert isinstance(files, Files)
    pick_question(lab, experiment, files)
    return Tab(lab, name, form(lab, experiment, fields=("ask", *FIELDS[name])))


def show_more(tab: Tab) -> None:
    """The tabs, and the open one."""
    choose("Memory system", TABS, TAB, label_visibility="collapsed")
    SHOW[tab.name](tab.lab, tab.lab.experiment(tab.name), tab.config)


VIEW = View("More memories", tab_settings, show_more)
