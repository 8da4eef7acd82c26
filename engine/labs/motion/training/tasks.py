"""What each network learns: its loss at a step, a function of the seed and the step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.labs.motion.data.batches import Batch, make_batch
from engine.labs.motion.data.corpus import Example, Scale
from engine.labs.motion.data.sampler import Sampler
from engine.labs.motion.data.words import Vocabulary
from engine.labs.motion.models.denoiser import TRAIN_STEPS, Denoiser, Shape, build_scheduler
from engine.labs.motion.models.evaluator import Evaluator, alignment_loss, similarity
from engine.labs.motion.training.objectives import RowLoss

NO_CAPTION = 0.1
# A class needs some clips to learn from; those of a label with fewer have no class.
LEAST_CLIPS = 8
LEFT_OUT = -100


class Task(Protocol):
    """A network, what it is shown at a step, and its loss.

    ``draw`` is a function of seed and step, and can be called in another process; ``loss`` moves
    what was drawn to the device of the network.
    """

    network: nn.Module

    def draw(self, step: int) -> Any:
        """What is shown at a step, in the processor's memory."""
        ...

    def loss(self, step: int, shown: Any) -> Tensor:
        """The loss of what ``draw`` gave."""
        ...


def device_of(network: nn.Module) -> torch.device:
    """Where the network is."""
    return next(network.parameters()).device


class Source:
    """Batches of one training set, with its scale and its vocabulary."""

    def __init__(
        self,
        examples: Sequence[Example],
        scale: Scale,
        vocabulary: Vocabulary,
        batch: int,
        seed: int,
        **shares: float,
    ):
        self.scale, self.vocabulary, self.size = scale, vocabulary, batch
        self.sampler = Sampler(examples, seed, **shares)
        self.seed = seed

    def batch(self, step: int) -> Batch:
        """The batch of one step."""
        return make_batch(self.sampler.batch(step, self.size), self.scale, self.vocabulary)

    def noise(self, step: int) -> torch.Generator:
        """Random numbers of one step."""
        return torch.Generator().manual_seed(self.seed * 1_000_003 + step)


class Denoising:
    """Predict the clean rows from noisy ones; a tenth of the captions are left out."""

    def __init__(self, shape: Shape, source: Source):
        self.source = source
        self.network = Denoiser(shape, len(source.vocabulary))
        self._alphas = build_scheduler().alphas_cumprod
        self._compare = RowLoss(source.scale)

    def draw(self, step: int) -> tuple[Batch, Tensor, Tensor, Tensor]:
        """A batch, noisy rows, their steps of the diffusion, and whose caption is left out."""
        batch, draw = self.source.batch(step), self.source.noise(step)
        count = len(batch.rows)
        at = torch.randint(TRAIN_STEPS, (count,), generator=draw)
        noise = torch.randn(batch.rows.shape, generator=draw)
        dropped = torch.rand(count, generator=draw) < NO_CAPTION
        kept = self._alphas[at][:, None, None]
        return batch, kept.sqrt() * batch.rows + (1 - kept).sqrt() * noise, at, dropped

    def loss(self, step: int, shown: tuple[Batch, Tensor, Tensor, Tensor]) -> Tensor:
        """The row loss at a random step of the diffusion for each clip."""
        place = device_of(self.network)
        batch, noisy, at, dropped = (part.to(place) for part in shown)
        text = self.network.text(batch.ids, dropped)
        made = self.network(noisy, at, text, batch.lengths)
        return self._compare(made, batch.rows, batch.mask)


class Judging:
    """Tell action, style and caption of real clips."""

    def __init__(self, source: Source):
        self.source = source
        self.actions, self.styles = classes(source.sampler.examples)
        words = len(source.vocabulary)
        self.network = Evaluator(words, len(self.actions), len(self.styles))

    def draw(self, step: int) -> Batch:
        """A batch."""
        return self.source.batch(step)

    def loss(self, step: int, shown: Batch) -> Tensor:
        """Cross-entropy of action, of style, and of which caption is whose."""
        batch = shown.to(device_of(self.network))
        motions = self.network.embed(batch.rows, batch.lengths)
        place = motions.device
        actions = places(batch.actions, self.actions).to(place)
        styles = places(batch.styles, self.styles).to(place)
        scores = similarity(self.network, motions, self.network.text(batch.ids))
        total = alignment_loss(scores, batch.captions)
        for made, wanted in (
            (self.network.action(F.gelu(motions)), actions),
            (self.network.style(F.gelu(motions)), styles),
        ):
            if (wanted != LEFT_OUT).any():
                total = total + F.cross_entropy(made, wanted, ignore_index=LEFT_OUT)
        return total


def classes(examples: Sequence[Example]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Actions of labelled clips and styles with enough clips, in alphabetical order."""
    actions = Counter(one.action for one in examples if one.labelled)
    styles = Counter(one.style for one in examples if one.style)
    enough = [
        tuple(sorted(name for name, count in found.items() if count >= LEAST_CLIPS))
        for found in (actions, styles)
    ]
    return enough[0], enough[1]


def places(names: Sequence[str | None], known: Sequence[str]) -> Tensor:
    """Positions (n,) of the names among the known ones, ``LEFT_OUT`` for others."""
    index = {name: at for at, name in enumerate(known)}
    return torch.tensor([index.get(name or "", LEFT_OUT) for name in names])
