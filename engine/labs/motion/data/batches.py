"""Drawn clips as tensors: normalised rows, true lengths, word numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.labs.motion.data.corpus import Scale
from engine.labs.motion.data.sampler import Drawn
from engine.labs.motion.data.words import Vocabulary
from engine.labs.motion.features import WIDTH


@dataclass(frozen=True, eq=False)
class Batch:
    """``rows`` (batch, rows, 137) normalised, zeros from ``lengths`` (batch,) on.

    ``ids`` (batch, words) are numbers of words; ``captions``, ``actions`` and ``styles`` are those
    of the clips that were drawn.
    """

    rows: Tensor
    lengths: Tensor
    ids: Tensor
    captions: Sequence[str]
    actions: Sequence[str]
    styles: Sequence[str | None]

    @property
    def mask(self) -> Tensor:
        """True rows (batch, rows)."""
        places = torch.arange(self.rows.shape[1], device=self.rows.device)
        return places < self.lengths[:, None]

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        rows, lengths, ids = (tensor.to(device) for tensor in (self.rows, self.lengths, self.ids))
        return Batch(rows, lengths, ids, self.captions, self.actions, self.styles)


def stack_rows(rows: Sequence[np.ndarray], scale: Scale) -> tuple[Tensor, Tensor]:
    """Rows (rows, 137) of unlike length as one tensor, normalised, and their lengths."""
    lengths = [len(one) for one in rows]
    made = np.zeros((len(rows), max(lengths), WIDTH), dtype=np.float32)
    for at, one in enumerate(rows):
        made[at, : len(one)] = scale.normalise(one)
    return torch.from_numpy(made), torch.tensor(lengths)


def make_batch(clips: Sequence[Drawn], scale: Scale, vocabulary: Vocabulary) -> Batch:
    """The clips as tensors."""
    rows, lengths = stack_rows([clip.rows for clip in clips], scale)
    ids = torch.tensor([vocabulary.ids(clip.caption) for clip in clips])
    captions, actions, styles = zip(
        *((clip.caption, clip.action, clip.style) for clip in clips), strict=True
    )
    return Batch(rows, lengths, ids, captions, actions, styles)
