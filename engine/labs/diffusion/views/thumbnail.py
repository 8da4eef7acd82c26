"""The picture of the lab on its card: what a cut does to pictures that were copied."""

from __future__ import annotations

import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures.palette import Palette
from engine.figures.pictures import PictureGrid, draw_pictures
from engine.labs.diffusion.config.bench import BenchConfig
from engine.labs.diffusion.views.bench import of_run
from engine.labs.diffusion.views.bench_pictures import picture_rows
from engine.labs.diffusion.views.bench_words import describe_copies

ROWS, COLUMNS = 3, 6


def draw_thumbnail(result: Result, palette: Palette) -> go.Figure:
    """The first pictures of the located set in training, before and after the default cut."""
    usual = BenchConfig()
    shown = of_run(result, usual.sparsity, usual.tau)
    group = next(group for group in shown.groups if group.located)
    grid = picture_rows(shown, group, describe_copies(shown, group))
    few = PictureGrid(
        grid.pictures[:ROWS, :COLUMNS],
        ("training", "before", "after"),
        [""] * COLUMNS,
        "Copied pictures before and after a cut",
        grid.alt,  # the measures stand there alone: under small pictures they run into each other
    )
    return draw_pictures(few, palette).update_layout(
        width=None, height=None, margin={"t": 56, "b": 8}
    )
