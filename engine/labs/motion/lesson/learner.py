"""The network, its averaged weights and one step of its training."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch

from engine.labs.motion.data.corpus import Example, Scale
from engine.labs.motion.models.denoiser import Shape
from engine.labs.motion.models.stored import Config, Model
from engine.labs.motion.training.tasks import Denoising, Source
from engine.labs.motion.training.train import Settings, learning_rate

BATCH = 16
# The lab's own network without BSM, which costs twice the time, and with fewer scans.
SCANS, FINE = (2, 1), 24


class Learner:
    """A Motion Mamba of ``width`` on ``examples``; step n is a function of seed and n.

    It reads captions with the sentences of ``reader``, the lab's evaluator, which stay as they are:
    it learns to move, not to read. ``scale`` normalises rows: that of more actions than are learnt,
    because who only waves has feet that never leave the floor, and nothing to divide by.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        scale: Scale,
        width: int,
        settings: Settings,
        reader: Model,
    ):
        self.settings, self.vocabulary = settings, reader.vocabulary
        self.scale = scale
        source = Source(examples, self.scale, self.vocabulary, settings.batch, settings.seed)
        # A visitor's training must not move the random numbers of anything else.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.shape = Shape("motion-mamba", width, width, 4, SCANS, "none", 1, FINE)
            self.task = Denoising(self.shape, source)
        network = self.task.network
        network.text.sentence.load_state_dict(reader.network.text.state_dict())
        network.text.sentence.requires_grad_(False)
        self.weights = [value for value in network.parameters() if value.requires_grad]
        self.average = [value.detach().clone() for value in self.weights]
        self.optimiser = torch.optim.AdamW(
            self.weights, lr=settings.rate, weight_decay=settings.weight_decay
        )
        self.done = 0

    @property
    def parameters(self) -> int:
        """Weights of the network."""
        return sum(value.numel() for value in self.weights)

    def step(self) -> float:
        """One step; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.done, self.settings)
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.task.loss(self.done, self.task.draw(self.done))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.clip)
        self.optimiser.step()
        share = min(self.settings.average, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - share)
        self.done += 1
        return float(loss.detach())

    def model(self) -> Model:
        """The averaged weights as they are now, to sample from."""
        network = copy.deepcopy(self.task.network)
        own = [value for value in network.parameters() if value.requires_grad]
        with torch.no_grad():
            for mine, average in zip(own, self.average, strict=True):
                mine.copy_(average)
        config = Config(kind="motion-mamba", words=self.vocabulary.words)
        network.eval().requires_grad_(False)
        return Model(f"step {self.done}", config, network, self.scale, str(self.done))


def settings_for(steps: int, rate: float, seed: int) -> Settings:
    """Warm-up, a steady rate and a fall at the end, as in the lab's own trainings."""
    return Settings(
        "motion-mamba", steps=steps, rate=rate, warmup=min(30, max(1, steps // 8)),
        batch=BATCH, average=0.99, seed=seed,
    )  # fmt: skip
