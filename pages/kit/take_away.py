"""The foot of a lab page: everything of the present run, to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from engine import __version__
from engine.core import Config, Experiment, Lab, Result
from engine.store import Store, shipped_manifest
from engine.store.export import to_npz
from pages.kit.words import copy_as_python

_FIGURES = "#figures"


def begin_page() -> None:
    """Forget the figures of the page before; the frame calls this."""
    st.session_state[_FIGURES] = {}


def remember_figure(key: str, figure: go.Figure | Callable[[], go.Figure], alt: str) -> None:
    """Keep a figure, or how it is drawn, for the report of this page."""
    st.session_state.setdefault(_FIGURES, {})[key] = (figure, alt)


def take_away(lab: Lab, experiment: Experiment, config: Config, result: Result | None) -> None:
    """Arrays, a report of all figures above, and the code that gives the same result."""
    digest = experiment.digest(lab.name, config)
    name = f"{lab.name}-{experiment.name}-{digest}"
    with st.container(horizontal=True, key=f"{lab.name}-take-away"):
        if result is not None:
            st.download_button(
                "Arrays (npz)",
                lambda: to_npz(result),
                file_name=f"{name}.npz",
                mime="application/octet-stream",
                key=f"{lab.name}#npz",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
            )
        figures = dict(st.session_state.get(_FIGURES, {}))
        if figures:
            origin = provenance(lab, experiment, config)
            st.download_button(
                "Report (HTML)",
                lambda: _report(lab, figures, origin),
                file_name=f"{name}.html",
                mime="text/html",
                key=f"{lab.name}#report",
                icon=":material/description:",
                type="tertiary",
                on_click="ignore",
            )
        copy_as_python(lab, experiment, config)


def provenance(lab: Lab, experiment: Experiment, config: Config) -> dict[str, Any]:
    """Where a result comes from: its manifest, or at least what was asked for."""
    digest = experiment.digest(lab.name, config)
    manifest = shipped_manifest(lab.name, digest) or Store.open().results.manifest(digest)
    asked = {
        "lab": lab.name,
        "experiment": experiment.name,
        "digest": digest,
        "config": config.model_dump(mode="json"),
        "engine": __version__,
    }
    return {**asked, **(manifest or {})}


def _report(
    lab: Lab,
    figures: Mapping[str, tuple[go.Figure | Callable[[], go.Figure], str]],
    origin: Mapping[str, Any],
) -> bytes:
    from engine.store.report import ReportItem, build_report

    items = []
    for key, (given, alt) in figures.items():
        figure = given() if callable(given) else given
        title = figure.layout.title.text or key.replace("_", " ").replace(".", " ")
        items.append(ReportItem(title=title, caption=alt, figure=figure))
    return build_report(lab.title, lab.sentence, items, dict(origin)).encode()
