"""The communities of a memory: their sizes, and what there is to see in a sentence."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars

MOST_NAME = 56
MOST_BARS = 12
ON_MAP = 2


def group_names(result: Result) -> list[str]:
    """The names of the communities, cut to what an axis holds."""
    return [
        name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 1]}…"
        for name in result.notes["groups"]
    ]


def map_names(result: Result) -> list[str]:
    """The first names of each community: a map has room for no more."""
    return [", ".join(name.split(", ")[:ON_MAP]) for name in result.notes["groups"]]


def real_groups(result: Result) -> list[int]:
    """The communities, the largest first, without what belongs to none."""
    return [i for i in range(len(result.notes["groups"])) if i != result.notes["rest"]]


def draw_sizes(result: Result, palette: Palette) -> go.Figure:
    """Notes and names of the largest communities."""
    shown = real_groups(result)[:MOST_BARS]
    names = map_names(result)
    total = int(result.number("communities"))
    return bars(
        [names[i] for i in shown],
        {
            "notes": result.array("group_notes")[shown],
            "names": result.array("group_names")[shown],
        },
        palette,
        title="Communities by size",
        subtitle=f"the largest {len(shown)} of {total}; {describe_sample(result)}",
        category="Community",
        value=axis("Members", "nodes"),
        horizontal=True,
        stacked=True,
        alt=describe_groups(result),
        height=440,
    )


def describe_groups(result: Result) -> str:
    """How many communities there are and what the largest are about."""
    groups = real_groups(result)
    if not groups:
        return "No name joins two notes, so that there are no communities."
    notes = result.array("group_notes")
    largest = "; ".join(
        f"{name} ({size} {'note' if size == 1 else 'notes'})"
        for name, size in [(group_names(result)[i], int(notes[i])) for i in groups[:3]]
    )
    many = f"{len(groups)} communities" if len(groups) > 1 else "One community"
    sentence = f"{many}, the largest about {largest}"
    alone = _alone(result)
    return f"{sentence}; {alone} notes share no name with another." if alone else f"{sentence}."


def describe_sample(result: Result) -> str:
    """Of how much the map is drawn."""
    nodes, drawn = int(result.number("nodes")), int(result.number("nodes_drawn"))
    edges, lines = int(result.number("edges")), int(result.number("edges_drawn"))
    if nodes == drawn and edges == lines:
        return f"all {nodes:,} nodes and {edges:,} edges"
    return f"the best joined {drawn:,} of {nodes:,} nodes, {lines:,} of {edges:,} edges"


def group_table(result: Result) -> dict[str, object]:
    """One row a community, for a file."""
    return {
        "community": list(result.notes["groups"]),
        "notes": result.array("group_notes"),
        "names": result.array("group_names"),
        "x": result.array("group_xy")[:, 0],
        "y": result.array("group_xy")[:, 1],
    }


def _alone(result: Result) -> int:
    rest = result.notes["rest"]
    return int(result.array("group_notes")[rest]) if rest >= 0 else 0


def lit_groups(result: Result, nodes: np.ndarray) -> list[int]:
    """The communities of some nodes."""
    return np.unique(result.array("community")[nodes]).tolist()
