"""Figures of one prompt under two caches."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Event, Palette, Series, axis, bars, lines, visible

FLOOR_NAT = 1e-9
HEADROOM = 0.3  # of the height of the curve, for the labels of the marks


def draw_kl_positions(result: Result, palette: Palette, *, step: int) -> go.Figure:
    """KL at every position of prompt and continuation, with the first divergent token marked."""
    kl = np.maximum(result.array("kl").astype(np.float64), FLOOR_NAT)
    prompt = len(result.notes["prompt_tokens"])
    divergence = result.metrics["first_divergence"]
    marks = {prompt - 1 + step: "chosen token"}
    if divergence is not None:
        parted = prompt - 1 + int(result.number("first_divergence"))
        marks[parted] = "first different token" + (", chosen" if parted in marks else "")
    events = [Event(float(at), label) for at, label in sorted(marks.items())]
    figure = lines(
        [Series("KL", np.arange(len(kl)), kl)],
        palette,
        title="How far the next-token distributions part",
        subtitle=f"both caches read the exact cache's words; the prompt is up to {prompt - 1}",
        x=axis("Position", "token"),
        y=axis("KL(exact, quantised)", "nat", log=True),
        events=events,
        alt=describe_drift(result),
        height=300,
    )
    # The marks are labelled on top, where the curve would cross them.
    low, high = float(np.log10(kl.min())), float(np.log10(kl.max()))
    room = max(high - low, 1.0)
    return figure.update_yaxes(range=[low - 0.05 * room, high + HEADROOM * room])


def describe_drift(result: Result) -> str:
    """Where the texts part, and how often the favourite differs."""
    m = result.metrics
    new = int(result.number("new_tokens"))
    if m["first_divergence"] is None:
        return f"Both caches write the same {new} tokens; median KL {m['kl_p50']:.2g} nat."
    return (
        f"The texts share {m['shared_tokens']} of {new} tokens and then part; the favourite agrees "
        f"at {100 * result.number('top1'):.0f} % of the steps, median KL {m['kl_p50']:.2g} nat."
    )


def draw_next_token(result: Result, palette: Palette, *, step: int) -> go.Figure:
    """The ten likeliest next tokens of the exact cache with both probabilities."""
    strings = result.notes["strings"]
    ids = result.array("top_exact")[step]
    exact, quantised = result.array("top_exact_p")[step], result.array("top_exact_q")[step]
    # Quoted: a comma or a dash alone would look like a speck beside its bar.
    labels = [f"“{visible(strings[str(token)])}”" for token in ids]
    figure = bars(
        labels,
        {"exact cache": exact, "quantised cache": quantised},
        palette,
        title=f"Next token {step + 1}",
        category="The exact cache's ten likeliest tokens",
        value=axis("Probability"),
        horizontal=True,
        alt=f"The exact cache gives {labels[0]} {exact[0]:.3f}, the quantised one "
        f"{quantised[0]:.3f}.",
    )
    return figure.update_yaxes(ticklabelstandoff=6, tickfont_size=14)


def next_token_table(result: Result, step: int) -> dict[str, Any]:
    """What ``draw_next_token`` draws, with the ids of the tokens."""
    ids = result.array("top_exact")[step]
    return {
        "token": [result.notes["strings"][str(token)] for token in ids],
        "id": ids,
        "exact cache [1]": result.array("top_exact_p")[step],
        "quantised cache [1]": result.array("top_exact_q")[step],
    }
