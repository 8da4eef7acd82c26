"""Left or right? Sentences that differ in the side alone, and the side that the motion takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.motion.config.sides import SidesConfig
from engine.labs.motion.data.words import mirror_text
from engine.labs.motion.evaluation.checks import TURNED, Measured, measure
from engine.labs.motion.features import decode
from engine.labs.motion.generation.generate import sample_rows
from engine.labs.motion.models.stored import load_model
from engine.labs.motion.shipped import shipped_models
from engine.labs.motion.skeleton import FPS

LEFT, NEITHER, RIGHT = 0, 1, 2
OUTCOMES = ("left", "neither", "right")


class Pair(NamedTuple):
    """A sentence to the left, whose mirror image is the other, and the measure that tells them.

    ``lean`` is positive to the left; within ``least`` of 0 it is neither.
    """

    name: str
    text: str
    lean: Callable[[Measured], float]
    least: float
    rule: str


PAIRS = (
    Pair(
        "turn",
        "a person walks and turns left",
        lambda m: m.turned,
        TURNED,
        f"heading changes by more than {TURNED:g} degrees",
    ),
    Pair(
        "wave",
        "a person waves with the left hand",
        lambda m: m.left_travel - m.right_travel,
        0.0,
        "which wrist travels further, as seen from the body",
    ),
    Pair(
        "raise",
        "a person raises the left hand",
        lambda m: m.left_top - m.right_top,
        0.0,
        "which wrist gets higher",
    ),
    Pair(
        "drift",
        "a person walks forward drifting to the left",
        lambda m: m.sideways,
        0.0,
        "sideways speed of the pelvis, as seen from the body",
    ),
)
# The same in words that no caption of the training data has in this order.
REWORDED = (
    PAIRS[0]._replace(name="turn, reworded", text="walking and turning to the left"),
    PAIRS[1]._replace(name="wave, reworded", text="the left hand waves"),
)
ALL = (*PAIRS, *REWORDED)


def side_of(pair: Pair, measured: Measured) -> int:
    """LEFT, NEITHER or RIGHT."""
    lean = pair.lean(measured)
    if abs(lean) <= pair.least:
        return NEITHER
    return LEFT if lean > 0 else RIGHT


def sides(config: SidesConfig, context: Context) -> Result:
    """``counts`` (model, pair, told, done): how often each sentence went to each side.

    ``told`` is left, right; ``done`` is left, neither, right. ``lean`` (model, pair, told, seed)
    is the measure itself in the pair's own unit.
    """
    there = set(shipped_models())
    names = [name for name in config.models if name in there]
    shape = (len(names), len(ALL), 2)
    counts = np.zeros((*shape, len(OUTCOMES)), dtype=np.int32)
    lean = np.zeros((*shape, config.side_seeds), dtype=np.float32)
    seeds = [config.first_seed + at for at in range(config.side_seeds)]
    sizes = [round(config.side_seconds * FPS)] * len(seeds)
    for m, name in enumerate(names):
        model = load_model(name)
        for p, pair in enumerate(ALL):
            context.progress(m * len(ALL) + p, len(names) * len(ALL))
            for told, text in enumerate((pair.text, mirror_text(pair.text))):
                ids = torch.tensor([model.vocabulary.read(text).ids] * len(seeds))
                for at, rows in enumerate(sample_rows(model, ids, sizes, seeds)):
                    measured = measure(decode(rows.astype(np.float64)))
                    counts[m, p, told, side_of(pair, measured)] += 1
                    lean[m, p, told, at] = pair.lean(measured)
    return Result(
        {
            "counts": Field(counts, ("model", "pair", "told", "done")),
            "lean": Field(lean, ("model", "pair", "told", "seed")),
        },
        {"seeds": config.side_seeds},
        {
            "models": names,
            "absent": [name for name in config.models if name not in there],
            "pairs": [pair.name for pair in ALL],
            "texts": [[pair.text, mirror_text(pair.text)] for pair in ALL],
            "rules": [pair.rule for pair in ALL],
            "outcomes": list(OUTCOMES),
            "seconds": config.side_seconds,
        },
    )
