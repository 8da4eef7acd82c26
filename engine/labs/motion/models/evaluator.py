"""The lab's own evaluator: motion and text in one space, with heads for action and style.

Trained on real clips alone. Its distances are the lab's: nothing here can stand beside figures
that were computed with the published evaluator.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.labs.motion.features import WIDTH
from engine.labs.motion.models.text import SENTENCE, TextEncoder

EMBEDDING = SENTENCE
WIDTHS = (WIDTH, 96, 128, 128)


class Evaluator(nn.Module):
    """Normalised rows (batch, rows, 137) and captions to embeddings (batch, 128)."""

    def __init__(self, words: int, actions: int, styles: int):
        super().__init__()
        self.body = nn.ModuleList(
            nn.Conv1d(before, after, 5, stride=2, padding=2)
            for before, after in itertools.pairwise(WIDTHS)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(after) for after in WIDTHS[1:])
        self.motion = nn.Linear(2 * WIDTHS[-1], EMBEDDING)
        self.text = TextEncoder(words, EMBEDDING)
        self.action = nn.Linear(EMBEDDING, actions)
        self.style = nn.Linear(EMBEDDING, styles)
        self.log_scale = nn.Parameter(torch.tensor(2.3))

    def embed(self, rows: Tensor, lengths: Tensor) -> Tensor:
        """Embeddings of clips (batch, 128), padding left out."""
        x, ends = rows, lengths.to(rows.device)
        for conv, norm in zip(self.body, self.norms, strict=True):
            x = x * _inside(x, ends)
            x = F.gelu(norm(conv(x.transpose(1, 2)).transpose(1, 2)))
            ends = torch.div(ends + 1, 2, rounding_mode="floor")
        inside = _inside(x, ends)
        mean = (x * inside).sum(1) / ends[:, None]
        most = x.masked_fill(inside == 0, -1e4).amax(1)
        return self.motion(torch.cat([mean, most], dim=-1))


def _inside(x: Tensor, ends: Tensor) -> Tensor:
    place = torch.arange(x.shape[1], device=x.device)
    return (place < ends[:, None]).unsqueeze(-1).to(x.dtype)


def similarity(evaluator: Evaluator, motions: Tensor, texts: Tensor) -> Tensor:
    """Scaled cosines (motions, texts) of embeddings (n, 128)."""
    pairs = F.normalize(motions, dim=-1) @ F.normalize(texts, dim=-1).T
    return evaluator.log_scale.clamp(max=4).exp() * pairs


def alignment_loss(scores: Tensor, captions: Sequence[str]) -> Tensor:
    """Cross-entropy both ways of scores (batch, batch); equal captions are one target."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(captions))}
    names = torch.tensor([numbers[text] for text in captions], device=scores.device)
    same = names[:, None] == names
    goal = same.float() / same.sum(1, keepdim=True)
    return 0.5 * (F.cross_entropy(scores, goal) + F.cross_entropy(scores.T, goal))
