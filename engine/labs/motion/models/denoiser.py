"""From noisy rows to clean rows: what Motion Mamba and the transformer baseline share.

Rows are cut into patches of a few frames, one token each, behind a token of the condition. The
networks predict the clean rows. Motion Mamba diffuses a latent of two tokens; here the tokens are
time, so that there is something to remember.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.features import WIDTH
from engine.labs.motion.models.attention import Attention, Feedforward
from engine.labs.motion.models.mamba import BidirectionalSpatial, HierarchicalTemporal
from engine.labs.motion.models.text import Caption
from engine.models.ssm import hold_padding

TRAIN_STEPS = 1000


@dataclass(frozen=True)
class Shape:
    """Sizes of a denoiser; ``scans`` are the scans of the blocks on the way down.

    ``bsm`` says which blocks have a BSM: "all", "inner" (those next to the mixer) or "none".
    ``layers`` is for the transformer.
    """

    kind: str
    width: int = 128
    inner: int = 128
    patch: int = 4
    scans: tuple[int, ...] = (3, 1)
    bsm: str = "inner"
    layers: int = 4
    fine: int = 32

    @property
    def tokens(self) -> int:
        """Tokens of the longest clip and the one of the condition."""
        return -(-LONGEST // self.patch) + 1


class Conditioned(nn.Module):
    """A sub-layer behind a norm whose scale and shift the condition sets; adds to its input."""

    def __init__(self, width: int, inside: nn.Module, masked: bool = True):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.set = nn.Linear(width, 2 * width)
        self.inside, self.masked = inside, masked
        nn.init.zeros_(self.set.weight)
        nn.init.zeros_(self.set.bias)

    def forward(self, x: Tensor, condition: Tensor, lengths: Tensor) -> Tensor:
        """``x`` (batch, length, width), ``condition`` (batch, width), ``lengths`` (batch,)."""
        scale, shift = self.set(F.silu(condition)).unsqueeze(1).chunk(2, dim=-1)
        inner = self.norm(x) * (1 + scale) + shift
        return x + (self.inside(inner, lengths) if self.masked else self.inside(inner))


class MambaBody(nn.Module):
    """Blocks down, an attention mixer, blocks up with skips: most scans far from the mixer."""

    def __init__(self, shape: Shape):
        super().__init__()
        width = shape.width

        def block(scans: int, spatial: bool) -> nn.ModuleList:
            layers = [Conditioned(width, HierarchicalTemporal(width, shape.inner, scans))]
            if spatial:
                layers.append(Conditioned(width, BidirectionalSpatial(shape.tokens, 32)))
            return nn.ModuleList(layers)

        last = len(shape.scans) - 1
        spatial = [shape.bsm == "all" or (shape.bsm == "inner" and at == last)
                   for at in range(last + 1)]  # fmt: skip
        made = list(zip(shape.scans, spatial, strict=True))
        self.down = nn.ModuleList(block(*one) for one in made)
        self.mixer = nn.ModuleList(
            [Conditioned(width, Attention(width)), Conditioned(width, Feedforward(width), False)]
        )
        self.merge = nn.ModuleList(nn.Linear(2 * width, width) for _ in made)
        self.up = nn.ModuleList(block(*one) for one in reversed(made))

    def forward(self, x: Tensor, condition: Tensor, lengths: Tensor) -> Tensor:
        """Tokens (batch, length, width) to tokens."""
        kept = []
        for block in self.down:
            for layer in block:
                x = layer(x, condition, lengths)
            kept.append(x)
        for layer in self.mixer:
            x = layer(x, condition, lengths)
        for merge, block in zip(self.merge, self.up, strict=True):
            x = merge(torch.cat([x, kept.pop()], dim=-1))
            for layer in block:
                x = layer(x, condition, lengths)
        return x


class AttentionBody(nn.Module):
    """The baseline: layers of attention and feed-forward."""

    def __init__(self, shape: Shape):
        super().__init__()
        width = shape.width
        layers: list[nn.Module] = []
        for _ in range(shape.layers):
            layers += [
                Conditioned(width, Attention(width)),
                Conditioned(width, Feedforward(width), False),
            ]
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor, condition: Tensor, lengths: Tensor) -> Tensor:
        """Tokens (batch, length, width) to tokens."""
        for layer in self.layers:
            x = layer(x, condition, lengths)
        return x


BODIES: Mapping[str, type[nn.Module]] = {"motion-mamba": MambaBody, "transformer": AttentionBody}


class Denoiser(nn.Module):
    """Noisy rows (batch, rows, 137), a step and a caption to clean rows, all normalised."""

    def __init__(self, shape: Shape, words: int):
        super().__init__()
        self.shape = shape
        width, patch, fine = shape.width, shape.patch, shape.fine
        self.text = Caption(words, width)
        self.enter = nn.Linear(patch * WIDTH, width)
        self.places = nn.Parameter(0.02 * torch.randn(shape.tokens, width))
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.length = nn.Linear(width, width)
        self.body = BODIES[shape.kind](shape)
        self.norm = nn.LayerNorm(width)
        # Tokens overlap in the rows that they make: a seam at each patch would be a jerk.
        self.leave = nn.Linear(width, patch * fine)
        self.noisy = nn.Conv1d(WIDTH, fine, 3, padding=1)
        self.fine = nn.Conv1d(2 * fine, 2 * fine, 5, padding=2)
        self.out = nn.Conv1d(2 * fine, WIDTH, 5, padding=2)

    def forward(self, rows: Tensor, step: Tensor, text: Tensor, lengths: Tensor) -> Tensor:
        """``step`` (batch,) of 1,000, ``text`` (batch, width), ``lengths`` (batch,) in rows."""
        count, patch = rows.shape[1], self.shape.patch
        rows = hold_padding(rows, lengths)
        padded = F.pad(rows, (0, 0, 0, -count % patch))
        tokens = self.enter(padded.unflatten(1, (-1, patch)).flatten(2))
        condition = (
            text
            + self.time(waves(step, self.shape.width))
            + self.length(waves(lengths, self.shape.width))
        )
        tokens = torch.cat([condition.unsqueeze(1), tokens], dim=1)
        tokens = tokens + self.places[: tokens.shape[1]]
        ends = torch.div(lengths + patch - 1, patch, rounding_mode="floor") + 1
        tokens = self.norm(self.body(tokens, condition, ends)[:, 1:])
        made = self.leave(tokens).unflatten(-1, (patch, -1)).flatten(1, 2)[:, :count]
        near = self.noisy(rows.transpose(1, 2)).transpose(1, 2)
        # What stands behind a clip's end must not be seen from within.
        both = hold_padding(torch.cat([made, near], dim=-1), lengths)
        more = F.gelu(self.fine(both.transpose(1, 2)).transpose(1, 2))
        both = hold_padding(both + more, lengths)
        return self.out(both.transpose(1, 2)).transpose(1, 2)


def waves(values: Tensor, width: int) -> Tensor:
    """Sines and cosines (batch, width) of numbers (batch,) up to some thousands."""
    half = width // 2
    rates = torch.exp(-math.log(10_000) * torch.arange(half, device=values.device) / half)
    angle = values.to(rates.dtype)[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def build_scheduler(kind: str = "ddpm") -> Any:
    """Diffusers' DDPM or DDIM schedule: 1,000 cosine steps, predicting the clean rows."""
    from diffusers import DDIMScheduler, DDPMScheduler

    made = DDIMScheduler if kind == "ddim" else DDPMScheduler
    return made(
        num_train_timesteps=TRAIN_STEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="sample",
        clip_sample=False,
        # Sampling starts at the last step, where there is nothing but noise.
        timestep_spacing="trailing",
    )
