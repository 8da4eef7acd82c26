"""What the page in use has read and drawn in this run: for its report and its foot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from engine.core import Config, Experiment, Lab

_FIGURES = "#figures"
_SOURCES = "#sources"
_PAGE = "#page"

Drawn = tuple[go.Figure | Callable[[], go.Figure], str]


@dataclass(frozen=True)
class Source:
    """A result that the page had read: what it is of, and the settings that it belongs to."""

    lab: Lab
    experiment: Experiment
    config: Config

    @property
    def digest(self) -> str:
        """The address of the result."""
        return self.experiment.digest(self.lab.name, self.config)


def begin_drawing(page: str) -> None:
    """Forget the figures and results of the run before; the frame calls this."""
    st.session_state[_FIGURES] = {}
    st.session_state[_SOURCES] = []
    st.session_state[_PAGE] = page


def remember_figure(key: str, figure: go.Figure | Callable[[], go.Figure], alt: str) -> None:
    """Keep a figure, or how it is drawn, for the report of this page."""
    st.session_state.setdefault(_FIGURES, {})[key] = (figure, alt)


def remember_source(lab: Lab, experiment: Experiment, config: Config) -> None:
    """Keep which result was read: the figures drawn after it may show it."""
    source = Source(lab, experiment, config)
    held = [one for one in sources() if one.digest != source.digest]
    st.session_state[_SOURCES] = [*held, source]


def figures() -> Mapping[str, Drawn]:
    """The figures drawn so far, by key."""
    return dict(st.session_state.get(_FIGURES, {}))


def sources() -> list[Source]:
    """The results read so far, the last one last."""
    return list(st.session_state.get(_SOURCES, []))


def page_name() -> str:
    """The address of the page in use, without its settings."""
    return str(st.session_state.get(_PAGE, ""))


def address_of(page: str, pairs: Mapping[str, Any]) -> str:
    """The link to ``page``: whole where the browser told the server's address."""
    from urllib.parse import urlencode

    query = f"?{urlencode(pairs)}" if pairs else ""
    whole = st.context.url
    if not isinstance(whole, str) or not whole.startswith(("http://", "https://")):
        return f"/{page}{query}"
    root = whole.split("?")[0].split("#")[0].rstrip("/").removesuffix(f"/{page}" if page else "")
    return f"{root}/{page}{query}"
