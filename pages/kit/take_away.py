"""The foot of a lab page: everything of the present run, to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine import __version__
from engine.core import Config, Experiment, Lab
from engine.core.citation import references
from engine.store import Store, shipped_manifest
from engine.store.export import to_npz
from pages.kit.compare import keep_button, show_comparison
from pages.kit.drawn import Drawn, address_of, figures
from pages.kit.report import item
from pages.kit.theme import palette
from pages.kit.words import copy_as_python, page_query

if TYPE_CHECKING:  # obtain draws figures' panels and they come here
    from pages.kit.obtain import Obtained

_FOOT = "#foot"
# What of a manifest tells where a result comes from; the rest is the result itself.
_ORIGIN = ("lab", "experiment", "version", "digest", "seed", "threads", "seconds", "created")


def begin_foot() -> None:
    """No foot is drawn yet; the frame calls this."""
    st.session_state[_FOOT] = False


def take_away(lab: Lab, experiment: Experiment, obtained: Obtained) -> None:
    """Arrays, a report of all figures above, the code that gives the same result, its origin.

    A result can be kept here, and is compared here with the one that is on the page later.
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
            drawn = figures()
            origin = provenance(lab, experiment, config)
            # Taken now: a download is made when there is no page to ask.
            link, paper = address_of(lab.name, page_query(lab, experiment, config)), palette().paper
            st.download_button(
                "Report (HTML)",
                lambda: _report(lab, drawn, origin, link, paper),
                file_name=f"{name}.html",
                mime="text/html",
                key=f"{lab.name}#report",
                icon=":material/description:",
                type="tertiary",
                on_click="ignore",
            )
        copy_as_python(lab, experiment, config, result)
        show_origin(lab, provenance(lab, experiment, config))
        if result is not None:
            keep_button(lab, experiment, obtained)
    if result is None:
        st.caption("Arrays and the report come with the result of these settings.")
    show_comparison(lab, experiment, obtained)


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


def show_origin(lab: Lab, origin: Mapping[str, Any]) -> None:
    """A button that opens where the result comes from and how it is cited."""
    with st.popover("Origin and citation", icon=":material/format_quote:", type="tertiary"):
        if "created" not in origin:
            st.caption("There is no result of these settings yet; this is what was asked for.")
        table = pd.DataFrame(told_origin(origin), columns=["What", "Value"])
        st.table(table.set_index("What"))
        st.caption("The lab and the papers that it implements, as BibTeX")
        version = str(origin.get("engine_version") or origin["engine"])
        st.code(references(lab, version), language=None, height=260)


def told_origin(origin: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What of a manifest tells where a result comes from, in words."""
    from engine.store.report import told_provenance

    versions = [name for name in origin if name.endswith("_version")] or ["engine"]
    return told_provenance({n: origin[n] for n in (*_ORIGIN, *versions) if n in origin})


def _report(
    lab: Lab, drawn: Mapping[str, Drawn], origin: Mapping[str, Any], link: str, paper: str
) -> bytes:
    from engine.store.report import build_report

    items = []
    for key, (given, alt) in drawn.items():
        figure = go.Figure(given() if callable(given) else given).update_layout(paper_bgcolor=paper)
        unnamed = "" if figure.layout.title.text else key.replace("_", " ").replace(".", " ")
        items.append(item(unnamed, alt, figure))
    version = str(origin.get("engine_version") or origin["engine"])
    return build_report(
        lab.title,
        lab.sentence,
        items,
        {**origin, "link": link},
        bibtex=references(lab, version),
    ).encode()
