"""The foot of a lab page: everything of the present run, to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import streamlit as st

from engine import __version__
from engine.core import Config, Experiment, Lab
from engine.store import Store, shipped_manifest
from engine.store.export import to_npz
from pages.kit.words import copy_as_python

if TYPE_CHECKING:  # obtain draws figures' panels and they come here
    from pages.kit.obtain import Obtained

_FIGURES = "#figures"
_FOOT = "#foot"


def begin_page() -> None:
    """Forget the figures of the page before; the frame calls this."""
    st.session_state[_FIGURES] = {}
    st.session_state[_FOOT] = False


def remember_figure(key: str, figure: go.Figure | Callable[[], go.Figure], alt: str) -> None:
    """Keep a figure, or how it is drawn, for the report of this page."""
    st.session_state.setdefault(_FIGURES, {})[key] = (figure, alt)


def take_away(lab: Lab, experiment: Experiment, obtained: Obtained) -> None:
    """Arrays, a report of all figures above, and the code that gives the same result.

    While the figures still show an earlier result, there is only the code of what was asked for: a
    report would mix two settings.
    """
    st.session_state[_FOOT] = True
    config = obtained.config if obtained.fresh else obtained.asked
    result = obtained.result if obtained.fresh else None
    name = f"{lab.name}-{experiment.name}-{experiment.digest(lab.name, config)}"
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
        copy_as_python(lab, experiment, config, result)
    if result is None:
        st.caption("Arrays and the report come with the result of these settings.")


def took_away() -> bool:
    """Whether this run of the page has drawn a foot already."""
    return bool(st.session_state.get(_FOOT))


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
