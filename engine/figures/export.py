"""Figures as files: a page that needs no network, or a picture where a browser is installed."""

from __future__ import annotations

import os
import shutil
from html import escape as escape_html
from pathlib import Path
from typing import Literal

import plotly.graph_objects as go
import plotly.io as pio

from engine.core import BadInput, NotFound

CONFIG = {"showSendToCloud": False, "displaylogo": False, "responsive": True}
BROWSERS = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable", "chrome",
)  # fmt: skip

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0 auto; padding: 24px; max-width: 1200px; font-family: Inter, system-ui, sans-serif;
  background: {paper}; color: {ink}; }}
p {{ line-height: 1.5; }}
</style>
</head>
<body>
<main>
<div role="img" aria-label="{alt}">{figure}</div>
<p>{alt}</p>
</main>
</body>
</html>
"""


def to_html(figure: go.Figure, title: str, *, paper: str = "#ffffff") -> str:
    """A self-contained page: plotly.js inside, nothing fetched, no button that shares to a cloud.

    ``paper`` is the ground to draw on, ``Palette.paper`` of the theme the figure was made for.
    """
    part = pio.to_html(
        figure, config=CONFIG, include_plotlyjs=True, include_mathjax=False, full_html=False
    )
    ink = figure.layout.template.layout.font.color or "#000000"
    alt = escape_html((figure.layout.meta or {}).get("alt", ""))
    return _PAGE.format(title=escape_html(title), paper=paper, ink=ink, alt=alt, figure=part)


def find_browser() -> Path | None:
    """The Chrome or Chromium that draws pictures: BROWSER_PATH, else the first one on PATH."""
    named = os.environ.get("BROWSER_PATH")
    if named:
        return Path(named) if Path(named).is_file() else None
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Path(found) if found else None


def to_image(
    figure: go.Figure,
    kind: Literal["png", "svg"] = "png",
    *,
    width: int = 1000,
    height: int | None = None,
    scale: float = 2.0,
    paper: str = "#ffffff",
) -> bytes:
    """The figure as PNG or SVG on ``paper``.

    Raises NotFound when no Chrome or Chromium is installed, BadInput for another kind.
    """
    if kind not in ("png", "svg"):
        raise BadInput("kind", f"must be png or svg, not {kind!r}")
    browser = find_browser()
    if browser is None:
        raise NotFound(
            "Pictures need Chrome or Chromium on the server: install one, or set BROWSER_PATH."
        )
    import kaleido

    drawn = go.Figure(figure)
    drawn.update_layout(paper_bgcolor=paper)
    options = {
        "format": kind,
        "width": width,
        "height": height or drawn.layout.height or 450,
        "scale": scale if kind == "png" else 1,
    }
    return kaleido.calc_fig_sync(
        drawn.to_plotly_json(),
        opts=options,
        kopts={"path": str(browser), "mathjax": False},
    )
