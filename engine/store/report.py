"""One HTML file that shows figures, settings and origin, and asks no other place for anything."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

ROWS = 200
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")
CONFIG = {"showSendToCloud": False, "displaylogo": False, "responsive": True}


@dataclass(frozen=True, eq=False)
class ItemOrigin:
    """Where one figure of a collected report comes from.

    ``link`` reopens the page that drew it; ``results`` are the provenances of the results that the
    page had read by then, the last one last; ``papers`` one line each.
    """

    link: str
    results: Sequence[Mapping[str, Any]]
    papers: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class ReportItem:
    """A figure with what must be read beside it; ``alt`` defaults to the caption.

    ``name`` and ``subtitle`` are the figure's own, taken out of it: text breaks its lines.
    """

    title: str
    caption: str
    figure: go.Figure
    table: pd.DataFrame | None = None
    alt: str = ""
    note: str = ""
    origin: ItemOrigin | None = None
    name: str = ""
    subtitle: str = ""


def build_report(
    title: str,
    intro: str,
    items: Sequence[ReportItem],
    provenance: Mapping[str, Any],
    *,
    config: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    bibtex: str = "",
) -> str:
    """A self-contained page: plotly.js once, every text escaped, light and dark by the reader.

    ``intro`` is plain text with blank lines between paragraphs. ``provenance`` is a result's
    manifest (or part of one); its "config" becomes the table of settings unless ``config`` is
    given, and without provenance each item tells its own ``origin``. ``bibtex`` closes the page.
    Figures keep the theme they were drawn in. The page's policy forbids all requests.
    """
    from plotly.offline import get_plotlyjs

    settings = config if config is not None else provenance.get("config") or {}
    return _template().render(
        title=title,
        intro=_paragraphs(intro),
        items=[_item(item, index) for index, item in enumerate(items)],
        plotly_js=Markup(get_plotlyjs()) if items else "",
        config=[(name, _text(value)) for name, value in settings.items()],
        notes=list(notes),
        provenance=told_provenance(provenance),
        bibtex=bibtex,
    )


def told_provenance(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parts of a manifest that tell where a result comes from, as names and texts."""
    skipped = {"config", "fields", "metrics", "notes", "format"}
    return [
        (name.replace("_", " "), _when(value) if name == "created" else _text(value))
        for name, value in provenance.items()
        if name not in skipped
    ]


def _item(item: ReportItem, index: int) -> dict[str, Any]:
    import plotly.graph_objects as go
    import plotly.io as pio

    plot = pio.to_html(
        # As wide as the page: a width of its own would be cut on a phone.
        go.Figure(item.figure).update_layout(width=None, autosize=True),
        config=CONFIG,
        include_plotlyjs=False,
        include_mathjax=False,
        full_html=False,
        div_id=f"figure-{index + 1}",
    )
    table = item.table
    return {
        "title": item.title,
        "name": "" if item.name == item.title else item.name,
        "subtitle": item.subtitle,
        "caption": item.caption,
        "note": _paragraphs(item.note),
        "origin": None if item.origin is None else _told_origin(item.origin),
        "alt": item.alt or item.caption,
        "plot": Markup(plot),
        "paper": _paper(item.figure),
        "columns": [] if table is None else [str(column) for column in table.columns],
        "rows": [] if table is None else [
            [_text(cell) for cell in row] for row in table.head(ROWS).itertuples(index=False)
        ],
        "left_out": 0 if table is None else max(0, len(table) - ROWS),
    }  # fmt: skip


def _told_origin(origin: ItemOrigin) -> dict[str, Any]:
    return {
        "link": origin.link,
        "papers": list(origin.papers),
        "results": [
            {
                "name": f"{result.get('lab', '')} {result.get('experiment', '')}".strip(),
                "rows": told_provenance(result),
                "config": [(n, _text(v)) for n, v in (result.get("config") or {}).items()],
            }
            for result in reversed(origin.results)
        ],
    }


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _paper(figure: go.Figure) -> str:
    for layout in (figure.layout, figure.layout.template.layout):
        colour = layout.paper_bgcolor
        if isinstance(colour, str) and COLOUR.fullmatch(colour):
            return colour
    return "#ffffff"


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _when(value: Any) -> str:
    if not isinstance(value, int | float):
        return str(value)
    moment = datetime.datetime.fromtimestamp(value, datetime.UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC")


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    return environment.get_template("report.html")
