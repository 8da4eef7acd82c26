"""Data in, plotly figures out: no Streamlit, no torch, and every axis says its unit."""

from engine.figures.axes import Axis, axis, check_axes, escape, visible, walk_axes
from engine.figures.bars import bars
from engine.figures.heatmap import heatmap
from engine.figures.histogram import histogram
from engine.figures.lines import Event, Series, lines
from engine.figures.pairs import pairs
from engine.figures.palette import Palette
from engine.figures.pictures import PictureGrid, draw_pictures
from engine.figures.scatter import Point, pareto_front, scatter
from engine.figures.stems import stems
from engine.figures.strip import strip
from engine.figures.timeline import draw_timeline

__all__ = [
    "Axis",
    "Event",
    "Palette",
    "PictureGrid",
    "Point",
    "Series",
    "axis",
    "bars",
    "check_axes",
    "draw_pictures",
    "draw_timeline",
    "escape",
    "heatmap",
    "histogram",
    "lines",
    "pairs",
    "pareto_front",
    "scatter",
    "stems",
    "strip",
    "visible",
    "walk_axes",
]
