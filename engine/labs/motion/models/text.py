"""A caption as one vector: embedded words, their neighbours, and what stands out among them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.labs.motion.data.words import PAD

SENTENCE = 128


class TextEncoder(nn.Module):
    """Word numbers (batch, words) to a vector (batch, width).

    240 words do not make a language: word vectors with their neighbours, averaged and maximised.
    """

    def __init__(self, words: int, width: int, inner: int = 64):
        super().__init__()
        self.words = nn.Embedding(words, inner, padding_idx=PAD)
        self.near = nn.Conv1d(inner, inner, 3, padding=1)
        self.out = nn.Linear(2 * inner, width)
        self.nothing = nn.Parameter(torch.zeros(width))

    def forward(self, ids: Tensor, dropped: Tensor | None = None) -> Tensor:
        """``dropped`` (batch,) marks captions that are replaced by the vector of no caption."""
        there = (ids != PAD).unsqueeze(-1)
        words = self.words(ids)
        words = words + F.gelu(self.near(words.transpose(1, 2)).transpose(1, 2))
        words = words.masked_fill(~there, 0)
        mean = words.sum(1) / there.sum(1).clamp(min=1)
        most = words.masked_fill(~there, -1e4).amax(1).clamp(min=-1e3)
        vector = self.out(torch.cat([mean, most], dim=-1))
        if dropped is None:
            return vector
        return torch.where(dropped[:, None], self.nothing, vector)

    def none(self, count: int) -> Tensor:
        """The vector of no caption (count, width)."""
        return self.nothing.expand(count, -1)


class Caption(nn.Module):
    """A sentence vector as a model's condition (batch, width).

    Sentences are those of the lab's evaluator, whose captions lie where their motions lie: what
    CLIP's are to the papers' models.
    """

    def __init__(self, words: int, width: int):
        super().__init__()
        self.sentence = TextEncoder(words, SENTENCE)
        self.enter = nn.Linear(SENTENCE, width)

    def forward(self, ids: Tensor, dropped: Tensor | None = None) -> Tensor:
        """As ``TextEncoder``; only the direction of a sentence counts."""
        return self._condition(self.sentence(ids, dropped))

    def none(self, count: int) -> Tensor:
        """The condition of no caption (count, width)."""
        return self._condition(self.sentence.none(count))

    def _condition(self, sentences: Tensor) -> Tensor:
        return self.enter(F.normalize(sentences, dim=-1) * SENTENCE**0.5)
