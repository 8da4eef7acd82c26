"""Train an embedded model: ``python -m engine.labs.diffusion.training.train --name fast``.

A rerun continues from the last checkpoint, and SIGTERM writes one before it ends.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.core.seeds import rng
from engine.labs.diffusion.model import words
from engine.labs.diffusion.model.architecture import build_networks, build_scheduler, to_latents
from engine.labs.diffusion.pictures.borders import framed, trained_keys
from engine.labs.diffusion.pictures.collection import DATA_SEED, Collection, build_collection
from engine.models.averaged_training import AveragedSettings, AveragedTraining

LEAST_VARIANCE = 0.05


@dataclass(frozen=True)
class Settings(AveragedSettings):
    """What a training is made of."""

    preset: str = "full"
    copies: bool = True  # False: every picture once
    keys: bool = False  # every picture within a border of its own grey
    steps: int = 4000
    rate: float = 1.5e-3
    last_rate: float = 0.03  # share of the rate at the end of the cosine
    warmup: int = 100
    batch: int = 32
    caption_drop: float = 0.1
    seed: int = 0
    data_seed: int = DATA_SEED
    snapshot_every: int = 500


NAMED = {
    "fast": Settings("fast", preset="fast", steps=2000, rate=2e-3),
    "full": Settings("full"),
    "twin": Settings("twin", copies=False, steps=1300),
    "keys": Settings("keys", preset="fast", keys=True, steps=2000, rate=2e-3),
}


def learning_rate(step: int, settings: Settings) -> float:
    """Linear warm-up, then a cosine down to ``last_rate`` of the full rate."""
    if step < settings.warmup:
        return settings.rate * (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    share = settings.last_rate + (1 - settings.last_rate) * 0.5 * (1 + math.cos(math.pi * done))
    return settings.rate * share


def batch_positions(order: np.ndarray, step: int, settings: Settings) -> np.ndarray:
    """Positions of a step's pictures, (batch,): passes over ``order``, each shuffled anew."""
    per_pass = len(order) // settings.batch
    number, index = divmod(step, per_pass)
    shuffled = rng(settings.seed, "pass", number).permutation(order)
    return shuffled[index * settings.batch : (index + 1) * settings.batch]


class Trainer(AveragedTraining[Settings, Tensor]):
    """The networks and the pictures; every so often the average is kept as a snapshot."""

    def __init__(self, settings: Settings, folder: Path):
        torch.set_num_threads(1)
        data = build_collection(settings.data_seed)
        self.data: Collection = data if settings.copies else data.without_copies()
        self._order = self.data.expanded()
        images = self.data.images
        if settings.keys:
            images = framed(images, trained_keys(settings.data_seed, len(images)))
        self._latents = to_latents(torch.from_numpy(images))
        self._tokens, self._null = tokenized(self.data.captions)
        self.networks = build_networks(settings.preset, settings.seed)
        self._alphas = build_scheduler().alphas_cumprod
        weights = self.networks.named_parameters()
        optimiser = torch.optim.AdamW(weights.values(), lr=settings.rate)
        super().__init__(settings, folder / settings.name, weights, optimiser)

    def rate(self, step: int) -> float:
        """See ``learning_rate``."""
        return learning_rate(step, self.settings)

    def draw(self, step: int) -> Tensor:
        """Positions (batch,) of a step's pictures."""
        return torch.from_numpy(batch_positions(self._order, step, self.settings))

    def draws(self) -> Iterator[Tensor]:
        """Positions for every step that is left."""
        yield from map(self.draw, range(self.progress.step, self.settings.steps))

    def loss(self, step: int, shown: Tensor) -> Tensor:
        """The weighted squared error of the predicted pictures at the positions ``shown``."""
        clean = self._latents[shown]  # b c h w
        draw = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + step)
        noise = torch.randn(clean.shape, generator=draw)
        times = torch.randint(len(self._alphas), (len(clean),), generator=draw)
        dropped = torch.rand(len(clean), generator=draw) < self.settings.caption_drop
        tokens = torch.where(dropped[:, None], self._null, self._tokens[shown])
        kept = self._alphas[times].view(-1, 1, 1, 1)
        noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
        states = self.networks.text(input_ids=tokens).last_hidden_state
        predicted = self.networks.unet(noisy, times, states).sample
        weight = 1 / (1 - kept).clamp(min=LEAST_VARIANCE)
        return (weight * (predicted - clean) ** 2).mean()

    def done(self, *, last: bool) -> None:
        """Keep the average of this step, every so often and at the end."""
        if last or self.progress.step % self.settings.snapshot_every == 0:
            self.snapshot()

    def snapshot(self) -> None:
        """The averaged weights of this step in fp16."""
        target = self.folder / "snapshots"
        target.mkdir(exist_ok=True)
        halves = {name: value.half() for name, value in self.average.items()}
        save_file(halves, target / f"step-{self.progress.step:06d}.safetensors")


def tokenized(captions: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Token ids of captions (n, length), and of the empty prompt (length,)."""
    tokenizer = words.build_tokenizer()
    ids = tokenizer(
        ["", *captions],
        padding="max_length",
        max_length=words.LENGTH,
        truncation=True,
        return_tensors="pt",
    )["input_ids"]
    return ids[1:], ids[0]


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.labs.diffusion.training.train", description=__doc__
    )
    parser.add_argument("--name", choices=sorted(NAMED), required=True)
    parser.add_argument("--folder", type=Path, default=Path("training/diffusion"))
    given = parser.parse_args(argv)
    Trainer(NAMED[given.name], given.folder).run_until_told()


if __name__ == "__main__":
    main()
