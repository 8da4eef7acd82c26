"""Titles and subtitles taken out of figures: plotly cuts long lines, a page breaks them."""

from __future__ import annotations

import html

import plotly.graph_objects as go

# Room above a plot: for its title in pixels, and what stays without it.
TITLE = 52
BARE = 28


def without_subtitle(figure: go.Figure) -> tuple[go.Figure, str]:
    """The figure without its subtitle, and this in plain words; empty where there is none."""
    subtitle = figure.layout.title.subtitle.text
    if not subtitle:
        return figure, ""
    shown = go.Figure(figure)
    shown.layout.title.subtitle.text = None
    shown.update_layout(margin_t=TITLE)
    words = html.unescape(subtitle)
    return shown, words[:1].upper() + words[1:]


def without_titles(figure: go.Figure) -> tuple[go.Figure, str, str]:
    """The figure without title and subtitle, and both in plain words, each empty without one."""
    bare, subtitle = without_subtitle(figure)
    title = bare.layout.title.text
    if not title:
        return bare, "", subtitle
    shown = go.Figure(bare)
    shown.layout.title.text = None
    above = bare.layout.margin.t
    shown.update_layout(margin_t=BARE if above is None else max(BARE, above - TITLE + BARE))
    return shown, html.unescape(title), subtitle
