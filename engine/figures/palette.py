"""Colours, fonts and marks of both themes; every figure takes its looks from here.

Colour scales: viridis (sequential), blue-orange centred at zero (diverging), and the categories of
Okabe & Ito, "Color Universal Design" (2008), moved in lightness until each stands at least 3:1
against the paper of its theme (WCAG 2.2, 1.4.11). No meaning rests on colour alone: lines also
differ by dash, points by symbol, bars by pattern, states by sign and word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import plotly.graph_objects as go

Theme = Literal["light", "dark"]
Scale = Literal["sequential", "diverging"]

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', sans-serif"
MONO = "'JetBrains Mono', ui-monospace, 'DejaVu Sans Mono', monospace"
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "5px,2px", "2px,2px")
PATTERNS = ("", "/", ".", "x", "-", "|", "\\", "+")

_VIRIDIS = (
    *("#440154", "#482878", "#3e4989", "#31688e", "#26828e"),
    *("#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"),
)


@dataclass(frozen=True)
class Status:
    """A state as colour, sign and word, always shown together."""

    colour: str
    sign: str
    word: str


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as ``#rrggbb``; the scales are stops at equal distances."""

    theme: Theme
    ink: str
    muted: str
    grid: str
    paper: str
    panel: str
    accent: str
    sequential: tuple[str, ...]
    diverging: tuple[str, ...]
    categories: tuple[str, ...]
    good: Status
    warn: Status
    bad: Status

    @staticmethod
    def of(theme: str) -> Palette:
        """The palette of ``"light"`` or ``"dark"``; anything else counts as light."""
        return Palette.dark() if theme == "dark" else Palette.light()

    @staticmethod
    def light() -> Palette:
        """Ink on white paper."""
        return _LIGHT

    @staticmethod
    def dark() -> Palette:
        """Light ink on a blue-black paper."""
        return _DARK

    def category(self, index: int) -> str:
        """The colour of the category ``index``; it repeats after the last one."""
        return self.categories[index % len(self.categories)]

    def colorscale(self, scale: Scale) -> list[tuple[float, str]]:
        """A plotly colour scale: ``[(position, colour), ...]``."""
        stops = getattr(self, scale)
        return [(i / (len(stops) - 1), stop) for i, stop in enumerate(stops)]

    def lut(self, scale: Scale, n: int = 256) -> np.ndarray:
        """``n`` colours along a scale: uint8 [n, 3], linear in sRGB between the stops."""
        stops = np.array([rgb(stop) for stop in getattr(self, scale)], float)  # s 3
        at = np.linspace(0, len(stops) - 1, n)
        table = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
        return np.round(np.stack(table, axis=1)).astype(np.uint8)

    def template(self) -> go.layout.Template:
        """The plotly template of the theme: fonts, transparent grounds, quiet axes, margins."""
        return _template(self)

    def drew(self, figure: go.Figure) -> bool:
        """Whether the figure has this template; to set it once more costs as much as to draw it."""
        ink: str | None = figure.layout.template.layout.font.color
        return ink == self.ink


def rgb(colour: str) -> tuple[int, int, int]:
    """``rgb("#0072b2") == (0, 114, 178)``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def translucent(colour: str, alpha: float) -> str:
    """The colour as ``rgba(...)``, for bands."""
    return "rgba({},{},{},{:g})".format(*rgb(colour), alpha)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of relative luminance)."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = np.array(rgb(colour)) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@cache
def _template(palette: Palette) -> go.layout.Template:
    axis = {
        "automargin": True,
        "gridcolor": palette.grid,
        "linecolor": palette.grid,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": 12, "color": palette.muted},
        "title": {"font": {"size": 13, "color": palette.muted}, "standoff": 10},
        "exponentformat": "power",
    }
    clear = "rgba(0,0,0,0)"
    layout = go.Layout(
        font={"family": FONT, "size": 13, "color": palette.ink},
        paper_bgcolor=clear,
        plot_bgcolor=clear,
        colorway=list(palette.categories),
        margin={"l": 56, "r": 16, "t": 24, "b": 48},
        title={
            "font": {"size": 16, "color": palette.ink, "weight": 600},
            "subtitle": {"font": {"size": 13, "color": palette.muted}},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 12},
        },
        xaxis=axis,
        yaxis=axis,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "title": {"text": ""},
            "font": {"size": 12, "color": palette.ink},
        },
        hoverlabel={
            "bgcolor": palette.panel,
            "bordercolor": palette.grid,
            "align": "left",
            "font": {"family": FONT, "size": 13, "color": palette.ink},
        },
        colorscale={
            "sequential": palette.colorscale("sequential"),
            "diverging": palette.colorscale("diverging"),
        },
        bargap=0.25,
        bargroupgap=0.08,
        modebar={"bgcolor": clear, "color": palette.muted, "activecolor": palette.accent},
        annotationdefaults={"font": {"size": 12, "color": palette.muted}, "showarrow": False},
    )
    return go.layout.Template(layout=layout)


_LIGHT = Palette(
    theme="light",
    ink="#1a2230",
    muted="#566072",
    grid="#e2e6ec",
    paper="#ffffff",
    panel="#f5f7fa",
    accent="#2f56c9",
    sequential=_VIRIDIS,
    diverging=("#08407e", "#2f7fc1", "#9cc5e4", "#f3f3f1", "#f4c08d", "#d97a1e", "#853f00"),
    categories=(
        *("#00629b", "#c35500", "#00845f", "#b35389"),
        *("#2b8ac4", "#a87000", "#5f6b7a", "#857a00"),
    ),
    good=Status("#00754f", "✓", "good"),
    warn=Status("#8f5a00", "▲", "careful"),
    bad=Status("#b3261e", "✕", "bad"),
)

_DARK = Palette(
    theme="dark",
    ink="#e8ecf2",
    muted="#a3aebe",
    grid="#2b3442",
    paper="#10151d",
    panel="#18202b",
    accent="#8fb0ff",
    sequential=_VIRIDIS,
    diverging=("#a8d8ff", "#4a9fe0", "#20527f", "#1b222c", "#74420f", "#dd8630", "#ffcf9a"),
    categories=(
        *("#4ba3e3", "#f0813a", "#2bbd90", "#dd94bf"),
        *("#8accf2", "#e8ae3c", "#a4afbd", "#dcd24e"),
    ),
    good=Status("#4fd1a1", "✓", "good"),
    warn=Status("#f2b84b", "▲", "careful"),
    bad=Status("#ff8a80", "✕", "bad"),
)
