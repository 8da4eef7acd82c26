"""Masked tokens, restored by KMM or drawn as a straight line between those that are known."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from engine.labs.motion.features import HEIGHT, LOCAL
from engine.labs.motion.models.codec import STRIDE
from engine.labs.motion.models.kmm import KeyframeMamba
from engine.labs.motion.skeleton import COUNT


@torch.inference_mode()
def restore_codes(
    network: KeyframeMamba, codes: Tensor, masked: Tensor, text: Tensor, passes: int
) -> Tensor:
    """Codes (batch, tokens) with the masked ones restored, the surest of every pass first.

    ``codes``, ``masked`` (batch, tokens), ``text`` (batch, width). No chance has a say, unlike in
    generation: the same clip and mask give the same codes. One pass is what training asks for.
    """
    counts = torch.full((len(codes),), codes.shape[1])
    made, open_ = codes.masked_fill(masked, 0), masked.clone()
    total = masked.sum(1)
    for step in range(passes):
        logits, _ = network(made, open_, text, counts)
        sure, best = logits.log_softmax(-1).max(-1)
        made = torch.where(open_, best, made)
        left = (total * math.cos(math.pi / 2 * (step + 1) / passes)).floor().long()
        order = sure.masked_fill(~open_, torch.inf).argsort(1).argsort(1)
        open_ = open_ & (order < left[:, None])
    return made


def straight_rows(rows: np.ndarray, masked: np.ndarray) -> np.ndarray:
    """Rows (rows, 137) whose masked tokens (tokens,) are a straight line between known rows.

    Before the first known row and behind the last one, these are held. The control: what is there
    without any model.
    """
    hidden = np.repeat(masked, STRIDE)[: len(rows)]
    known = np.flatnonzero(~hidden)
    at = np.arange(len(rows))
    drawn = [np.interp(at, known, rows[known, column]) for column in range(rows.shape[1])]
    return np.stack(drawn, axis=1)


def token_errors(made: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Mean distance of the 22 joints in metres for every token, as seen from the body.

    ``made`` and ``wanted`` (rows, 137), not normalised. Where the body is on the floor does not
    count: a wrong step would spoil everything after it.
    """
    apart = np.linalg.norm(_body(made) - _body(wanted), axis=-1).mean(1)
    starts = np.arange(0, len(apart), STRIDE)
    return np.add.reduceat(apart, starts) / np.diff([*starts, len(apart)])


def _body(rows: np.ndarray) -> np.ndarray:
    joints = np.zeros((len(rows), COUNT, 3))
    joints[:, 0, 1:2] = rows[:, HEIGHT]
    joints[:, 1:] = rows[:, LOCAL].reshape(-1, COUNT - 1, 3)
    return joints
