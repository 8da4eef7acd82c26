"""One number for each prompt and seed out of what was recorded of every step.

Every method is taken as published: the higher the number, the more it takes a prompt for copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

SD_LAYER = 3
"""Ren et al. 2024: the cross-attention layer of the E score, counted from 0 as they are called."""
EARLY_SHARE = 0.2
"""Wen et al. 2024 look at the first 10 of 50 steps, Ren et al. 2024 at the last 10."""
STEPPED = ("wen", "update", "entropy", "padding")
RECORDED = (*STEPPED, "layers", "white_box", "edges")


@dataclass(frozen=True, eq=False)
class Scores:
    """What was recorded of n prompts with k seeds.

    ``values`` by name: ``STEPPED`` (n, k, steps), "layers" (n, k, layers), "white_box" and "edges"
    (n, k). ``ordinary`` has the same for prompts that are known to be ordinary and are not tested:
    at place i for prompt i, their mean over prompts and seeds, (n, 1, ...), and under "sd" the
    deviation of the update, (n, 1, steps). ``scaled`` asks for scores over those means.
    """

    values: Mapping[str, np.ndarray]
    ordinary: Mapping[str, np.ndarray]
    scaled: bool

    def of(self, name: str) -> np.ndarray:
        """Recorded values, over the mean of the ordinary prompts where that is asked for."""
        found = self.values[name]
        return found / self.ordinary[name] if self.scaled else found


Rule = Callable[[Scores], np.ndarray]


@dataclass(frozen=True)
class Method:
    """A detector: its name on the page, what it does in one sentence, and whose it is.

    ``scales`` tells whether its score can be taken over that of ordinary prompts.
    """

    title: str
    rule: str
    source: str
    score: Rule
    scales: bool = True


def early(steps: int) -> int:
    """How many of ``steps`` are the first (or last) fifth, at least one."""
    return max(1, round(EARLY_SHARE * steps))


def special_layer(layers: int) -> int:
    """The layer of the E score in a network with that many."""
    return min(SD_LAYER, layers - 1)


def _wen_first(scores: Scores) -> np.ndarray:
    return scores.of("wen")[..., 0]


def _wen_early(scores: Scores) -> np.ndarray:
    wen = scores.of("wen")
    return wen[..., : early(wen.shape[-1])].mean(-1)


def _wen_all(scores: Scores) -> np.ndarray:
    return scores.of("wen").mean(-1)


def _ren_e(scores: Scores) -> np.ndarray:
    layers = scores.of("layers")
    return layers[..., special_layer(layers.shape[-1])]


def _ren_d(scores: Scores) -> np.ndarray:
    entropy, padding = scores.values["entropy"], scores.values["padding"]
    last = early(entropy.shape[-1])
    return entropy[..., -last:].mean(-1) + padding[..., -last:].mean(-1) - padding[..., 0]


def _update(scores: Scores) -> np.ndarray:
    away = np.abs(scores.values["update"] - scores.ordinary["update"])
    spread = scores.ordinary["sd"]
    return np.divide(away, spread, out=np.zeros_like(away), where=spread > 0).mean(-1)


def _white_box(scores: Scores) -> np.ndarray:
    return scores.of("white_box")


def _edges(scores: Scores) -> np.ndarray:
    return scores.values["edges"]


WEN = "Wen et al. 2024"
REN = "Ren et al. 2024"
WEBSTER = "Webster 2023"

METHODS: Mapping[str, Method] = {
    "wen_first": Method(
        "Wen, step 1",
        "The norm of the difference of both noise predictions at the first step.",
        WEN,
        _wen_first,
    ),
    "wen_early": Method(
        "Wen, first fifth",
        "The norm of the difference of both noise predictions, averaged over the first fifth of "
        "the steps (theirs: 10 of 50).",
        WEN,
        _wen_early,
    ),
    "wen_all": Method(
        "Wen, all steps",
        "The norm of the difference of both noise predictions, averaged over all steps.",
        WEN,
        _wen_all,
    ),
    "ren_e": Method(
        "Ren, E",
        "The entropy of one layer's attention over the tokens at the first step: the fourth layer "
        "that is called, as in their code, although theirs has 16 layers.",
        REN,
        _ren_e,
    ),
    "ren_d": Method(
        "Ren, D",
        "The entropy of the attention over the tokens in the last fifth of the steps (theirs: 10 "
        "of 50), plus what the end token and the padding gained since the first step.",
        REN,
        _ren_d,
        scales=False,
    ),
    "update": Method(
        "Latent update",
        "How far the norm of a step's change lies from its mean over ordinary prompts, in their "
        "standard deviations, averaged over steps. Our reading: only the abstract could be "
        "read.",
        "Huang et al. 2026, abstract",
        _update,
        scales=False,
    ),
    "white_box": Method(
        "Webster, one step",
        "The mean squared difference of the picture after one step and the noise before it.",
        WEBSTER,
        _white_box,
    ),
    "edges": Method(
        "Webster, edges",
        "The share of the picture after one step that has an edge in more than half of the seeds.",
        WEBSTER,
        _edges,
        scales=False,
    ),
}
