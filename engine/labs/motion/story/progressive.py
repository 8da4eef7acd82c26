"""Seams that KMM restores: the frames around them are masked and filled in, fewer at each step.

After Story-to-Motion (arXiv 2311.07446, section 3.3), whose progressive mask transformer restores
all missing frames at its first step and linearly fewer at the next ones. Here the tokens are KMM's
codes, and only height and joints are taken over: where the body goes stays as it was planned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.labs.motion.models.codec import STRIDE
from engine.labs.motion.models.kmm import KeyframeMamba
from engine.labs.motion.models.stored import Model
from engine.labs.motion.story.seams import POSE

STEPS = 3  # the paper's r
MASKED = 3  # tokens around a seam
AROUND = 8  # tokens on each side that are seen


@torch.inference_mode()
def restore(network: KeyframeMamba, codes: Tensor, masked: Tensor, *, steps: int = STEPS) -> Tensor:
    """Codes (1, tokens) with those that are ``masked`` (1, tokens) restored by the network.

    Without a caption. All are masked at the first step, linearly fewer at later ones: those that
    the network is surest of stay. Raises nothing; without a masked token nothing changes.
    """
    text, counts = network.text.none(1), torch.tensor([codes.shape[1]])
    count = int(masked.sum())
    open_ = masked.clone()
    for step in range(steps):
        logits, _ = network(codes, open_, text, counts)
        chances, best = logits.softmax(-1).max(-1)
        codes = torch.where(open_, best, codes)
        left = count * (steps - 1 - step) // steps
        order = chances.masked_fill(~open_, torch.inf).argsort(-1).argsort(-1)
        open_ = open_ & (order < left)
    return codes


@torch.inference_mode()
def restore_seams(model: Model, parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Parts (rows, 137) whose poses around every seam are those that KMM restores.

    Twelve rows around a seam are taken from the restored codes; what the codec loses at their ends
    is added back in a straight line. Seams closer to an end than two tokens stay as they are.
    """
    rows = np.concatenate(parts).copy()
    ends = np.cumsum([len(part) for part in parts])
    for seam in ends[:-1].tolist():
        _restore_seam(model, rows, seam)
    return np.split(rows, ends[:-1])


def _restore_seam(model: Model, rows: np.ndarray, seam: int) -> None:
    half = STRIDE * MASKED // 2
    start = max(0, seam - half - STRIDE * AROUND)
    start += (seam - half - start) % STRIDE  # the masked rows are whole tokens
    end = min(len(rows), seam + half + STRIDE * AROUND)
    end -= (end - start) % STRIDE
    first = (seam - half - start) // STRIDE
    if first < 2 or first + MASKED > (end - start) // STRIDE - 2:
        return
    network = model.network
    window = torch.from_numpy(model.scale.normalise(rows[start:end]))[None]
    latents, counts = network.codec.encode(window, torch.tensor([end - start]))
    codes = network.codec.nearest(latents)
    masked = torch.zeros_like(codes, dtype=torch.bool)
    masked[:, first : first + MASKED] = True
    filled = restore(network, codes, masked)
    made = network.codec.decode(network.codec.codebook[filled], counts).numpy()[0]
    poses = model.scale.restore(made)[:, POSE]
    a, b = seam - half, seam - half + STRIDE * MASKED
    before = rows[a - 1, POSE] - poses[a - 1 - start]
    behind = rows[b, POSE] - poses[b - start]
    share = ((np.arange(b - a) + 1) / (b - a + 1))[:, None]
    rows[a:b, POSE] = poses[a - start : b - start] + (1 - share) * before + share * behind
