"""Retrievers and memories by category: who finds the evidence, and what a memory's own acts do."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars, heatmap, pairs

INTERVAL = "95 % bootstrap over questions"
GAP = 6  # pixels between the name of a row and its bar


def category_names(result: Result) -> list[str]:
    """``all``, ``1 multi-hop``, ...: the number of the data, where they have one, leads."""
    return [
        f"{one['number']} {one['name']}" if one["number"] else one["name"]
        for one in result.notes["categories"]
    ]


def sample(result: Result, category: int = 0) -> str:
    """``52 questions, 139 notes``."""
    count = int(result.array("questions")[category])
    many = int(result.number("conversations"))
    rooms = f" of {many} conversations" if many > 1 else ""
    return f"{count:,} questions, {int(result.number('notes')):,} notes{rooms}"


def draw_methods(result: Result, palette: Palette, *, category: int, cutoff: int) -> go.Figure:
    """Recall of everybody in one category, with intervals."""
    k, name = result.notes["cutoffs"][cutoff], category_names(result)[category]
    families = np.array(result.notes["families"])
    own = {family: families == family for family in dict.fromkeys(families.tolist())}
    values = result.array("recall")[:, category, cutoff]
    low, high = result.array("interval")[:, category, cutoff].T
    figure = bars(
        result.notes["titles"],
        {family: np.where(there, values, np.nan) for family, there in own.items()},
        palette,
        low=dict.fromkeys(own, low),
        high=dict.fromkeys(own, high),
        interval=INTERVAL,
        horizontal=True,
        title=f"Evidence recall@{k}, {name}",
        subtitle=sample(result, category),
        category="Method",
        value=axis(f"Evidence among the first {k}", "%", limits=(0, 100)),
        height=170 + 24 * len(values),
        alt=describe_methods(result, category, cutoff),
    )
    # Every row has the bar of one family, in the middle of the row.
    figure.update_layout(barmode="overlay")
    for bar in figure.data:
        # An outline, since a bar of one row shows little of its pattern.
        bar.marker.line = {"color": bar.marker.color, "width": 1.5}
    return figure.update_yaxes(ticklabelstandoff=GAP)


def describe_methods(result: Result, category: int, cutoff: int) -> str:
    """The best, and whether the second lies within its interval."""
    values = result.array("recall")[:, category, cutoff]
    titles = result.notes["titles"]
    best, second = np.argsort(-values, kind="stable")[:2].tolist()
    low = result.array("interval")[best, category, cutoff, 0]
    near = "within" if values[second] >= low else "below"
    return (
        f"{titles[best]} finds most, {values[best]:.1f} %; {titles[second]} follows with "
        f"{values[second]:.1f} %, {near} the interval of the first."
    )


def draw_table(result: Result, palette: Palette, *, cutoff: int) -> go.Figure:
    """Everybody by category: the colour and the number are recall."""
    k = result.notes["cutoffs"][cutoff]
    values = result.array("recall")[:, :, cutoff]
    counts = result.array("questions").tolist()
    names = category_names(result)
    sizes = [f"{name} {count:,}" for name, count in zip(names, counts, strict=True)]
    figure = heatmap(
        values,
        palette,
        title=f"Evidence recall@{k} by category",
        subtitle=f"questions: {', '.join(sizes)}",
        x="Category",
        y="Method",
        value=f"Recall@{k}",
        unit="%",
        x_labels=names,
        y_labels=result.notes["titles"],
        limits=(0, 100),
        height=150 + 26 * len(values),
        alt=describe_table(result, cutoff),
    )
    figure.update_yaxes(ticklabelstandoff=GAP)
    ends = result.array("interval")[:, :, cutoff]
    figure.data[0].update(
        text=[[f"{value:.0f}" for value in row] for row in values],
        texttemplate="%{text}",
        textfont={"size": 12},
        customdata=np.dstack([values, ends]),
        hovertemplate="%{y}, %{x}<br><b>%{customdata[0]:.1f} %</b> "
        "(%{customdata[1]:.1f} to %{customdata[2]:.1f})<extra></extra>",
    )
    return figure


def describe_table(result: Result, cutoff: int) -> str:
    """The best of every category."""
    values = result.array("recall")[:, :, cutoff]
    titles = result.notes["titles"]
    parts = [
        f"{name}: {titles[int(column.argmax())]} {column.max():.1f} %"
        for name, column in zip(category_names(result), values.T, strict=True)
    ]
    return f"Most evidence by category, {'; '.join(parts)}."


def draw_changes(result: Result, palette: Palette, *, category: int, cutoff: int) -> go.Figure:
    """What evolution, forgetting, buckets and contiguity do to recall: before and after."""
    k, name = result.notes["cutoffs"][cutoff], category_names(result)[category]
    methods = result.notes["methods"]
    values = result.array("recall")[:, category, cutoff]
    before, after = (
        values[[methods.index(pair[end]) for pair in result.notes["pairs"]]] for end in (0, 1)
    )
    change = result.array("difference")[:, category, cutoff]
    ends = result.array("difference_interval")[:, category, cutoff]
    return pairs(
        [title for _, _, title in result.notes["pairs"]],
        before,
        after,
        palette,
        title=f"Before and after, {name}",
        subtitle=f"{sample(result, category)}; numbers: change in points, {INTERVAL}, paired",
        category="Change",
        value=axis(f"Evidence among the first {k}", "%", limits=(-3, 103)),
        notes=[
            f"{value:+.1f} ({low:+.1f} to {high:+.1f})"
            for value, (low, high) in zip(change, ends, strict=True)
        ],
        alt=describe_changes(result, category, cutoff),
    )


def describe_changes(result: Result, category: int, cutoff: int) -> str:
    """Which changes are felt: their interval leaves zero out."""
    change = result.array("difference")[:, category, cutoff]
    low, high = result.array("difference_interval")[:, category, cutoff].T
    felt, still = [], []
    for i, (_, _, title) in enumerate(result.notes["pairs"]):
        if low[i] > 0 or high[i] < 0:
            felt.append(f"{title} {change[i]:+.1f}")
        else:
            still.append(title)
    told = [f"Changes in points of recall: {'; '.join(felt)}."] if felt else []
    told += [f"Not told apart from no change: {'; '.join(still)}."] if still else []
    return " ".join(told) or "Nothing here changes what is found."


def recall_table(result: Result) -> dict[str, list[object]]:
    """A row for each method, category and cutoff, with its interval and how many questions."""
    notes = result.notes
    rows = [
        (m, c, k)
        for m in range(len(notes["methods"]))
        for c in range(len(notes["categories"]))
        for k in range(len(notes["cutoffs"]))
    ]
    names = category_names(result)
    recall, interval = result.array("recall"), result.array("interval")
    return {
        "family": [notes["families"][m] for m, _, _ in rows],
        "method": [notes["methods"][m] for m, _, _ in rows],
        "category": [names[c] for _, c, _ in rows],
        "k": [notes["cutoffs"][k] for _, _, k in rows],
        "questions": [int(result.array("questions")[c]) for _, c, _ in rows],
        "recall [%]": [float(recall[row]) for row in rows],
        "low [%]": [float(interval[row][0]) for row in rows],
        "high [%]": [float(interval[row][1]) for row in rows],
    }
