"""The visitor's report: figures of any page, collected in order, kept in the store."""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import streamlit as st

from engine import __version__
from engine.core import EngramError, labs
from engine.core.citation import cited, references
from engine.figures.titles import without_titles
from engine.store import Store
from engine.store.reports import Document, Entry, Origin
from pages.kit.drawn import Source, address_of, page_name, sources
from pages.kit.errors import complain
from pages.kit.links import query
from pages.kit.theme import palette
from pages.kit.visits import visit

if TYPE_CHECKING:  # only a report that is written needs its templates
    from engine.store.report import ReportItem

PARAMETER = "report.key"
_KEY = "#report"
_QUERY = "#query"
_NO_FIGURE = "0" * 16


def add_button(key: str, figure: go.Figure | Callable[[], go.Figure], alt: str) -> None:
    """Lay the figure under ``key``, or what the function draws, at the end of the report."""
    st.button(
        "Add to report",
        key=f"{key}#add",
        icon=":material/playlist_add:",
        type="tertiary",
        on_click=_add,
        args=(figure, alt, tuple(sources()), page_name()),
    )


def report_key() -> str | None:
    """The report that figures go to: one that was opened by its link, else the visitor's own."""
    opened = st.session_state.get(_KEY)
    return opened if isinstance(opened, str) else _own()


def is_another() -> bool:
    """Whether a report was opened by its link and the visitor has one of their own beside it."""
    return _KEY in st.session_state and _own() is not None


def follow_report() -> str | None:
    """On the report's page: the one in the address holds in this tab, and stays there."""
    asked = st.query_params.get(PARAMETER)
    if asked is not None:
        if asked == _own():
            st.session_state.pop(_KEY, None)
        else:
            st.session_state[_KEY] = asked
    key = report_key()
    if key is not None and asked is None:
        st.query_params[PARAMETER] = key
    return key


def leave_report() -> None:
    """Back from a report that was opened by its link; else the next figure begins a new one.

    Raises LimitExceeded where the store cannot be written.
    """
    name = visit()
    if _KEY not in st.session_state and name is not None:
        Store.open().reports.hold(name, None)
    st.session_state.pop(_KEY, None)
    leave_address()


def give_up_report(key: str) -> bool:
    """Figures no longer go to a report that cannot be opened by its link.

    Tells whether the visitor has another one of their own.
    """
    st.session_state.pop(_KEY, None)
    return _own() not in (None, key)


def leave_address() -> None:
    """The address no longer names a report."""
    st.query_params.pop(PARAMETER, None)


def _own() -> str | None:
    name = visit()
    return None if name is None else Store.open().reports.held(name)


def _begin() -> str:
    """A new report, found again by this browser, or by this tab where it takes no cookies."""
    reports, name = Store.open().reports, visit()
    key = reports.create()
    if name is None:
        st.session_state[_KEY] = key
    else:
        reports.hold(name, key)
    return key


def _add(
    figure: go.Figure | Callable[[], go.Figure], alt: str, read: Sequence[Source], page: str
) -> None:
    store = Store.open()
    try:
        key = report_key() or _begin()
        document = store.reports.add(key, _entry(figure, alt, read, page), _drawn(figure))
    except EngramError as error:
        complain(error)
        return
    count = len(document.entries)
    st.toast(f"The report has {count} figure{'s' if count > 1 else ''} now.")


def _drawn(figure: go.Figure | Callable[[], go.Figure]) -> str:
    """The figure as JSON in the theme in use, ground included: it goes where there is another."""
    made = go.Figure(figure() if callable(figure) else figure)
    made.update_layout(template=palette().template(), paper_bgcolor=palette().paper)
    return made.to_json()


def _entry(
    figure: go.Figure | Callable[[], go.Figure], alt: str, read: Sequence[Source], page: str
) -> Entry:
    title = None if callable(figure) else figure.layout.title.text
    return Entry(
        id=secrets.token_hex(4),
        figure=_NO_FIGURE,
        title=html.unescape(title or alt.split(". ")[0].rstrip("."))[:300],
        alt=alt[:4000],
        link=_link(read, page)[:8000],
        page=page[:80],
        origins=tuple(map(_origin, read)),
    )


def _link(read: Sequence[Source], page: str) -> str:
    """What reopens the page as it was when it drew the figure."""
    # The address at the end of that run: what is being changed right now is not in the figure.
    left = st.session_state.get(_QUERY, {})
    own = {name: value for name, value in left.items() if name.startswith(f"{page}.")}
    if not read:
        return address_of(page, own)
    last = read[-1]
    view = st.session_state.get(f"{last.lab.name}.view") or last.experiment.name
    return address_of(
        page, {**query(last.lab, last.experiment, last.config, {"view": view}), **own}
    )


def _origin(source: Source) -> Origin:
    from pages.kit.take_away import provenance

    told = provenance(source.lab, source.experiment, source.config)
    kept = {name: told[name] for name in told if name not in ("fields", "metrics", "notes")}
    return Origin(
        lab=source.lab.name,
        experiment=source.experiment.name,
        digest=source.digest,
        provenance=kept,
    )


def item(title: str, alt: str, figure: go.Figure, **more: Any) -> ReportItem:
    """A figure for a report, its titles taken out of it; ``title`` defaults to the figure's."""
    from engine.store.report import ReportItem

    bare, name, subtitle = without_titles(figure)
    return ReportItem(title or name, alt, bare, name=name, subtitle=subtitle, **more)


def build_page(key: str, document: Document) -> bytes:
    """The report as one HTML file; raises NotFound where a figure is gone."""
    from engine.store.report import ItemOrigin, build_report

    reports = Store.open().reports
    known = labs()
    items = []
    for entry in document.entries:
        lab = known.get(entry.page)
        origin = ItemOrigin(
            entry.link,
            [one.provenance for one in entry.origins],
            [cited(paper) for paper in lab.papers] if lab else (),
        )
        figure = go.Figure(reports.figure(key, entry))
        items.append(item(entry.title, entry.alt, figure, note=entry.note, origin=origin))
    used = dict.fromkeys(entry.page for entry in document.entries if entry.page in known)
    bibtex = "\n\n".join(references(known[name], __version__) for name in used)
    return build_report(document.title, document.intro, items, {}, bibtex=bibtex).encode()
