"""Ablations, methods, groups of questions and hops as bars with intervals."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars
from engine.labs.memory_graph.views.bench import INTERVAL, MEASURES, place, signed
from engine.labs.memory_graph.views.duel import NAMES

PARTS = {"whole": "whole method", "neighbours": "seeds and neighbours"}


def draw_ablations(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """The method without each of its parts."""
    at = place(result, measure)
    ends = result.array("ablation_interval")[..., at]
    name = MEASURES[measure]
    return bars(
        [PARTS.get(part, part) for part in result.notes["ablations"]],
        {name: result.array("ablation_mean")[:, at]},
        palette,
        low={name: ends[:, 0]},
        high={name: ends[:, 1]},
        interval=INTERVAL,
        horizontal=True,
        title=f"{NAMES[result.notes['walks']]} without each of its parts",
        subtitle=f"{int(result.number('questions'))} questions",
        category="Setting",
        value=axis(name, "%"),
        alt=describe_ablations(result, measure),
    )


def describe_ablations(result: Result, measure: str) -> str:
    """What each part is worth, with the paired interval of the difference."""
    at = place(result, measure)
    gains = result.array("ablation_gain")[:, at]
    ends = result.array("ablation_gain_interval")[..., at]
    parts = [
        f"{PARTS.get(name, name)} {signed(gain)} points [{low:.1f}, {high:.1f}]"
        for name, gain, (low, high) in zip(result.notes["ablations"], gains, ends, strict=True)
    ][1:]
    return f"{MEASURES[measure]} against the whole: {'; '.join(parts)}."


def draw_methods(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """Every method at the compared cell's settings."""
    at = place(result, measure)
    means = result.array("method_mean")[:, at]
    ends = result.array("method_interval")[..., at]
    name, names = MEASURES[measure], method_names(result)
    return bars(
        names,
        {name: means},
        palette,
        low={name: ends[:, 0]},
        high={name: ends[:, 1]},
        interval=INTERVAL,
        horizontal=True,
        title=f"{name} of every method",
        subtitle=f"{int(result.number('questions'))} questions",
        category="Method",
        value=axis(name, "%"),
        alt=f"{name}: {_listed(names, means)}.",
    )


def draw_groups(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """Every method on each group of questions; for MuSiQue a group is a number of hops."""
    at = place(result, measure)
    means = result.array("group")[..., at]
    ends = result.array("group_interval")[..., at]
    names = method_names(result)
    sizes = result.notes["group_sizes"]
    groups = [f"{name} ({size})" for name, size in zip(result.notes["groups"], sizes, strict=True)]
    return bars(
        groups,
        dict(zip(names, means, strict=True)),
        palette,
        low={name: own[:, 0] for name, own in zip(names, ends, strict=True)},
        high={name: own[:, 1] for name, own in zip(names, ends, strict=True)},
        interval=f"{INTERVAL} of the group",
        title=f"{MEASURES[measure]} by group of questions",
        subtitle="the number of questions in brackets",
        category="Group",
        value=axis(MEASURES[measure], "%"),
        alt=" ".join(f"{group}: {_listed(names, means[:, i])}." for i, group in enumerate(groups)),
        height=400,
    )


def draw_hops(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """How often each method finds the passage of the first, second, ... hop."""
    k = cutoff_of(measure)
    shares = result.array("hop")[:, :, result.notes["cutoffs"].index(k)]
    names = method_names(result)
    hops = [f"hop {hop} ({size})" for hop, size in enumerate(result.notes["hop_sizes"], start=1)]
    return bars(
        hops,
        dict(zip(names, shares, strict=True)),
        palette,
        title=f"Passage of each hop among the first {k}",
        subtitle="the number of questions that have such a hop in brackets",
        category="Hop",
        value=axis("Questions whose passage is found", "%"),
        alt=" ".join(f"{hop}: {_listed(names, shares[:, i])}." for i, hop in enumerate(hops)),
        height=400,
    )


def cutoff_of(measure: str) -> int:
    """How many places a measure looks at."""
    return int(measure.rpartition("@")[2])


def method_names(result: Result) -> list[str]:
    """The methods as they are written."""
    return [NAMES[method] for method in result.notes["methods"]]


def _listed(names: list[str], values: np.ndarray) -> str:
    return ", ".join(f"{name} {value:.1f} %" for name, value in zip(names, values, strict=True))
