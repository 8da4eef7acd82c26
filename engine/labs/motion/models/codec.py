"""Motion as tokens: a convolutional autoencoder with a codebook, four rows a token."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.labs.motion.features import WIDTH
from engine.models.ssm import hold_padding

STRIDE = 4
DECAY = 0.98  # of the codebook's running means
LEAST_USE = 0.2  # tokens a step; a code that is used less starts anew


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.wide = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.one = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.one(F.gelu(self.wide(F.gelu(x))))


class Codec(nn.Module):
    """Normalised rows (batch, rows, 137) to latents and back, through ``codes`` code vectors.

    The codebook follows the mean of what is mapped to each code (VQ-VAE, arXiv 1711.00937,
    appendix A.1); codes that nothing is mapped to are moved to some latent.
    """

    codebook: Tensor
    used: Tensor
    total: Tensor

    def __init__(self, width: int, codes: int, code_width: int):
        super().__init__()
        down: list[nn.Module] = [nn.Conv1d(WIDTH, width, 3, padding=1)]
        up: list[nn.Module] = [nn.Conv1d(code_width, width, 3, padding=1)]
        for _ in range(2):
            down += [nn.Conv1d(width, width, 4, stride=2, padding=1),
                     _Residual(width, 1), _Residual(width, 3)]  # fmt: skip
            up += [_Residual(width, 3), _Residual(width, 1),
                   nn.Upsample(scale_factor=2), nn.Conv1d(width, width, 3, padding=1)]  # fmt: skip
        down.append(nn.Conv1d(width, code_width, 3, padding=1))
        up += [nn.GELU(), nn.Conv1d(width, WIDTH, 5, padding=2)]
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
        # A straight way in and out; the convolutions have only the rest to learn.
        self.enter = nn.Linear(STRIDE * WIDTH, code_width)
        self.leave = nn.Linear(code_width, STRIDE * WIDTH)
        start = torch.randn(codes, code_width)
        self.register_buffer("codebook", start)
        self.register_buffer("used", torch.ones(codes))
        self.register_buffer("total", start.clone())

    def encode(self, rows: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (batch, tokens, code width) and the numbers of true tokens (batch,)."""
        x, ends = F.pad(rows, (0, 0, 0, -rows.shape[1] % STRIDE)), lengths
        straight = self.enter(hold_padding(x, lengths).unflatten(1, (-1, STRIDE)).flatten(2))
        for layer in self.down:
            # What stands behind a clip's end must not be seen from within.
            before, x = x, layer(hold_padding(x, ends).transpose(1, 2)).transpose(1, 2)
            if x.shape[1] < before.shape[1]:
                ends = torch.div(ends + 1, 2, rounding_mode="floor")
        return x + straight, ends

    def nearest(self, latents: Tensor) -> Tensor:
        """Numbers of the nearest codes (batch, tokens)."""
        apart = (
            self.codebook.square().sum(-1)
            - 2 * latents @ self.codebook.T  # b t k, up to the latents' own squares
        )
        return apart.argmin(-1)

    def decode(self, vectors: Tensor, counts: Tensor) -> Tensor:
        """Rows (batch, 4 tokens, 137) of code vectors (batch, tokens, code width)."""
        straight = self.leave(vectors).unflatten(-1, (STRIDE, WIDTH)).flatten(1, 2)
        x, ends = vectors, counts
        for layer in self.up:
            before, x = x, layer(hold_padding(x, ends).transpose(1, 2)).transpose(1, 2)
            if x.shape[1] > before.shape[1]:
                ends = 2 * ends
        return x + straight

    @torch.no_grad()
    def update(self, latents: Tensor, codes: Tensor, generator: torch.Generator) -> None:
        """Move the codebook towards true latents (n, code width) that took ``codes`` (n,)."""
        chosen = F.one_hot(codes, len(self.codebook)).to(latents.dtype)
        self.used.lerp_(chosen.sum(0), 1 - DECAY)
        self.total.lerp_(chosen.T @ latents, 1 - DECAY)
        idle = (self.used < LEAST_USE).nonzero().flatten()
        if len(idle):
            some = torch.randint(len(latents), (len(idle),), generator=generator)
            fresh = latents[some.to(latents.device)]
            self.used[idle], self.total[idle] = 1.0, fresh
        self.codebook.copy_(self.total / self.used[:, None])


def token_counts(lengths: Tensor) -> Tensor:
    """Tokens of clips of ``lengths`` rows."""
    return torch.div(lengths + STRIDE - 1, STRIDE, rounding_mode="floor")
