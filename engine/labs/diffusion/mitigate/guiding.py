"""Guidance that starts late (Jain et al. 2025)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion.sampler import GUIDANCE, Schedule


def delayed(transition: int, *, before: float = 0.0, after: float = GUIDANCE) -> Schedule:
    """``before`` at time steps over ``transition``, then ``after``.

    A guidance of 0 is the prediction without the prompt, one below 0 leads away from the prompt.
    """
    if not 0 <= transition <= 1000:
        raise BadInput("transition", f"must be from 0 to 1000 (got {transition})")
    return lambda index, time, score: before if time > transition else after


class Dynamic:
    """No guidance until a picture's score has passed its first local minimum, then ``after``.

    Scores are divided by ``usual``, the mean of ordinary prompts at the same step: a model that
    predicts the picture has scores that grow with the steps whatever the prompt. ``switched`` (n,)
    are the steps from which each picture of the last batch was guided; the number of steps for one
    that never was.
    """

    def __init__(self, usual: Sequence[float], *, after: float = GUIDANCE):
        self._usual, self._after = tuple(usual), after
        self._seen: list[Tensor] = []
        self.switched = torch.zeros(0, dtype=torch.int64)

    def __call__(self, index: int, time: int, score: Tensor) -> Tensor:
        """Guidance (n,) of a step."""
        if index == 0:
            self._seen = []
            self.switched = torch.full((len(score),), len(self._usual))
        self._seen.append(score / self._usual[index])
        if index >= 2:
            before, least, now = self._seen[-3:]
            passed = (least <= before) & (now > least)
            self.switched = torch.where(passed, self.switched.clamp(max=index), self.switched)
        return torch.where(self.switched <= index, self._after, 0.0)
