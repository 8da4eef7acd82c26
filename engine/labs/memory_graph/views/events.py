"""The surprise of a stream: all of it as a strip, and a part of it with threshold and events."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, escape, visible
from engine.figures.axes import compose
from engine.figures.palette import translucent
from engine.labs.memory_graph.living.events import blocks
from engine.labs.memory_graph.living.recut import Cut
from engine.labs.memory_graph.views.event_words import (
    event_text,
    place_name,
    shortened,
    token_text,
)

PARTS = (128, 256, 512, 1024)  # tokens that open below the strip
PART = 256
POOL = 32  # tokens of one point of the strip


def part_of(token: int, length: int, size: int = PART) -> tuple[int, int]:
    """The part of ``size`` tokens that holds a chosen token, as (start, end).

    Parts lie at fixed places, so that a choice within one does not move it.
    """
    start = token // size * size
    return start, min(start + size, length)


def describe_cut(result: Result, cut: Cut, other: Cut) -> str:
    """How many tokens are above the threshold and how many events that makes, for both readings."""
    tokens = len(cut.level)
    counts = {one.statistics: (one.above, len(one.opening) + 1) for one in (cut, other)}
    words = " ".join(
        f"Statistics as in the {name}: {above:,} above the threshold, {events:,} events."
        for name, (above, events) in sorted(counts.items(), reverse=True)
    )
    mean = tokens / (len(cut.opening) + 1)
    return f"{tokens:,} tokens, {mean:.1f} tokens an event on average. {words}"


def draw_overview(
    result: Result, cut: Cut, palette: Palette, *, token: int, part: tuple[int, int]
) -> go.Figure:
    """Mean surprise over the whole stream, how densely it is cut, and the part that is open."""
    s = result.array("surprise").astype(np.float64)
    starts = np.arange(0, len(s), POOL)
    sizes = np.diff(np.append(starts, len(s)))
    mean = np.add.reduceat(s, starts) / sizes
    cuts = np.bincount(cut.opening // POOL, minlength=len(starts))[: len(starts)]
    border = result.array("border")
    figure = compose(
        palette,
        title="The whole stream",
        subtitle=f"{len(s):,} tokens, means over {POOL}; {len(border)} known borders "
        f"({result.notes['borders']}) as ticks; click to open a part",
        x=axis("Token of the stream"),
        y=axis("Mean surprise", "nat"),
        height=210,
        alt=f"Mean surprise of {len(s):,} tokens runs from {mean.min():.1f} to {mean.max():.1f} "
        f"nat; {len(cut.opening) + 1} events, {len(border)} known borders.",
    )
    figure.add_scatter(
        x=starts + sizes / 2,
        y=mean,
        customdata=np.column_stack([cuts, [_place(result, i) for i in starts.tolist()]]),
        mode="lines+markers",
        line={"color": palette.category(0), "width": 1.5},
        marker={"size": 4, "color": palette.category(0)},
        name="mean surprise",
        hovertemplate="token %{x:.0f}, %{customdata[1]}<br><b>%{y:.2f} nat</b>, "
        "%{customdata[0]} events open<extra></extra>",
    )
    low = float(mean.min()) - 0.12 * float(np.ptp(mean) or 1.0)
    if len(border):
        figure.add_scatter(
            x=border,
            y=np.full(len(border), low),
            mode="markers",
            marker={"symbol": "line-ns-open", "size": 9, "color": palette.muted},
            name="known border",
            hoverinfo="skip",
        )
    figure.add_vrect(
        x0=part[0], x1=part[1], fillcolor=translucent(palette.accent, 0.14), line={"width": 0}
    )
    figure.add_vline(x=token, line={"color": palette.accent, "width": 2})
    return figure.update_layout(showlegend=False).update_xaxes(range=[0, len(s)])


def draw_trace(
    result: Result,
    cut: Cut,
    opening: np.ndarray,
    palette: Palette,
    *,
    token: int,
    part: tuple[int, int],
    by: str,
) -> go.Figure:
    """Surprise and threshold of one part, its events as bands, and the chosen one.

    ``opening`` are the boundaries drawn, ``by`` says where they come from.
    """
    s = result.array("surprise").astype(np.float64)
    start, end = part
    at = np.arange(start, end)
    events = blocks(opening, len(s))
    number = np.searchsorted(opening, at, side="right")
    border = result.array("border")
    border = border[(border >= start) & (border < end)]
    above = int((s[start:end] > cut.level[start:end]).sum())
    shown = int(number[-1] - number[0] + 1)
    figure = compose(
        palette,
        title="Surprise, threshold and events",
        subtitle=f"tokens {start:,} to {end - 1:,}; {above} above the threshold, {shown} events "
        f"({by}) as bands; read by {result.notes['source']}",
        x=axis("Token of the stream"),
        y=axis("Surprise", "nat"),
        height=400,
        alt=f"In tokens {start} to {end - 1} the surprise exceeds mean + {cut.gamma:g} std "
        f"{above} times, which makes {shown} events.",
    )
    top = float(max(s[start:end].max(), cut.level[start:end].max())) * 1.05
    chosen = int(np.searchsorted(opening, token, side="right"))
    _bands(figure, palette, events, (start, end), top, chosen)
    texts = {int(i): escape(shortened(event_text(result, *events[i]))) for i in np.unique(number)}
    figure.add_scatter(
        x=at,
        y=s[start:end],
        customdata=[
            [escape(visible(token_text(result, i))), n + 1, texts[n]]
            for i, n in zip(at.tolist(), number.tolist(), strict=True)
        ],
        mode="lines+markers",
        line={"color": palette.category(0), "width": 1},
        marker={"size": 3.5, "color": palette.category(0)},
        name="surprise",
        hovertemplate="token %{x}: <b>%{customdata[0]}</b>, %{y:.2f} nat"
        "<br>event %{customdata[1]}: %{customdata[2]}<extra></extra>",
    )
    figure.add_scatter(
        x=at,
        y=cut.level[start:end],
        mode="lines",
        line={"color": palette.category(1), "width": 2.25, "dash": "dash", "shape": "hv"},
        name=f"mean + {cut.gamma:g} std",
        hovertemplate="threshold %{y:.2f} nat<extra></extra>",
    )
    starts = opening[(opening >= start) & (opening < end)]
    figure.add_scatter(
        x=starts,
        y=s[starts],
        mode="markers",
        marker={
            "symbol": "circle-open",
            "size": 10,
            "color": palette.ink,
            "line": {"width": 1.75},
        },
        name="an event opens",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=border,
        y=np.full(len(border), top),
        customdata=[escape(shortened(place_name(result, int(i)), 60)) for i in border],
        mode="markers",
        marker={"symbol": "triangle-down", "size": 10, "color": palette.category(3)},
        name="known border",
        hovertemplate="known border: %{customdata}<extra></extra>",
    )
    figure.update_yaxes(range=[0, top * 1.04])
    return figure.update_xaxes(range=[start - 0.5, end - 0.5])


def _bands(
    figure: go.Figure,
    palette: Palette,
    events: list[tuple[int, int]],
    part: tuple[int, int],
    top: float,
    chosen: int,
) -> None:
    """Every other event shaded, the chosen one in the accent colour; two traces, few bytes."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for i, (a, b) in enumerate(events):
        a, b = max(a, part[0]), min(b, part[1])
        if a >= b or (i % 2 and i != chosen):
            continue
        box = ([a - 0.5, a - 0.5, b - 0.5, b - 0.5, a - 0.5], [0, top, top, 0, 0])
        if i == chosen:
            _box(figure, *box, translucent(palette.accent, 0.28), "chosen event")
        else:
            xs += [*box[0], None]
            ys += [*box[1], None]
    _box(figure, xs, ys, translucent(palette.muted, 0.16), "every other event")


def _box(figure: go.Figure, xs: list, ys: list, colour: str, name: str) -> None:
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        fill="toself",
        fillcolor=colour,
        line={"width": 0},
        hoverinfo="skip",
        name=name,
    )


def _place(result: Result, token: int) -> str:
    return escape(shortened(place_name(result, token), 40))
