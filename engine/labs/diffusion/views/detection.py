"""How well a score tells copied prompts from ordinary ones: ROC, histogram and threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.core import Result
from engine.figures import Event, Palette, Series, axis, histogram, lines
from engine.figures.lines import mark_events
from engine.labs.diffusion.detect.methods import METHODS
from engine.labs.diffusion.detect.reading import (
    Scale,
    copied_names,
    of_class,
    ordinary_names,
    scores,
)
from engine.labs.diffusion.detect.roc import (
    RATES,
    Area,
    area,
    curve,
    threshold_for,
    true_rate,
)
from engine.labs.diffusion.names import SETS

ALLOWED = 0.05
BINS = 40
WIDE = 20.0
"""Scores whose largest is so many times their smallest are drawn over a logarithmic axis."""


@dataclass(frozen=True)
class Choice:
    """A method, the ordinary classes it is held against, and how its scores are taken.

    ``average`` takes the mean over all seeds, else the first one alone counts.
    """

    method: str = "wen_first"
    against: tuple[str, ...] = ()
    scale: Scale = "none"
    average: Literal["mean", "first"] = "mean"

    @property
    def title(self) -> str:
        """The method's name with what its score is over."""
        over = {"none": "", "all": ", over ordinary", "family": ", over its family"}
        scaled = METHODS[self.method].scales or self.method == "update"
        return METHODS[self.method].title + (over[self.scale] if scaled else "")


@dataclass(frozen=True, eq=False)
class Groups:
    """Scores of the copied (n,) and of the ordinary prompts (m,)."""

    copied: np.ndarray
    ordinary: np.ndarray

    @property
    def every(self) -> np.ndarray:
        """Both, the copied ones first."""
        return np.concatenate([self.copied, self.ordinary])

    @property
    def area(self) -> Area:
        """The area under their ROC curve."""
        return area(self.copied, self.ordinary)


def class_title(name: str) -> str:
    """What a class is, as a page says it."""
    short = {"unseen": "unseen titles", "x1": "single paintings"}
    return short.get(name, name if name not in SETS or len(name) > 2 else f"set {name}")


def scored(result: Result, choice: Choice) -> np.ndarray:
    """The score of every prompt, (prompts,)."""
    found = scores(result, choice.method, choice.scale)
    return found.mean(1) if choice.average == "mean" else found[:, 0]


def groups(result: Result, choice: Choice) -> Groups:
    """Copied prompts and those of the chosen ordinary classes (all where none is named)."""
    found = scored(result, choice)
    against = choice.against or tuple(ordinary_names(result))
    return Groups(found[of_class(result, copied_names(result))], found[of_class(result, against)])


def default_flagged(found: Groups) -> int:
    """How many prompts score above all but one in twenty of the ordinary ones."""
    order = np.sort(found.ordinary)[::-1]
    return int((found.every > order[int(ALLOWED * len(order))]).sum())


def draw_roc(result: Result, palette: Palette, *, choice: Choice, flagged: int) -> go.Figure:
    """The ROC curve with the chosen threshold on it."""
    found = groups(result, choice)
    false, true = curve(found.copied, found.ordinary)
    figure = lines(
        [
            Series(choice.title, false, true, category=0),
            Series("chance", [0, 1], [0, 1], category=6),
        ],
        palette,
        title="ROC curve",
        x=axis("False positive rate", limits=(-0.02, 1.02)),
        y=axis("True positive rate", limits=(-0.02, 1.05)),
        subtitle=f"{len(found.copied)} copied, {len(found.ordinary)} ordinary prompts; AUC "
        f"{found.area.text}",
        alt=describe_area(result, choice),
        height=400,
    )
    at = threshold_for(found.every, flagged)
    figure.add_scatter(
        x=[float((found.ordinary >= at).mean())],
        y=[float((found.copied >= at).mean())],
        mode="markers",
        name="threshold",
        marker={"symbol": "circle-open", "size": 15, "color": palette.accent,
                "line": {"width": 3}},
        hovertemplate="threshold: %{y:.3f} of copied, %{x:.3f} of ordinary<extra></extra>",
    )  # fmt: skip
    return figure


def draw_classes(result: Result, palette: Palette, *, choice: Choice, flagged: int) -> go.Figure:
    """Histograms of the score: all copied prompts, and each chosen ordinary class."""
    found = groups(result, choice)
    values, every = scored(result, choice), found.every
    against = choice.against or tuple(ordinary_names(result))
    wide = every.min() > 0 and every.max() > WIDE * every.min()
    figure = histogram(
        {
            "copied": found.copied,
            **{class_title(name): values[of_class(result, [name])] for name in against},
        },
        palette,
        title="Scores by class",
        x=axis(f"Score: {choice.title}", log=bool(wide)),
        bins=BINS,
        subtitle="the mean over seeds" if choice.average == "mean" else "the first seed alone",
        alt=describe_threshold(result, choice, flagged),
        height=400,
    )
    figure.update_yaxes(title_text="Prompts")
    at = threshold_for(every, flagged)
    if np.isfinite(at) and not (wide and at <= 0):
        mark_events(figure, palette, [Event(at, "threshold")], log=bool(wide))
    return figure


def describe_area(result: Result, choice: Choice) -> str:
    """The area with its interval, and what it means."""
    found = groups(result, choice)
    names = ", ".join(class_title(n) for n in choice.against or ordinary_names(result))
    return (
        f"{choice.title}: AUC {found.area.text} for {len(found.copied)} copied against "
        f"{len(found.ordinary)} ordinary prompts ({names}). {verdict(found)}"
    )


def verdict(found: Groups) -> str:
    """Whether the score tells the groups apart, in a sentence."""
    measured = found.area
    if measured.low > 0.5:
        words = "Copied prompts score higher: the interval lies above 0.5."
    elif measured.high < 0.5:
        return (
            "The order is the wrong way round: ordinary prompts score higher, and the interval "
            "lies below 0.5."
        )
    else:
        return "The interval includes 0.5: no better than chance can be shown."
    if measured.value == 1:
        words += (
            " No pair is out of order here; the bootstrap cannot see misses that no prompt of "
            "these shows."
        )
    return words


def describe_threshold(result: Result, choice: Choice, flagged: int) -> str:
    """What the threshold flags, in numbers of prompts."""
    found = groups(result, choice)
    at = threshold_for(found.every, flagged)
    if not np.isfinite(at):
        return "Nothing is flagged."
    right, wrong = int((found.copied >= at).sum()), int((found.ordinary >= at).sum())
    return (
        f"A score of at least {at:.4g} flags {right} of {len(found.copied)} copied and {wrong} of "
        f"{len(found.ordinary)} ordinary prompts."
    )


def rate_rows(result: Result, choice: Choice) -> list[dict[str, str]]:
    """The true positive rate at each small false positive rate, or why there is none."""
    found = groups(result, choice)
    rows = []
    for rate in RATES:
        true = true_rate(found.copied, found.ordinary, rate)
        need = round(1 / rate)
        rows.append(
            {
                "False positive rate": f"{100 * rate:.0f} %",
                "True positive rate": f"{true:.3f}"
                if true is not None
                else f"needs {need} ordinary prompts, has {len(found.ordinary)}",
            }
        )
    return rows
