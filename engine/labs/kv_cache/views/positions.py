"""Where in a window the damage falls, and whether a planted passage is still recalled."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import count
from engine.figures import Palette, Series, axis, bars, lines

# Of 24 probes and four scored tokens; smaller gains are not told from noise.
NOTICEABLE_NAT = 0.1


def bucket_labels(result: Result) -> list[str]:
    """``0``, ``1``, ``2-3``, ``4-7``, ... predicted positions."""
    pairs = zip(result.array("bucket_start"), result.array("bucket_end"), strict=True)
    return [str(a) if b - a == 1 else f"{a}-{b - 1}" for a, b in pairs]


def draw_positions(result: Result, palette: Palette, *, kind: str) -> go.Figure:
    """Loss change by position; ``kind`` "sinks" or "residual" names what is varied."""
    other = "residual" if kind == "sinks" else "sinks"
    pairs = result.notes["protections"]
    own = pairs[0]
    chosen = sorted(
        (i for i, pair in enumerate(pairs) if pair[other] == own[other]),
        key=lambda i: pairs[i][kind],
    )
    delta = result.array("delta_nll")
    word = "first" if kind == "sinks" else "newest"
    names = {i: f"{pairs[i][kind]} {word} tokens exact" for i in chosen}
    low, high = result.array("delta_nll_low"), result.array("delta_nll_high")
    known = bool(np.isfinite(low).all())
    return bars(
        bucket_labels(result),
        {names[i]: delta[i] for i in chosen},
        palette,
        low={names[i]: low[i] for i in chosen} if known else None,
        high={names[i]: high[i] for i in chosen} if known else None,
        interval="95 % bootstrap over windows",
        title=f"Damage with {word} tokens exact",
        category="Predicted position in the window",
        value=axis("Change of the loss", "nat"),
        subtitle=f"{count(result.number('windows'), 'window')}; {own[other]} "
        f"{'newest' if kind == 'sinks' else 'first'} tokens exact throughout",
        alt="; ".join(
            f"{pairs[i][kind]} {word} exact: {delta[i].mean():+.4f} nat, mean over ranges"
            for i in chosen
        ),
    )


def draw_recall(result: Result, palette: Palette, *, measure: str) -> go.Figure:
    """A planted passage, cued again later; ``measure`` "recall_top1" or "recall_logprob"."""
    distance, scores = result.array("distance"), result.array(measure)
    names = {
        "control": "another passage was planted (control)",
        "exact": "exact cache",
        "quantised": "quantised cache",
    }
    share = measure == "recall_top1"
    score = axis("Mean log probability", "nat")
    return lines(
        [
            Series(names[variant], distance, scores[i])
            for i, variant in enumerate(result.notes["variants"])
        ],
        palette,
        title="Is a planted passage still recalled?",
        subtitle=f"{result.metrics['probes']} probes a distance, {result.notes['recall']}",
        x=axis("Distance to the planted passage", "token"),
        y=axis("Share ranked first", limits=(0.0, 1.0)) if share else score,
        alt="; ".join(
            f"{names[variant]}: {np.mean(scores[i]):.3g} on average"
            for i, variant in enumerate(result.notes["variants"])
        ),
    )


def describe_recall(result: Result) -> str:
    """Whether the probe says anything: the exact cache must beat the control before it can."""
    scores = dict(zip(result.notes["variants"], result.array("recall_logprob"), strict=True))
    control, exact, quantised = (
        float(scores[name].mean()) for name in ("control", "exact", "quantised")
    )
    if exact - control < NOTICEABLE_NAT:
        return (
            f"The exact cache scores the planted passage {exact - control:+.2f} nat against the "
            "control: this model does not recall it, so the probe says nothing about the format."
        )
    return (
        f"The exact cache scores the planted passage {exact - control:+.2f} nat against the "
        f"control, the quantised one {quantised - control:+.2f} nat."
    )
