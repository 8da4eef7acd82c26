"""The search tree: nodes by visits and value, the terms of UCT, and what association adds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.seeds import rng
from engine.figures import Palette, Series, axis, bars, lines
from engine.figures.axes import compose, escape
from engine.labs.memory_graph.metrics import bootstrap

BINS = 5
MEASURES = {
    "reached": "Gold in the tree",
    "on_path": "Gold on the best path",
    "covered": "Question words on the best path",
}
MOST_NAME = 34


def frame_names(result: Result) -> list[str]:
    """What each frame shows."""
    return [f"after {n} simulations" if n != 1 else "after 1 simulation"
            for n in result.array("frame").tolist()]  # fmt: skip


def value_edges(result: Result) -> np.ndarray:
    """Borders of the value bins (BINS + 1,): equal steps over what any node ever had."""
    values = result.array("value")
    held = values[np.isfinite(values)]
    low, high = (float(held.min()), float(held.max())) if held.size else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def value_bins(result: Result) -> np.ndarray:
    """The bin of each node in each frame (frame, node): 0 not there yet, then from low to high."""
    values, edges = result.array("value"), value_edges(result)
    found = 1 + np.clip(np.digitize(np.nan_to_num(values), edges[1:-1]), 0, BINS - 1)
    return np.where(np.isfinite(values), found, 0).astype(np.uint8)


def bin_colours(palette: Palette) -> list[str]:
    """A colour for each value bin, the highest one furthest from the paper."""
    dark = palette.theme == "dark"
    at = np.linspace(0.35, 1.0, BINS) if dark else np.linspace(0.66, 0.0, BINS)
    table = palette.lut("sequential")
    return ["#{:02x}{:02x}{:02x}".format(*table[round(255 * float(p))]) for p in at]


def bin_names(result: Result) -> list[str]:
    """The span of each value bin."""
    edges = value_edges(result)
    return [f"value {a:.2f} to {b:.2f}" for a, b in pairwise(edges)]


def node_labels(result: Result) -> list[str]:
    """The entity of each node."""
    return [one["entity"] for one in result.notes["nodes"]]


def draw_tree(result: Result, palette: Palette, *, frame: int) -> go.Figure:
    """The tree after some simulations, for the report and for files."""
    xy, parents = result.array("xy"), result.array("parent")
    values, visits = result.array("value")[frame], result.array("visits")[frame]
    there = np.isfinite(values)
    figure = compose(
        palette,
        title=f"The search tree {frame_names(result)[frame]}",
        subtitle="area: visits; colour: value",
        x=axis("Depth"),
        y=axis("Place among siblings"),
        alt=describe_tree(result, frame),
        height=560,
    )
    pairs = [(node, parent) for node, parent in enumerate(parents) if parent >= 0 and there[node]]
    figure.add_scatter(
        x=[v for a, b in pairs for v in (xy[a, 0], xy[b, 0], None)],
        y=[v for a, b in pairs for v in (xy[a, 1], xy[b, 1], None)],
        mode="lines",
        line={"color": palette.grid, "width": 1.25},
        hoverinfo="skip",
        showlegend=False,
    )
    bins, names = value_bins(result)[frame], node_labels(result)
    largest = max(int(visits.max()), 1)
    for place, (name, colour) in enumerate(
        zip(bin_names(result), bin_colours(palette), strict=True), start=1
    ):
        own = np.flatnonzero(bins == place)
        if not len(own):
            continue
        figure.add_scatter(
            x=xy[own, 0],
            y=xy[own, 1],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 6 + 26 * np.sqrt(visits[own] / largest)},
            customdata=[[escape(names[i]), int(visits[i]), f"{values[i]:.3f}"] for i in own],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]} visits, value "
            "%{customdata[2]}<extra></extra>",
        )
    figure.update_yaxes(visible=False)
    return figure.update_xaxes(dtick=1)


def describe_tree(result: Result, frame: int) -> str:
    """How far the tree has grown, and its best path."""
    grown = int(np.isfinite(result.array("value")[frame]).sum())
    names = node_labels(result)
    path = " → ".join(names[i] for i in result.array("best").tolist())
    return (
        f"{frame_names(result)[frame].capitalize()} the tree has {grown} of {len(names)} thoughts; "
        f"the best path of the whole search is {path}"
    )


def siblings(result: Result, node: int) -> list[int]:
    """The children of a node's parent; of the root its own children."""
    parents = result.array("parent")
    above = int(parents[node]) if parents[node] >= 0 else node
    return np.flatnonzero(parents == above).tolist()


def draw_uct(result: Result, palette: Palette, *, frame: int, node: int) -> go.Figure | None:
    """The two terms of UCT for a node and its siblings, the highest sum first; None without any."""
    value, explore = result.array("value")[frame], result.array("explore")[frame]
    own = [i for i in siblings(result, node) if np.isfinite(explore[i])]
    if not own:
        return None
    own.sort(key=lambda i: -float(value[i] + explore[i]))
    names = [result.notes["nodes"][i]["entity"] for i in own]
    first = names[0]
    return bars(
        [name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 1]}…" for name in names],
        {"exploit: mean value": value[own], "explore: few visits": explore[own]},
        palette,
        title="Where the next simulation goes",
        subtitle=f"{len(own)} siblings {frame_names(result)[frame]}; the longest bar is taken",
        category="Thought",
        value=axis("UCT"),
        horizontal=True,
        stacked=True,
        selected=own.index(node) if node in own else None,
        alt=f"The next simulation takes {first} with UCT {value[own[0]] + explore[own[0]]:.3f}.",
        height=150 + 30 * len(own),
    )


def draw_gain(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """A measure over simulations with association, without it, and without any value."""
    curves = result.array(measure)
    at = np.arange(curves.shape[2])
    beta = result.number("beta")
    names = (f"β = {beta:g}: with association", "β = 0: content alone", "visits alone, no value")
    low, high = bootstrap(curves[0].astype(np.float64), rng(0, "coat", measure))
    means = curves.mean(axis=1)
    series = [Series(names[0], at, means[0], low, high)]
    series += [Series(name, at, row) for name, row in zip(names[1:], means[1:], strict=True)]
    over = result.notes["over"]
    return lines(
        series,
        palette,
        title=f"{MEASURES[measure]} as the search goes on",
        subtitle=sample(result),
        band=f"95 % bootstrap over {over}, with association",
        x=axis("Simulations"),
        y=axis(MEASURES[measure], "%"),
        alt=describe_gain(result, measure),
        height=400,
    )


def draw_difference(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """What association adds to content alone, question by question, over simulations."""
    curves = result.array(measure).astype(np.float64)
    apart = curves[0] - curves[1]
    low, high = bootstrap(apart, rng(0, "coat", "gain", measure))
    at = np.arange(apart.shape[1])
    figure = lines(
        [Series("with minus without", at, apart.mean(axis=0), low, high, category=0)],
        palette,
        title="What association adds",
        subtitle=f"{sample(result)}, each with and without",
        band=f"paired 95 % bootstrap over {result.notes['over']}",
        x=axis("Simulations"),
        y=axis("Difference", "points"),
        level=(0.0, "no difference"),
        alt=describe_gain(result, measure),
        height=280,
    )
    reach = max(float(np.abs([low, high]).max()) * 1.15, 1.0)
    return figure.update_yaxes(range=[-reach, reach])


def sample(result: Result) -> str:
    """How many searches the curves are the mean of."""
    trials, over = result.array("covered").shape[1], result.notes["over"]
    if over == "questions" and trials < result.notes["asked"]:
        return f"{trials} of {result.notes['asked']} questions, those that name something here"
    return f"{trials} {over}"


def gain(result: Result, measure: str) -> tuple[float, float, float]:
    """Association minus content alone at the end in points, with its paired 95 % interval."""
    ends = result.array(measure)[:, :, -1].astype(np.float64)
    apart = ends[0] - ends[1]
    low, high = bootstrap(apart[:, None], rng(0, "coat", "gain", measure))
    return float(apart.mean()), float(low[0]), float(high[0])


def describe_gain(result: Result, measure: str) -> str:
    """Whether association helped, with the interval of the difference."""
    ends = result.array(measure)[:, :, -1].mean(axis=1)
    mean, low, high = gain(result, measure)
    clear = low > 0 or high < 0
    words = "a clear difference" if clear else "no clear difference"
    return (
        f"{MEASURES[measure]} after {result.array(measure).shape[2] - 1} simulations: "
        f"{ends[0]:.1f} % with association, {ends[1]:.1f} % without, {ends[2]:.1f} % by visits "
        f"alone. Association adds {mean:+.1f} points ({low:+.1f} to {high:+.1f}, paired 95 % "
        f"bootstrap): {words}."
    )


def path_words(result: Result) -> list[str]:
    """Each step of the best path as a line of Markdown."""
    steps = [result.notes["nodes"][node] for node in result.array("best").tolist()]
    return [
        f"— {one['via']} → **{one['entity']}**" if place else f"**{one['entity']}**"
        for place, one in enumerate(steps)
    ]
