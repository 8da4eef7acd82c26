"""Figures of the atlas: scores as a density, the mask's cuts by column and by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core import Result
from engine.figures import Palette, Series, axis, heatmap, lines
from engine.figures.axes import compose, escape, set_unit
from engine.labs.diffusion.views.atlas_table import (
    SIDES,
    TENTH,
    Control,
    Scored,
    Spot,
    layer_at,
    top_share,
)

BINS = 64
MOST_DOTS = 2000


def draw_scores(
    result: Result, palette: Palette, *, spot: Spot, scored: Scored, column: int
) -> go.Figure:
    """All weights by both scores as a density, with the cut ones and one column's on top."""
    held = (scored.mine > 0) & (scored.theirs > 0)
    x, y = scored.mine[held], scored.theirs[held]
    edges = [_edges(x), _edges(y)]
    counts, _, _ = np.histogram2d(x, y, bins=edges)
    figure = compose(
        palette,
        title=f"Scores of the weights of {layer_at(result, spot.layer)}",
        subtitle=f"{held.sum():,} weights, step {spot.step + 1} of {result.notes['steps']}; the "
        "faintest hundredth of each score is left out of the cells",
        x=axis(f"Score for {result.notes['set'] if _named(result) else 'the prompts'}", log=True),
        y=axis(f"Score for {SIDES[spot.side]}", log=True),
        alt=describe_scores(result, spot, scored),
        height=460,
    )
    most = max(int(counts.max()), 1)
    powers = list(range(int(np.log10(most)) + 1))
    figure.add_heatmap(
        x=edges[0],
        y=edges[1],
        z=np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan).T,
        colorscale=[(0, palette.grid), (1, palette.muted)],
        colorbar={
            "title": {
                "text": "Weights in a cell, log scale",
                "side": "right",
                "font": {"size": 12},
            },
            "tickvals": powers,
            "ticktext": [str(10**power) for power in powers],
            "thickness": 12,
        },
        hoverinfo="skip",
        hoverongaps=False,
    )
    set_unit(figure, "colorbar", "1")
    for name, mask, slot, symbol in (
        ("cut", scored.mask & held, 1, "circle"),
        (f"column {column}", (scored.channels == column)[None] & held, 0, "x"),
    ):
        at = np.argwhere(mask)
        every = -(-len(at) // MOST_DOTS) or 1
        at = at[::every]
        # Plain dots: where a browser has no WebGL, plotly shows a message in the figure's place.
        figure.add_scatter(
            x=scored.mine[tuple(at.T)],
            y=scored.theirs[tuple(at.T)],
            mode="markers",
            name=escape(name if every == 1 else f"{name} (1 in {every})"),
            customdata=at,
            marker={
                "color": palette.category(slot),
                "symbol": symbol,
                "size": 4 if slot else 7,
                "opacity": 0.6 if slot else 1,
            },
            hovertemplate="row %{customdata[0]}, column %{customdata[1]}<br>%{x:.3g} and %{y:.3g}"
            "<extra>%{fullData.name}</extra>",
        )
    low, high = max(edges[0][0], edges[1][0]), min(edges[0][-1], edges[1][-1])
    for which, (first, *_, last) in zip(("xaxis", "yaxis"), edges, strict=True):
        figure.layout[which].dtick = 1
        figure.layout[which].range = [float(np.log10(first)), float(np.log10(last))]
    figure.add_scatter(
        x=[low, high],
        y=[low, high],
        mode="lines",
        name="equal scores",
        line={"color": palette.ink, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    return figure.update_layout(hovermode="closest", showlegend=True)


def describe_scores(result: Result, spot: Spot, scored: Scored) -> str:
    """How much is cut, and in how many columns anything may be."""
    kept = int(scored.more.sum())
    return (
        f"{int(scored.mask.sum()):,} of {scored.mask.size:,} weights are cut "
        f"({scored.mask.mean():.1%}): in every row the top {spot.sparsity:.0%} for "
        f"{_set(result)}, where that is more than for {SIDES[spot.side]}. Weights of a column "
        f"share their ratio, so the comparison keeps whole columns: {kept} of {len(scored.more)}."
    )


def draw_columns(
    result: Result,
    palette: Palette,
    *,
    spot: Spot,
    scored: Scored,
    everywhere: Control,
    allowed: Control,
) -> go.Figure:
    """Cuts of the columns by rank, beside random masks."""
    rank = np.arange(1, len(scored.cuts) + 1)
    series = [Series("located", rank, np.sort(scored.cuts)[::-1], category=1)]
    for name, drawn, slot in (
        ("random, in all columns", everywhere, 6),
        ("random, in the columns that the comparison keeps", allowed, 0),
    ):
        cuts = drawn.sorted_cuts
        series.append(
            Series(name, rank, cuts.mean(0), cuts.min(0), cuts.max(0), category=slot)
        )  # fmt: skip
    return lines(
        series,
        palette,
        title=f"Cut weights of every column, {layer_at(result, spot.layer)}",
        subtitle=f"{len(scored.mask)} rows",
        x=axis("Column, by its cut weights"),
        y=axis("Cut weights"),
        band=f"least to most of {len(everywhere.shares)} random masks",
        alt=describe_columns(scored, everywhere, allowed),
    )


def describe_columns(scored: Scored, everywhere: Control, allowed: Control) -> str:
    """Whether the mask is a few columns: the share of the top tenth, beside random masks."""
    cuts = scored.cuts
    if not cuts.sum():
        return "Nothing is cut here."
    share, count = top_share(cuts), max(1, int(TENTH * len(cuts)))
    whole = int((cuts >= 0.9 * len(scored.mask) * (len(scored.channels) / len(cuts))).sum())
    one, two = everywhere.band, allowed.band
    found = (
        f"The {count} columns with the most cuts, a tenth of {len(cuts)}, hold {share:.0%} of "
        f"them; in random masks with as many in every row {one[0]:.0%} to {one[1]:.0%}, and "
        f"{two[0]:.0%} to {two[1]:.0%} where these keep to the columns that the comparison leaves."
    )
    verdict = (
        "The mask gathers in columns more than chance does"
        if share > max(one[1], two[1])
        else "The mask gathers in columns no more than chance does"
    )
    rest = f"{whole or 'none'} of them {'is' if whole == 1 else 'are'} cut in nine of ten rows"
    return f"{found} {verdict}, but {int((cuts > 0).sum())} columns are touched, and {rest}."


def draw_rows(result: Result, palette: Palette, *, spot: Spot, scored: Scored) -> go.Figure:
    """Cuts of the rows by rank, under the most that a row may have."""
    cuts = np.sort(scored.mask.sum(1))[::-1]
    most = int(spot.sparsity * scored.mask.shape[1] + 1e-9)
    return lines(
        [Series("cut weights", np.arange(1, len(cuts) + 1), cuts, category=1)],
        palette,
        title=f"Cut weights of every row, {layer_at(result, spot.layer)}",
        x=axis("Row, by its cut weights"),
        y=axis("Cut weights", limits=(0, max(most, 1) * 1.15)),
        level=(most, f"top {spot.sparsity:.0%} of a row"),
        alt=describe_rows(spot, scored),
        height=300,
    )


def describe_rows(spot: Spot, scored: Scored) -> str:
    """The range over rows, and what the comparison took away."""
    cuts = scored.mask.sum(1)
    most = int(spot.sparsity * scored.mask.shape[1] + 1e-9)
    if not most:
        return f"{spot.sparsity:.0%} of {scored.mask.shape[1]} columns is less than one weight."
    return (
        f"Rows have {cuts.min()} to {cuts.max()} cuts of at most {most}: the comparison takes "
        f"{1 - cuts.sum() / (most * len(cuts)):.0%} of the top weights away."
    )


def mask_values(scored: Scored) -> np.ndarray:
    """The score of cut weights, nan elsewhere: (rows, columns)."""
    return np.where(scored.mask, scored.mine, np.nan)


def draw_mask(result: Result, palette: Palette, *, spot: Spot, scored: Scored) -> go.Figure:
    """The mask as a matrix, coloured by score."""
    return heatmap(
        mask_values(scored),
        palette,
        title=f"Cut weights of {layer_at(result, spot.layer)}",
        x="Column",
        y="Row",
        value="Score",
        reduce="max",
        alt=describe_scores(result, spot, scored),
    )


def column_table(scored: Scored, everywhere: Control) -> dict[str, list[Any]]:
    """A row for each column, by rank: its cuts, and the mean of random masks at this rank."""
    order = np.argsort(-scored.cuts, kind="stable")
    return {
        "column": order.tolist(),
        "cut weights": scored.cuts[order].tolist(),
        "random, mean at this rank": everywhere.sorted_cuts.mean(0).tolist(),
    }


def _edges(values: np.ndarray) -> np.ndarray:
    """Edges of cells that are alike on a logarithmic axis, from the faintest hundredth on."""
    return np.geomspace(float(np.quantile(values, 0.01)), float(values.max()) * 1.0001, BINS)


def _named(result: Result) -> bool:
    return not str(result.notes["set"]).startswith("input:")


def _set(result: Result) -> str:
    return f"set {result.notes['set']}" if _named(result) else "your prompts"
