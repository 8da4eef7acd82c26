"""All methods side by side, and what a single step or a single layer would do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from engine.core import Result, Standing
from engine.figures import Event, Palette, Series, axis, lines
from engine.labs.diffusion.detect.methods import METHODS, special_layer
from engine.labs.diffusion.detect.reading import (
    copied_names,
    of_class,
    offered,
    ordinary_names,
)
from engine.labs.diffusion.detect.roc import Area, area
from engine.labs.diffusion.views.detection import Choice, class_title, groups
from engine.labs.diffusion.views.scores import RAIL

FEW = 300
PUBLISHED = 0.999
"""Huang et al. 2026, abstract: AUC over this on Stable Diffusion 1.4."""
BAND = "95 % bootstrap interval over prompts"


def areas(result: Result, choice: Choice) -> dict[str, dict[str, Area]]:
    """The area of every method against every ordinary class, by method and class."""
    return {
        method: {
            name: groups(result, replace(choice, method=method, against=(name,))).area
            for name in ordinary_names(result)
        }
        for method in offered(result)
    }


def area_rows(result: Result, choice: Choice) -> list[dict[str, str]]:
    """A row for each method: its area against each class, and against all of them."""
    rows = []
    for method, found in areas(result, choice).items():
        own = replace(choice, method=method, against=())
        rows.append(
            {
                "Method": METHODS[method].title,
                **{class_title(name).capitalize(): one.text for name, one in found.items()},
                "All": groups(result, own).area.text,
                "After": METHODS[method].source,
            }
        )
    return rows


def draw_by_step(result: Result, palette: Palette, *, choice: Choice, name: str) -> go.Figure:
    """The area of one recorded score when a single step alone decides."""
    series = _curves(result, choice, name)
    return lines(
        series,
        palette,
        title=f"{RAIL[name]}: each step alone",
        x=axis("Step, the noisiest first"),
        y=axis("AUC", limits=(-0.03, 1.05)),
        band=BAND,
        level=(0.5, "chance"),
        alt=describe_by_step(result, choice, name),
        height=400,
    )


def draw_by_layer(result: Result, palette: Palette, *, choice: Choice) -> go.Figure:
    """The area of the first step's entropy when a single layer alone decides."""
    layers = result["layers"].size("layer")
    return lines(
        _curves(result, choice, "layers"),
        palette,
        title="Attention entropy at step 1: each layer alone",
        x=axis("Cross-attention layer, as they are called"),
        y=axis("AUC", limits=(-0.03, 1.05)),
        band=BAND,
        level=(0.5, "chance"),
        events=[Event(special_layer(layers) + 1, "the E score's layer")],
        alt=describe_by_layer(result, choice),
        height=400,
    )


def _curves(result: Result, choice: Choice, name: str) -> list[Series]:
    found = _along(result, choice, name)
    return [
        Series(
            f"against {class_title(rival)}",
            np.arange(1, len(row) + 1),
            [one.value for one in row],
            low=[one.low for one in row],
            high=[one.high for one in row],
            category=i,
        )
        for i, (rival, row) in enumerate(found.items())
    ]


def _along(result: Result, choice: Choice, name: str) -> dict[str, list[Area]]:
    """The area at every step (or layer) of a recorded field, by ordinary class."""
    held = result.array(name)
    values = held.mean(1) if choice.average == "mean" else held[:, 0]  # prompt step
    copied = values[of_class(result, copied_names(result))]
    return {
        rival: [
            area(copied[:, at], values[of_class(result, [rival])][:, at], FEW)
            for at in range(values.shape[1])
        ]
        for rival in choice.against or ordinary_names(result)
    }


def describe_by_step(result: Result, choice: Choice, name: str) -> str:
    """Where a single step tells copied from ordinary, by class."""
    parts = []
    for rival, row in _along(result, choice, name).items():
        values = np.array([one.value for one in row])
        parts.append(
            f"against {class_title(rival)} {values[0]:.2f} at step 1, lowest {values.min():.2f} "
            f"at step {values.argmin() + 1}, {values[-1]:.2f} at the last"
        )
    return f"{RAIL[name]}, AUC of one step: {'; '.join(parts)}."


def describe_by_layer(result: Result, choice: Choice) -> str:
    """What the rule's layer does, and what the best and worst would have done, with hindsight."""
    parts = []
    for rival, row in _along(result, choice, "layers").items():
        values = np.array([one.value for one in row])
        at = special_layer(len(values))
        parts.append(
            f"against {class_title(rival)} {values[at]:.2f} by the rule's layer, from "
            f"{values.min():.2f} to {values.max():.2f} over all {len(values)}"
        )
    return f"AUC of one layer's entropy at step 1: {'; '.join(parts)}."


@dataclass(frozen=True)
class Beside:
    """What was measured here for a published figure, and the difference in words."""

    measured: str
    verdict: str
    standing: Standing


def update_beside(result: Result) -> Beside:
    """The area of the latent update against all ordinary prompts, beside Huang et al. 2026."""
    whole, by_family = (
        groups(result, Choice("update", scale=scale)).area for scale in ("all", "family")
    )
    better = max(whole, by_family, key=lambda one: one.value)
    reached = [one.value > PUBLISHED for one in (whole, by_family)]
    verdict = {
        (True, True): "It shows here too.",
        (False, True): "It shows here only with a region for each family of captions.",
        (True, False): "It shows here only with one region for all captions.",
        (False, False): "The better of both is "
        f"{PUBLISHED - better.value:.3f} less, and its interval reaches it: it cannot be told "
        "from that here."
        if better.high >= PUBLISHED
        else f"It does not show here: the better of both is {PUBLISHED - better.value:.3f} less.",
    }[reached[0], reached[1]]
    return Beside(
        f"{whole.text} with one region for all captions, {by_family.text} with one for each family",
        verdict,
        "holds"
        if all(reached)
        else "partly"
        if any(reached) or better.high >= PUBLISHED
        else "not here",
    )
