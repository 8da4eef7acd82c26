"""The rail of scores over the steps of a sampling, and what the preview shows meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from engine.core import Result
from engine.figures import Event, Palette, Series, axis, lines
from engine.labs.diffusion.views.decimals import hundredths

RAIL: Mapping[str, str] = {
    "wen": "Wen's score",
    "update": "Latent update",
    "entropy": "Attention entropy",
}
EXTRACTED = 0.7
MEAN, LINE = "ordinary mean", "extracted: a line of this lab"


def steps_of(result: Result) -> int:
    """How many steps the sampling had."""
    return result["wen"].size("step")


def ratios(result: Result, name: str) -> np.ndarray:
    """A score over its mean over the ordinary prompts, (prompts, steps)."""
    return result.array(name) / result.array(f"ordinary_{name}").mean(0)


def beaten(result: Result, name: str, prompt: int) -> np.ndarray:
    """How many of the ordinary prompts score lower at each step, (steps,)."""
    return (result.array(f"ordinary_{name}") < result.array(name)[prompt]).sum(0)


def draw_rail(
    result: Result, palette: Palette, *, prompt: int, step: int, name: str = ""
) -> go.Figure:
    """All scores over those of ordinary prompts; with ``name`` one as it is, beside their band."""
    at = np.arange(1, steps_of(result) + 1)
    chosen = Event(step + 1, f"step {step + 1}")
    count = len(result.notes["ordinary"])
    if not name:
        figure = lines(
            [
                Series(title, at, ratios(result, one)[prompt], category=i)
                for i, (one, title) in enumerate(RAIL.items())
            ],
            palette,
            title="Scores by step",
            x=axis("Step, the noisiest first"),
            y=axis("Score over its mean over ordinary prompts"),
            level=(1.0, MEAN),
            events=[chosen],
            alt=describe_rail(result, prompt),
        )
        return _below_the_end(figure, MEAN)
    ordinary = result.array(f"ordinary_{name}")
    return lines(
        [
            Series("This prompt", at, result.array(name)[prompt], category=0),
            Series(
                f"Ordinary, mean of {count}",
                at,
                ordinary.mean(0),
                low=ordinary.min(0),
                high=ordinary.max(0),
                category=1,
            ),
        ],
        palette,
        title=f"{RAIL[name]} by step",
        x=axis("Step, the noisiest first"),
        y=axis(RAIL[name], result[name].unit, log=bool(ordinary.min() > 0)),
        band=f"smallest to largest of {count} ordinary prompts",
        events=[chosen],
        alt=describe_score(result, name, prompt),
    )


def rail_table(result: Result, prompt: int) -> dict[str, object]:
    """A row for each step, for CSV."""
    table: dict[str, object] = {
        "step": np.arange(1, steps_of(result) + 1),
        "time step": result.notes["timesteps"],
    }
    for name in RAIL:
        table[name] = result.array(name)[prompt]
        table[f"{name}, ordinary mean"] = result.array(f"ordinary_{name}").mean(0)
    for name in ("ssim", "ssim_nearest"):
        if name in result.fields:
            table[name] = result.array(name)[prompt]
    return table


def describe_rail(result: Result, prompt: int) -> str:
    """What the first step says, and where Wen's score stops saying it."""
    words = [
        f"{title} {ratios(result, name)[prompt, 0]:.3g} times the ordinary mean, "
        f"{_rank(result, name, prompt, 0)}"
        for name, title in RAIL.items()
    ]
    return f"Step 1: {'; '.join(words)}. {describe_score(result, 'wen', prompt)}"


def describe_score(result: Result, name: str, prompt: int) -> str:
    """At how many steps a score leaves the range of the ordinary prompts, and on which side."""
    count, steps = len(result.notes["ordinary"]), steps_of(result)
    below = beaten(result, name, prompt)
    # Equal scores count on neither side.
    equal_or_more = (result.array(f"ordinary_{name}") <= result.array(name)[prompt]).sum(0)
    above, under = np.flatnonzero(below == count), np.flatnonzero(equal_or_more == 0)
    inside = steps - len(above) - len(under)
    parts = []
    if len(above):
        parts.append(f"above all {count} ordinary prompts at {_steps(above)}")
    if len(under):
        parts.append(f"below all of them at {_steps(under)}")
    if inside:
        where = "at every step" if inside == steps else f"at {inside} of {steps} steps"
        parts.append(f"within their range {where}")
    return f"{RAIL[name]} lies {', '.join(parts)}."


def _rank(result: Result, name: str, prompt: int, step: int) -> str:
    count = len(result.notes["ordinary"])
    return f"above {int(beaten(result, name, prompt)[step])} of {count} ordinary prompts"


def _steps(found: np.ndarray) -> str:
    """``step 1``, ``steps 1 to 3``, ``steps 1 to 3 and 9``; many pieces as a count."""
    pieces = np.split(found + 1, np.flatnonzero(np.diff(found) > 1) + 1)
    if len(pieces) > 3:
        return f"{len(found)} steps"
    texts = [str(p[0]) if len(p) == 1 else f"{p[0]} to {p[-1]}" for p in pieces]
    joined = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
    return f"step {joined}" if len(found) == 1 else f"steps {joined}"


def compared(result: Result) -> dict[str, str]:
    """The similarities that are known, with what they are to."""
    known = {}
    if "ssim" in result.fields:
        trained = all(result.notes["trained"])
        known["ssim"] = "Its training picture" if trained else "Its picture (never trained)"
    if "ssim_nearest" in result.fields:
        known["ssim_nearest"] = "The nearest training picture"
    return known


def draw_similarity(result: Result, palette: Palette, *, prompt: int, step: int) -> go.Figure:
    """SSIM of every preview to the prompt's picture and to the nearest training picture."""
    at = np.arange(1, steps_of(result) + 1)
    figure = lines(
        [
            Series(title, at, result.array(name)[prompt], category=4 + i)
            for i, (name, title) in enumerate(compared(result).items())
        ],
        palette,
        title="Similarity of the preview",
        x=axis("Step, the noisiest first"),
        y=axis("SSIM", limits=(-0.1, 1.02)),
        level=(EXTRACTED, LINE),
        events=[Event(step + 1, f"step {step + 1}")],
        alt=describe_similarity(result, prompt),
    )
    return _below_the_end(figure, LINE)


def _below_the_end(figure: go.Figure, label: str) -> go.Figure:
    """A level's label below its right end: at the left the curves of copied prompts cross it."""
    figure.update_annotations(
        {"x": 1, "xanchor": "right", "yanchor": "top"}, selector={"text": label}
    )
    return figure


def describe_similarity(result: Result, prompt: int) -> str:
    """How close the preview is to its picture at the first and last step, and when over 0.7."""
    sentences = []
    for name, title in compared(result).items():
        values = result.array(name)[prompt]
        whole = f"{title[:1].lower()}{title[1:]}"
        over = np.flatnonzero(values > EXTRACTED)
        when = (
            f"over {EXTRACTED} from step {over[0] + 1} on"
            if len(over) and (values[over[0] :] > EXTRACTED).all()
            else f"over {EXTRACTED} at {len(over)} of {len(values)} steps"
            if len(over)
            else f"never over {EXTRACTED}"
        )
        sentences.append(
            f"SSIM to {whole} is {hundredths(values[0])} at step 1 and "
            f"{hundredths(values[-1])} at the end, {when}."
        )
    return " ".join(sentences)
