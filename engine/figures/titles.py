"""Titles and subtitles taken out of figures: plotly cuts long lines, a page breaks them."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go

# Room above a plot: for its title in pixels, and what stays without it.
TITLE = 52
BARE = 28


def without_subtitle(figure: go.Figure) -> tuple[go.Figure, str]:
    """The figure without its subtitle, and this in plain words; empty where there is none."""
    subtitle = figure.layout.title.subtitle.text
    if not subtitle:
        return figure, ""
    drawn = figure.to_dict()
    del drawn["layout"]["title"]["subtitle"]
    words = html.unescape(subtitle)
    return _above(drawn, TITLE), words[:1].upper() + words[1:]


def without_titles(figure: go.Figure) -> tuple[go.Figure, str, str]:
    """The figure without title and subtitle, and both in plain words, each empty without one."""
    bare, subtitle = without_subtitle(figure)
    title = bare.layout.title.text
    if not title:
        return bare, "", subtitle
    drawn = bare.to_dict()
    del drawn["layout"]["title"]["text"]
    above = bare.layout.margin.t
    room = BARE if above is None else max(BARE, above - TITLE + BARE)
    return _above(drawn, room), html.unescape(title), subtitle


def _above(drawn: dict[str, Any], room: int) -> go.Figure:
    """The figure of ``drawn`` with so much room above its plot.

    It was a figure before, and to check it once more takes four times as long as to copy it.
    """
    drawn["layout"]["margin"] = {**drawn["layout"].get("margin", {}), "t": room}
    return go.Figure(drawn, _validate=False)
