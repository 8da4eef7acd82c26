"""KMM in two parts: a codec that makes tokens of motion, and the masked model on its tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.labs.motion.data.augment import join
from engine.labs.motion.data.batches import Batch, make_batch
from engine.labs.motion.data.sampler import LONGEST, Drawn
from engine.labs.motion.models.codec import STRIDE, Codec
from engine.labs.motion.models.evaluator import alignment_loss
from engine.labs.motion.models.keyframes import batch_scores, mask_first
from engine.labs.motion.models.kmm import CARRIED, KeyframeMamba, KmmShape, States
from engine.labs.motion.training.objectives import RowLoss
from engine.labs.motion.training.tasks import NO_CAPTION, Source, device_of

COMMITMENT = 0.02
LEAST_MASKED = 0.3
ALIGNMENT = 0.5
STEADY = 2.0
# Rows of the segment before, and the share of steps whose segments go on from another.
BEFORE, EXTENDED_EVERY = 64, 3


class Refining:
    """The decoder alone, on the codes of a finished codec: tokens keep their meaning.

    Changes of speed weigh more than before, because what shakes in a decoded clip is how one
    token's rows meet the next one's.
    """

    def __init__(self, codec: Codec, source: Source):
        self.source, self.network = source, codec
        codec.requires_grad_(False)
        for part in (codec.up, codec.leave):
            part.requires_grad_(True)
        self._compare = RowLoss(source.scale, STEADY)

    def draw(self, step: int) -> Batch:
        """A batch."""
        return self.source.batch(step)

    def loss(self, step: int, shown: Batch) -> Tensor:
        """The row loss of what the codes are decoded to."""
        batch, codec = shown.to(device_of(self.network)), self.network
        with torch.no_grad():
            latents, counts = codec.encode(batch.rows, batch.lengths)
            vectors = codec.codebook[codec.nearest(latents)]
        made = codec.decode(vectors, counts)[:, : batch.rows.shape[1]]
        return self._compare(made, batch.rows, batch.mask)


@dataclass(frozen=True, eq=False)
class Shown:
    """A batch for the masked model; ``begun`` tokens of each clip are another segment's.

    ``dropped`` (batch,) captions are left out, ``shares`` (batch,) of the tokens are masked, and
    ``chance`` (batch, tokens) decides where the policy is chance.
    """

    batch: Batch
    begun: int
    dropped: Tensor
    shares: Tensor
    chance: Tensor

    def to(self, device: torch.device) -> Shown:
        """The same on another device."""
        return Shown(
            self.batch.to(device),
            self.begun,
            self.dropped.to(device),
            self.shares.to(device),
            self.chance.to(device),
        )


class Coding:
    """Rows through the codebook and back."""

    def __init__(self, shape: KmmShape, source: Source):
        self.source = source
        self.network = Codec(shape.codec_width, shape.codes, shape.code_width)
        self._compare = RowLoss(source.scale)

    def draw(self, step: int) -> Batch:
        """A batch."""
        return self.source.batch(step)

    def loss(self, step: int, shown: Batch) -> Tensor:
        """The row loss, and how far latents are from their codes; moves the codebook."""
        codec = self.network
        batch = shown.to(device_of(codec))
        latents, counts = codec.encode(batch.rows, batch.lengths)
        inside = torch.arange(latents.shape[1], device=latents.device) < counts[:, None]
        if step == 0:
            codec.total[:] = codec.codebook[:] = _spread(latents[inside], len(codec.codebook))
        codes = codec.nearest(latents)
        chosen = codec.codebook[codes]
        # The gradient goes past the choice of a code, as if the latent itself were decoded.
        through = latents + (chosen - latents).detach()
        made = codec.decode(through, counts)[:, : batch.rows.shape[1]]
        far = (latents - chosen).square().mean(-1)[inside].mean()
        codec.update(latents[inside].detach(), codes[inside], self.source.noise(step))
        return self._compare(made, batch.rows, batch.mask) + COMMITMENT * far


class Restoring:
    """Restore masked tokens of a clip, told its caption, and align motions with captions.

    Every third batch is of segments that go on from another one: its states are carried, and its
    last tokens stand before the segment.
    """

    def __init__(self, network: KeyframeMamba, source: Source, policy: str = "key"):
        self.source, self.network, self.policy = source, network, policy
        self.network.codec.requires_grad_(False)

    def draw(self, step: int) -> Shown:
        """Clips, where their own segments begin, and all that chance decides."""
        clips = self.source.sampler.batch(step, self.source.size)
        begun = 0
        if step % EXTENDED_EVERY == 0:
            befores = self.source.sampler.batch(step + 1, self.source.size)
            clips, begun = _joined(befores, clips)
        batch = make_batch(clips, self.source.scale, self.source.vocabulary)
        draw = self.source.noise(step)
        dropped = torch.rand(len(clips), generator=draw) < NO_CAPTION
        shares = LEAST_MASKED + (1 - LEAST_MASKED) * torch.rand(len(clips), generator=draw)
        chance = torch.rand(len(clips), batch.rows.shape[1] // STRIDE + 1, generator=draw)
        return Shown(batch, begun, dropped, shares, chance)

    def loss(self, step: int, shown: Shown) -> Tensor:
        """Cross-entropy of masked tokens and half of the alignment's both directions."""
        network = self.network
        shown = shown.to(device_of(network))
        batch, begun = shown.batch, shown.begun
        with torch.no_grad():
            latents, counts = network.codec.encode(batch.rows, batch.lengths)
            codes = network.codec.nearest(latents)
        text = network.text(batch.ids, shown.dropped)
        states: States | None = None
        known = 0
        if begun:
            states, known = self._carry(codes, begun)
            codes, latents = codes[:, begun - known :], latents[:, begun - known :]
            counts = counts - begun + known
        masked = self._masked(latents, counts, known, shown)
        logits, _ = network(codes, masked, text, counts, states)
        total = F.cross_entropy(logits[masked], codes[masked])
        if not begun:
            scores = network.align(codes, counts, network.text(batch.ids))
            total = total + 2 * ALIGNMENT * alignment_loss(scores, batch.captions)
        return total

    @torch.no_grad()
    def _carry(self, codes: Tensor, begun: int) -> tuple[States, int]:
        """States after the segment before without its last tokens, and how many these are.

        They are read without a caption: what is carried is motion.
        """
        before = codes[:, : begun - CARRIED]
        clear = torch.zeros_like(before, dtype=torch.bool)
        counts = torch.full((len(before),), before.shape[1], device=codes.device)
        text = self.network.text.none(len(before))
        return self.network(before, clear, text, counts)[1], CARRIED

    def _masked(self, latents: Tensor, counts: Tensor, known: int, shown: Shown) -> Tensor:
        """The tokens (batch, tokens) to restore: a share of each clip's own, by the policy."""
        own, size = latents[:, known:], counts - known
        if self.policy == "random":
            scores = shown.chance[:, : own.shape[1]]
        else:
            scores = batch_scores(own, size)
        wanted = (shown.shares * size).ceil().long()
        chosen = mask_first(scores, wanted, lowest=self.policy == "inverse", counts=size)
        return F.pad(chosen, (known, 0))


def _joined(befores: list[Drawn], clips: list[Drawn]) -> tuple[list[Drawn], int]:
    """Each clip behind the end of another, and the tokens that all of these ends have."""
    size = min(BEFORE, *(len(clip.rows) for clip in befores)) // STRIDE * STRIDE
    if size // STRIDE <= CARRIED:
        return clips, 0
    made = [
        Drawn(
            join(before.rows[-size:], clip.rows[: LONGEST - size]),
            clip.caption,
            clip.action,
            clip.style,
        )
        for before, clip in zip(befores, clips, strict=True)
    ]
    return made, size // STRIDE


def _spread(latents: Tensor, count: int) -> Tensor:
    """``count`` of the latents (n, width), the same one several times where there are few."""
    index = torch.arange(count, device=latents.device) * len(latents) // count
    return latents.detach()[index]
