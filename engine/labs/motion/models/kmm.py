"""Key frame mask Mamba: motion tokens, some of them masked, restored by bidirectional Mamba.

After KMM (arXiv 2411.06481), with one codebook instead of six and a network of the lab's size.
The forward scans can start from a carried state; the backward scans see the segment alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.models.codec import STRIDE, Codec
from engine.labs.motion.models.denoiser import waves
from engine.labs.motion.models.mamba import Scan
from engine.labs.motion.models.text import Caption
from engine.models.ssm import hold_padding

CARRIED = 5  # tokens of the segment before that a segment starts with
States = list[Tensor]


@dataclass(frozen=True)
class KmmShape:
    """Sizes of a KMM: of the masked model, then of the codec."""

    kind: ClassVar[str] = "kmm"
    width: int = 160
    inner: int = 192
    layers: int = 4
    codec_width: int = 128
    codes: int = 512
    code_width: int = 64

    @property
    def tokens(self) -> int:
        """The longest segment with what is carried into it, and the token of the text."""
        return -(-LONGEST // STRIDE) + CARRIED + 1


class BidirectionalLayer(nn.Module):
    """A scan forwards and one backwards, gated; masked tokens read and do not write.

    A masked token would otherwise leave its emptiness in the state that later tokens read.
    """

    def __init__(self, width: int, inner: int):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.set = nn.Linear(width, 2 * width)
        self.enter = nn.Linear(width, 2 * inner)
        self.ahead, self.back = Scan(inner), Scan(inner, backward=True)
        self.leave = nn.Linear(inner, width)
        nn.init.zeros_(self.set.weight)
        nn.init.zeros_(self.set.bias)

    def forward(
        self, x: Tensor, condition: Tensor, ends: Tensor, masked: Tensor, h0: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Tokens (batch, length, width), and the state of the forward scan at their end."""
        scale, shift = self.set(F.silu(condition)).unsqueeze(1).chunk(2, dim=-1)
        inside, gate = self.enter(self.norm(x) * (1 + scale) + shift).chunk(2, dim=-1)
        ahead, state = self.ahead(inside, ends, masked, h0)
        back, _ = self.back(inside, ends, masked)
        return x + self.leave((ahead + back) * F.silu(gate)), state


class KeyframeMamba(nn.Module):
    """The codec, the masked model on its tokens, and the alignment of motion with text."""

    def __init__(self, shape: KmmShape, words: int):
        super().__init__()
        self.shape = shape
        width = shape.width
        self.codec = Codec(shape.codec_width, shape.codes, shape.code_width)
        self.text = Caption(words, width)
        self.tokens = nn.Embedding(shape.codes + 1, width)  # the last one is the mask
        self.places = nn.Parameter(0.02 * torch.randn(shape.tokens, width))
        self.length = nn.Linear(width, width)
        self.layers = nn.ModuleList(
            BidirectionalLayer(width, shape.inner) for _ in range(shape.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, shape.codes)
        self.motion = nn.Conv1d(width, width, 3, padding=1)
        self.meet = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.log_scale = nn.Parameter(torch.tensor(2.3))

    def forward(
        self,
        codes: Tensor,
        masked: Tensor,
        text: Tensor,
        counts: Tensor,
        states: States | None = None,
    ) -> tuple[Tensor, States]:
        """Logits (batch, tokens, codes), and the states that a next segment starts from.

        ``codes``, ``masked`` (batch, tokens), ``text`` (batch, width), ``counts`` (batch,) of true
        tokens; ``states`` come from the segment before.
        """
        entered = self.tokens(codes.masked_fill(masked, self.shape.codes))
        condition = text + self.length(waves(counts, self.shape.width))
        x = torch.cat([condition.unsqueeze(1), entered], dim=1)
        x = x + self.places[: x.shape[1]]
        silent = F.pad(masked, (1, 0))
        after = []
        for at, layer in enumerate(self.layers):
            start = None if states is None else states[at]
            x, state = layer(x, condition, counts + 1, silent, start)
            after.append(state)
        return self.out(self.norm(x[:, 1:])), after

    def align(self, codes: Tensor, counts: Tensor, text: Tensor) -> Tensor:
        """Scaled cosines (batch, batch) of motions with texts; neither has seen the other."""
        inside = hold_padding(self.tokens(codes), counts)
        mixed = F.gelu(self.motion(inside.transpose(1, 2)).transpose(1, 2))
        mean = hold_padding(mixed, counts).sum(1) / counts[:, None]
        motions = F.normalize(self.meet[0](mean), dim=-1)
        texts = F.normalize(self.meet[1](text), dim=-1)
        return self.log_scale.clamp(max=4).exp() * motions @ texts.T
