"""What the network makes of every action at one moment of its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.labs.motion.data.procedural_words import captions
from engine.labs.motion.evaluation.checks import CHECKS, measure
from engine.labs.motion.evaluation.quality import mean_jerk, skate
from engine.labs.motion.features import decode
from engine.labs.motion.generation.generate import How, sample_rows
from engine.labs.motion.models.stored import Model

CLIPS = 4  # of every action
ROWS = 80  # 4 s


@dataclass(frozen=True, eq=False)
class Exam:
    """Clips (action, clip, rows, 137), which of them pass their check, and how they move.

    ``passed`` (action, clip) is NaN where an action has no check.
    """

    rows: np.ndarray
    passed: np.ndarray
    jerk: float
    skate: float


def examine(model: Model, actions: Sequence[str], guidance: float, seed: int) -> Exam:
    """``CLIPS`` clips of 4 s of each action's first caption, the same seeds every time."""
    ids = torch.tensor(
        [model.vocabulary.ids(captions(one, "normal")[0]) for one in actions for _ in range(CLIPS)]
    )
    seeds = [seed + at for at in range(CLIPS)] * len(actions)
    rows = np.stack(sample_rows(model, ids, [ROWS] * len(ids), seeds, How(guidance=guidance)))
    motions = [decode(one.astype(np.float64)) for one in rows]
    names = [one for one in actions for _ in range(CLIPS)]
    passed = [
        float(CHECKS[name][1](measure(one))) if name in CHECKS else np.nan
        for name, one in zip(names, motions, strict=True)
    ]
    shape = (len(actions), CLIPS)
    return Exam(
        rows.reshape(*shape, ROWS, -1),
        np.array(passed).reshape(shape),
        mean_jerk(motions),
        float(np.mean([skate(one) for one in motions])),
    )
