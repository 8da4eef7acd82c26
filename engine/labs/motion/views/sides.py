"""Left against right: the share of motions that go to the side of their sentence."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars
from engine.labs.motion.evaluation.intervals import wilson
from engine.labs.motion.shipped import MODELS

TOLD = ("left", "right")
# Where in ``done`` the side of each sentence stands.
RIGHT_OUTCOME = (0, 2)


def model_names(result: Result) -> list[str]:
    """The models as they are called on the page."""
    return [MODELS.get(name, name) for name in result.notes["models"]]


def agreed(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Motions that went to the side of their sentence, and all (model, pair, told)."""
    counts = result.array("counts")
    hits = np.stack([counts[:, :, told, done] for told, done in enumerate(RIGHT_OUTCOME)], -1)
    return hits, counts.sum(-1)


def draw_sides(result: Result, palette: Palette) -> go.Figure:
    """A bar for each sentence and model, with Wilson's interval; the dotted line is chance."""
    hits, trials = agreed(result)
    models = model_names(result)
    flat = hits.reshape(len(models), -1), trials.reshape(len(models), -1)
    ends = np.array([[wilson(int(h), int(n)) for h, n in zip(*row, strict=True)]
                     for row in zip(*flat, strict=True)])  # fmt: skip
    figure = bars(
        [f"{pair} {side}" for pair in result.notes["pairs"] for side in TOLD],
        {name: 100 * flat[0][at] / flat[1][at] for at, name in enumerate(models)},
        palette,
        title="To the side of its sentence",
        category=axis("Sentence"),
        value=axis("Motions", "%", limits=(0, 105)),
        low={name: 100 * ends[at, :, 0] for at, name in enumerate(models)},
        high={name: 100 * ends[at, :, 1] for at, name in enumerate(models)},
        interval="95 %, Wilson",
        subtitle=f"{result.number('seeds'):.0f} seeds of each sentence",
        alt=describe_sides(result),
        height=440,
    )
    figure.add_hline(y=50, line={"color": palette.muted, "width": 1.25, "dash": "dot"})
    return figure


def describe_sides(result: Result) -> str:
    """Each model's share over all sentences, and its weakest sentence."""
    hits, trials = agreed(result)
    said = []
    for at, name in enumerate(model_names(result)):
        all_hits, all_trials = int(hits[at].sum()), int(trials[at].sum())
        low, high = wilson(all_hits, all_trials)
        share = hits[at] / trials[at]
        pair, told = np.unravel_index(int(share.argmin()), share.shape)
        weakest = f"{result.notes['pairs'][pair]} {TOLD[told]}"
        said.append(
            f"{name} goes to the side of its sentence in {all_hits} of {all_trials} motions "
            f"({100 * low:.0f} to {100 * high:.0f} %), least for {weakest}: "
            f"{hits[at, pair, told]} of {trials[at, pair, told]}"
        )
    return f"{'; '.join(said)}."


def describe_swaps(result: Result) -> str:
    """Whether the models tell left from right or lean to one side whatever they are told."""
    counts, parts = result.array("counts"), []
    for at, name in enumerate(model_names(result)):
        for p, pair in enumerate(result.notes["pairs"]):
            left, right = counts[at, p, :, 0].sum(), counts[at, p, :, 2].sum()
            decided = int(left + right)
            low, high = wilson(int(left), decided)
            if decided and (low > 0.5 or high < 0.5):
                side, share = ("left", left) if low > 0.5 else ("right", right)
                parts.append(f"{name}, {pair}: {share} of {decided} to the {side}")
    if not parts:
        return (
            "No model leans to one side over a pair: half of the sentences say left, and the "
            "intervals of the share that goes left all hold one half."
        )
    return f"Leaning to one side although half of the sentences say the other: {'; '.join(parts)}."


def side_table(result: Result) -> dict[str, list[object]]:
    """A row for each model and sentence: what was done, and the interval."""
    counts, (hits, trials) = result.array("counts"), agreed(result)
    rows: dict[str, list[object]] = {
        "model": [], "sentence": [], "left": [], "neither": [], "right": [], "agree": [],
        "95 % interval": [], "measure": [],
    }  # fmt: skip
    for m, name in enumerate(model_names(result)):
        for p, texts in enumerate(result.notes["texts"]):
            for told, text in enumerate(texts):
                one, all_of = int(hits[m, p, told]), int(trials[m, p, told])
                low, high = wilson(one, all_of)
                values = (name, text, *counts[m, p, told].tolist(), f"{one} of {all_of}",
                          f"{low:.2f} to {high:.2f}", result.notes["rules"][p])  # fmt: skip
                for key, value in zip(rows, values, strict=True):
                    rows[key].append(value)
    return rows
