"""Key frames of a whole motion: the score of KMM's masking along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.labs.motion.features import LOCAL
from engine.labs.motion.models.codec import STRIDE
from engine.labs.motion.models.keyframes import keyframe_scores

if TYPE_CHECKING:
    from engine.labs.motion.models.stored import Model

SHARE = 0.1  # of the tokens that are shown as key frames


@dataclass(frozen=True, eq=False)
class Gamma:
    """``scores`` (tokens,) of four frames each, ``frames`` (k,) of the highest, sorted.

    ``by`` is what the tokens were compared by: the codec's latents, or poses.
    """

    scores: np.ndarray
    frames: np.ndarray
    by: str


def key_frames(rows: np.ndarray, kmm: Model | None, share: float = SHARE) -> Gamma:
    """Scores of rows (rows, 137), four of them a token; without KMM poses take latents' place."""
    tokens = -(-len(rows) // STRIDE)
    if kmm is None:
        padded = np.pad(rows[:, LOCAL], ((0, STRIDE * tokens - len(rows)), (0, 0)), mode="edge")
        latents = torch.from_numpy(padded.reshape(tokens, STRIDE, -1).mean(1).astype(np.float32))
    else:
        scaled = torch.from_numpy(kmm.scale.normalise(rows))[None]
        with torch.inference_mode():
            latents = kmm.network.codec.encode(scaled, torch.tensor([len(rows)]))[0][0]
    scores = keyframe_scores(latents).numpy()[:tokens]
    top = np.argsort(-scores, kind="stable")[: max(1, round(share * tokens))]
    return Gamma(scores, np.sort(top) * STRIDE, "poses" if kmm is None else "codec")
