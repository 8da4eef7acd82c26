"""What the similarity and the contiguity buffer bring, step by step."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars, escape
from engine.figures.axes import compose
from engine.figures.palette import PATTERNS
from engine.labs.memory_graph.living.film import Film, Frame
from engine.labs.memory_graph.views.event_words import event_text, place_name, shortened

KINDS = ("initial", "similar", "contiguous", "local")


def frame_names(film: Film, question: bool) -> list[str]:
    """What each step is called."""
    return ["the question"] if question else [f"token {frame.now:,}" for frame in film.frames]


def draw_film(result: Result, film: Film, palette: Palette, *, question: bool) -> go.Figure:
    """A row a step: where in the stream the tokens before the model come from."""
    names = frame_names(film, question)
    tokens = len(result.array("surprise"))
    last = film.frames[-1].context
    figure = compose(
        palette,
        title="What stands before the model, step by step",
        subtitle=f"each row is a step, newest at the bottom; bars are events at their place in "
        f"{tokens:,} tokens",
        x=axis("Token of the stream"),
        y=axis("Step"),
        height=150 + 34 * len(names),
        alt=f"At the last step the similarity buffer brings {len(last.similar)} events and the "
        f"contiguity buffer {len(last.contiguous)}.",
    )
    for k, kind in enumerate(KINDS):
        rows, base, width, words = [], [], [], []
        for step, frame in enumerate(film.frames):
            for a, b, said in _ranges(result, film, frame, kind):
                rows.append(step)
                base.append(a)
                width.append(b - a)
                words.append(said)
        figure.add_bar(
            x=width,
            y=rows,
            base=base,
            orientation="h",
            width=0.72,
            name=kind,
            customdata=words,
            marker={
                "color": palette.category((6, 0, 1, 6)[k]),
                "pattern": {"shape": PATTERNS[(3, 0, 1, 0)[k]], "solidity": 0.3},
                "line": {"width": 0},
            },
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=names,
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
    )
    return figure.update_xaxes(range=[0, tokens])


def _ranges(result: Result, film: Film, frame: Frame, kind: str) -> list[tuple[int, int, str]]:
    context = frame.context
    if kind in ("initial", "local"):
        a, b = context.initial if kind == "initial" else context.local
        return [(a, b, f"tokens {a:,} to {b - 1:,}")] if b > a else []
    chosen = context.similar if kind == "similar" else context.contiguous
    found = []
    for i in chosen:
        a, b = film.events[i]
        words = escape(shortened(event_text(result, a, b)))
        found.append(
            (a, b, f"event {i + 1}, {b - a} tokens, score {frame.score[i]:.4g}<br>{words}")
        )
    return found


def draw_budget(film: Film, palette: Palette, *, question: bool) -> go.Figure:
    """How full both buffers are at every step."""
    similar = [film.tokens(frame.context.similar) for frame in film.frames]
    contiguous = [film.tokens(frame.context.contiguous) for frame in film.frames]
    figure = bars(
        frame_names(film, question),
        {"similarity buffer": similar, "contiguity buffer": contiguous},
        palette,
        title="Token budget",
        subtitle=f"similarity up to about {film.similar_budget}, contiguity up to "
        f"{film.contiguous_budget} of {film.budget.n_mem} tokens (dotted)",
        category="Step",
        value=axis("Tokens held", "tokens"),
        horizontal=True,
        stacked=True,
        height=150 + 34 * len(film.frames),
        alt=f"At the last step the buffers hold {similar[-1]} and {contiguous[-1]} of "
        f"{film.budget.n_mem} tokens.",
    )
    figure.add_vline(x=film.budget.n_mem, line={"color": palette.ink, "width": 1.5, "dash": "dot"})
    return figure.update_xaxes(
        range=[0, 1.1 * max(film.budget.n_mem, *map(sum, zip(similar, contiguous, strict=True)))]
    )


def film_table(result: Result, film: Film, step: int = -1) -> list[dict[str, object]]:
    """The events of one step: similar ones by score, then what lies beside them in time."""
    frame = film.frames[step]
    score = frame.score
    similar = sorted(frame.context.similar, key=lambda i: -float(np.nan_to_num(score[i])))
    rows: list[dict[str, object]] = []
    for kind, chosen in (("similarity", similar), ("contiguity", frame.context.contiguous)):
        for i in chosen:
            a, b = film.events[i]
            rows.append(
                {
                    "Buffer": kind,
                    "Event": i + 1,
                    "Tokens": b - a,
                    "Score": float(score[i]),
                    "From": place_name(result, a),
                    "Text": event_text(result, a, b),
                }
            )
    return rows
