"""The frame of a lab's page whose views have settings of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from engine.core import Lab
from pages.kit.drawn import sources
from pages.kit.errors import error_boundary
from pages.kit.form import keep_settings
from pages.kit.linked import choose
from pages.kit.obtain import Obtained, find
from pages.kit.presets import presets
from pages.kit.take_away import take_away, took_away

S = TypeVar("S")


@dataclass(frozen=True)
class View(Generic[S]):
    """One view of the page: its ``settings`` fill the left column, ``show`` the rest."""

    title: str
    settings: Callable[[Lab], S]
    show: Callable[[S], None]


def on_phone() -> bool:
    """Whether the settings would stand between the title and the first figure."""
    return "Mobi" in st.context.headers.get("User-Agent", "")


def show_views(
    lab: Lab, views: Mapping[str, View[Any]], *key_prefixes: str, told: str = ""
) -> None:
    """Title, situations, the buttons of the views, and the chosen one with its settings.

    ``told`` stands below the situations; ``key_prefixes`` are those of second sets of settings.
    """
    st.title(lab.title, anchor=False)
    st.markdown(lab.sentence)
    presets(lab)
    if told:
        st.caption(told)
    side, main = st.columns([1, 4], gap="large")
    with main:
        titles = {name: view.title for name, view in views.items()}
        name = choose("View", titles, f"{lab.name}.view", label_visibility="collapsed")
        chosen = views[name]
        presets(lab, view=name)
    place = side.expander("Settings") if on_phone() else side
    scene = None
    with place, error_boundary("the settings"):
        scene = chosen.settings(lab)
    if scene is not None:
        with main, error_boundary(f"the view {chosen.title}"):
            chosen.show(scene)
            if not took_away():
                _foot()
    keep_settings(lab, *key_prefixes)


def _foot() -> None:
    """What every view ends with, for one that drew none: of the result that it read first."""
    read = sources()
    if read:
        first = read[0]
        result = find(first.lab, first.experiment, first.config)
        obtained = Obtained(result, first.config, result is not None, first.config)
        take_away(first.lab, first.experiment, obtained)
