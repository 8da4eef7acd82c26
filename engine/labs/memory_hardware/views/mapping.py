"""Where numbers lie: a window of a matrix by place, and the cost of the cache's layouts."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent
from engine.figures import Palette, Series, axis, bars, heatmap, lines
from engine.labs.memory_hardware.laying import CACHES, LAYOUTS, STEPS

COLOURS = {
    "bank": "Bank",
    "channel": "Channel",
    "row": "Row of the bank",
    "same": "What shares a row with the chosen number",
}
STEP_WORDS = {
    "K write": "Writing the key",
    "QK": "Query times keys",
    "V write": "Writing the value",
    "SV": "Mixing the values",
}
TICK = 32  # columns of the window
NOTHING, SAME_BANK, SAME_ROW = 0.0, 1.0, 2.0


def axes_words(result: Result) -> tuple[str, str]:
    """What a row and a column of the matrix are."""
    return ("Token", "Value") if result.notes["matrix"] in CACHES else ("Input", "Output")


def place_words(result: Result, y: int, x: int) -> str:
    """The place of one number of the window in a sentence."""
    place = {name: int(result.array(name)[y, x]) for name in ("channel", "bank", "row", "offset")}
    row, column = (int(result.number(name)) for name in ("top", "left"))
    across, along = axes_words(result)
    return (
        f"{across} {row + y:,}, {along.lower()} {column + x:,}: channel {place['channel']}, bank "
        f"{place['bank']}, row {place['row']:,}, number {place['offset']:,} of the row."
    )


def window_colours(result: Result, colour: str, chosen: tuple[int, int]) -> np.ndarray:
    """The numbers that a window's cells are coloured by (y, x)."""
    if colour != "same":
        return result.array(colour).astype(float)
    own = {name: result.array(name)[chosen] for name in ("channel", "bank", "row")}
    bank = (result.array("channel") == own["channel"]) & (result.array("bank") == own["bank"])
    shown = np.where(bank, SAME_BANK, NOTHING)
    return np.where(bank & (result.array("row") == own["row"]), SAME_ROW, shown)


def describe_window(result: Result, chosen: tuple[int, int]) -> str:
    """How the window is spread: over how many banks, and who shares the chosen number's row."""
    home = result.array("channel").astype(np.int64) * 10_000 + result.array("bank")
    shared = window_colours(result, "same", chosen) == SAME_ROW
    rows, columns = shared.any(axis=1).sum(), shared.any(axis=0).sum()
    across, along = (word.lower() for word in axes_words(result))
    return (
        f"{result.notes['matrix']} of {result.notes['model']}: the {home.size:,} numbers shown lie "
        f"in {len(np.unique(home))} banks; the chosen one shares its row with those of "
        f"{rows:,} {across}s and {columns:,} {along}s here."
    )


def draw_window(
    result: Result, palette: Palette, *, colour: str, chosen: tuple[int, int]
) -> go.Figure:
    """The window, a cell a number."""
    top, left = int(result.number("top")), int(result.number("left"))
    values = window_colours(result, colour, chosen)
    high, wide = values.shape
    across, along = axes_words(result)
    figure = heatmap(
        values,
        palette,
        title=f"{result.notes['matrix']}: {COLOURS[colour].lower()}",
        x=along,
        y=across,
        x_labels=[f"{left + i:,}" for i in range(wide)],
        y_labels=[f"{top + i:,}" for i in range(high)],
        value="0 elsewhere, 1 same bank, 2 same row" if colour == "same" else COLOURS[colour],
        limits=(0.0, 2.0) if colour == "same" else None,
        selected=chosen,
        alt=describe_window(result, chosen),
        height=460,
    )
    columns = list(range(0, wide, TICK))
    return figure.update_xaxes(
        tickmode="array", tickvals=columns, ticktext=[f"{left + i:,}" for i in columns], tickangle=0
    )


def layout_of(result: Result) -> tuple[int, int]:
    """Positions of the present layouts of keys and values."""
    return LAYOUTS.index(result.notes["keys"]), LAYOUTS.index(result.notes["values"])


def describe_layouts(result: Result) -> str:
    """What the present layouts cost beside the others, and their row hits."""
    total = result.array("cache_cycles")[..., -1].sum(axis=2)
    keys, values = layout_of(result)
    best = np.unravel_index(int(total.argmin()), total.shape)
    hits = hit_rates(result)
    now, least = total[keys, values], total[best]
    beside = (
        "no other layout takes less"
        if now == least
        else f"{LAYOUTS[best[0]]}-major keys and {LAYOUTS[best[1]]}-major values take "
        f"{percent(1 - least / now)} less"
    )
    return (
        f"At {int(result.array('context')[-1]):,} tokens, {result.notes['keys']}-major keys and "
        f"{result.notes['values']}-major values take {now:,} cycles a layer; {beside}. Row hits: "
        f"{percent(hits[keys, values, 0])} of the columns that write the key, "
        f"{percent(hits[keys, values, 2])} of those that write the value, "
        f"{percent(hits[keys, values, [1, 3]].mean())} of those that are read."
    )


def hit_rates(result: Result) -> np.ndarray:
    """Share of columns that find their row open (layout of keys, layout of values, step)."""
    missed, used = result.array("missed"), result.array("used")
    return 1 - missed / np.maximum(used, 1)


def layout_table(result: Result) -> list[dict[str, object]]:
    """Every layout and step at the last context: nanoseconds, rows opened, row hits."""
    cycles, hits = result.array("cache_cycles")[..., -1], hit_rates(result)
    tck = result.number("tck_ns")
    return [
        {
            "Step": STEP_WORDS[step],
            "Layout": f"{layout}-major",
            "ns": float(cycles[at][s] * tck),
            "Rows opened": int(result.array("opened")[at][s]),
            "Row hits": float(hits[at][s]),
        }
        for s, step in enumerate(STEPS)
        for i, layout in enumerate(LAYOUTS)
        for at in [(i, 0) if s < 2 else (0, i)]
    ]


def draw_layouts(result: Result, palette: Palette) -> go.Figure:
    """All four ways to lay the cache, by step, at the last context."""
    cycles = result.array("cache_cycles")[..., -1] * result.number("tck_ns") / 1e3
    ways = [(i, j) for i in range(2) for j in range(2)]
    now = layout_of(result)
    labels = [f"K by {LAYOUTS[i]}, V by {LAYOUTS[j]}{' (now)' * ((i, j) == now)}" for i, j in ways]
    return bars(
        labels,
        {STEP_WORDS[step]: [cycles[way][s] for way in ways] for s, step in enumerate(STEPS)},
        palette,
        title="The cache, laid four ways",
        subtitle=f"one token in one layer; context {int(result.array('context')[-1]):,} tokens",
        category="Layout",
        value=axis("Time", "µs"),
        horizontal=True,
        stacked=True,
        selected=ways.index(now),
        alt=describe_layouts(result),
        height=320,
    )


def draw_growth(result: Result, palette: Palette) -> go.Figure:
    """Cost of keys and of values by layout as the context grows: writing and reading together."""
    cycles = result.array("cache_cycles") * result.number("tck_ns") / 1e3
    context = result.array("context")
    series = []
    for i, layout in enumerate(LAYOUTS):
        series.append(Series(f"keys {layout}-major", context, cycles[i, 0, :2].sum(axis=0)))
        series.append(Series(f"values {layout}-major", context, cycles[0, i, 2:].sum(axis=0)))
    return lines(
        series,
        palette,
        title="Writing and reading, as the context grows",
        x=axis("Context", "tokens"),
        y=axis("Time of a token in a layer", "µs"),
        alt=describe_layouts(result),
        height=320,
    )


def growth_table(result: Result) -> dict[str, object]:
    """Cycles by context for each way of laying the cache."""
    cycles = result.array("cache_cycles")
    return {
        "context": result.array("context"),
        **{
            f"{step}, keys {LAYOUTS[i]}, values {LAYOUTS[j]}": cycles[i, j, s]
            for i in range(2)
            for j in range(2)
            for s, step in enumerate(STEPS)
        },
    }


def describe_space(result: Result) -> str:
    """Whether the model and its cache fit."""
    used, rows = int(result.number("used_rows")), int(result.number("bank_rows"))
    if not rows:
        return f"Weights and cache take {used:,} rows of the fullest bank; its size is not known."
    verdict = "they fit" if used <= rows else "**they do not fit**"
    return (
        f"Weights and cache take {used:,} of {rows:,} rows of the fullest bank: {verdict} "
        f"({percent(used / rows)})."
    )
