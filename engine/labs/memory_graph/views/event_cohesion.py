"""How alike the tokens of a part are, and where refinement moves the borders to."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, heatmap
from engine.figures.heatmap import reduce_blocks
from engine.labs.memory_graph.living.cohesion import (
    Measure,
    Reading,
    partition_scores,
    similarity,
)

CELLS = 256
NAMES: dict[Measure, str] = {"modularity": "modularity", "conductance": "conductance"}
UNITS = {
    "keys": ("Sum of key products", "products of the language model's keys, summed over heads"),
    "sentences": ("Cosine", "cosine of the words of the sentences"),
}


def row_vectors(result: Result, row_of: np.ndarray) -> np.ndarray:
    """Vectors float32 (token, channel) of tokens whose rows are ``row_of`` (token,)."""
    return result.array("rows")[row_of] * result.array("row_step")[row_of, None]


def token_rows(result: Result) -> np.ndarray:
    """The vector of every token, float32 (token, channel)."""
    return row_vectors(result, result.array("row_of"))


def part_similarity(result: Result, part: tuple[int, int]) -> np.ndarray:
    """Similarity of the tokens of a part, float64 (token, token)."""
    rows = row_vectors(result, result.array("row_of")[slice(*part)])
    return similarity(rows, clip=bool(result.notes["clip"]))


def within(opening: np.ndarray, part: tuple[int, int]) -> np.ndarray:
    """Boundaries inside a part, counted from its start."""
    return opening[(opening > part[0]) & (opening < part[1])] - part[0]


def draw_similarity(
    result: Result,
    before: np.ndarray,
    after: Mapping[Measure, np.ndarray],
    palette: Palette,
    *,
    part: tuple[int, int],
    measure: Measure,
) -> go.Figure:
    """The matrix of a part: below the diagonal the events before, above it those after."""
    a = part_similarity(result, part)
    n = len(a)
    cells, (block, _) = reduce_blocks(a, CELLS * CELLS, "mean")
    off = a[~np.eye(n, dtype=bool)] if n > 1 else a.ravel()
    low, high = np.percentile(off, [1, 99]).tolist()
    if not high > low:
        low, high = low - 0.5, high + 0.5
    value, what = UNITS[result.notes["alike"]]
    start = part[0]
    old, new = within(before, part), within(after[measure], part)
    moved = int((np.asarray(before) != after[measure]).sum())
    cell = f"each cell is the mean of {block} x {block} tokens; " if block > 1 else ""
    figure = heatmap(
        cells,
        palette,
        title="Similarity and events",
        subtitle=f"{what}; {cell}colours span the 1st to 99th percentile; below the diagonal "
        f"the events by surprise, above it those refined by {measure}",
        x=axis("Token of the stream"),
        y=axis("Token of the stream"),
        value=value,
        limits=(low, high),
        height=560,
        alt=f"Refinement by {measure} moves {moved} of {len(before)} boundaries of the stream; "
        f"{len(old)} of them lie in this part.",
    )
    at = (start + np.arange(len(cells)) * block + (block - 1) / 2).astype(np.float32)
    # Below the matrix: beside it the scale would take a third of a phone's width.
    scale = {
        "orientation": "h",
        "title": {"side": "top"},
        "y": -0.16,
        "yanchor": "top",
        "thickness": 10,
    }
    figure.update_traces(x=at, y=at, colorbar=scale, selector={"type": "heatmap"})
    ends = [start - 0.5, start + n - 0.5]
    figure.update_xaxes(range=ends)
    figure.update_yaxes(range=ends[::-1], scaleanchor="x")
    for borders, upper, colour, name in (
        (old, False, "#ffffff", "by surprise (below)"),
        (new, True, "#ffb25c", f"after {measure} (above)"),
    ):
        xs, ys = _stairs(borders, n, upper)
        figure.add_scatter(
            x=[x if x is None else x + start - 0.5 for x in xs],
            y=[y if y is None else y + start - 0.5 for y in ys],
            mode="lines",
            line={"color": colour, "width": 2},
            name=name,
            hoverinfo="skip",
            showlegend=False,
        )
    return figure


def _stairs(opening: np.ndarray, n: int, upper: bool) -> tuple[list, list]:
    """The half squares of the events on one side of the diagonal."""
    edges = [0, *opening.tolist(), n]
    xs: list[float | None] = []
    ys: list[float | None] = []
    for a, b in pairwise(edges):
        xs += [a, b, b, None] if upper else [a, a, b, None]
        ys += [a, a, b, None] if upper else [a, b, b, None]
    return xs, ys


def cohesion_table(
    result: Result,
    before: np.ndarray,
    after: Mapping[Measure, np.ndarray],
    *,
    part: tuple[int, int],
    reading: Reading,
) -> list[dict[str, object]]:
    """Both objectives of the part, and how far boundaries moved in the whole stream."""
    a = part_similarity(result, part)
    rows: list[dict[str, object]] = []
    for name, opening in (("by surprise", before), *after.items()):
        modularity, conductance = partition_scores(a, within(opening, part), reading)
        shift = np.abs(np.asarray(opening) - before)
        rows.append(
            {
                "Boundaries": name if name == "by surprise" else f"refined by {name}",
                "Modularity": modularity,
                "Mean conductance": conductance,
                "Moved, whole stream [%]": 100 * float((shift > 0).mean()) if len(shift) else 0.0,
                "Mean shift [tokens]": float(shift.mean()) if len(shift) else 0.0,
            }
        )
    return rows


def describe_cohesion(rows: list[dict[str, object]]) -> str:
    """Whether each refinement improved what it optimises, in this part."""
    before, by_modularity, by_conductance = rows

    def change(row: dict[str, object], name: str, better: int) -> str:
        old, new = float(str(before[name])), float(str(row[name]))
        word = "unchanged" if new == old else "better" if (new - old) * better > 0 else "worse"
        return f"from {old:.4g} to {new:.4g} ({word})"

    return (
        f"In this part modularity goes {change(by_modularity, 'Modularity', 1)} when refined by "
        f"it, mean conductance {change(by_conductance, 'Mean conductance', -1)} when refined by "
        "it. Each border is moved for its own window alone, so the whole part need not gain."
    )
