"""Train an embedded model: ``python -m engine.labs.diffusion.training.train --name fast``.

A rerun continues from the last checkpoint, and SIGTERM writes one before it ends.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from engine.labs.diffusion.training import checkpoint
from engine.labs.diffusion.training.checkpoint import Progress
from engine.models.checkpoints import latest

CURVE = ("step", "cpu_seconds", "rate", "loss")
LEAST_VARIANCE = 0.05


@dataclass(frozen=True)
class Settings:
    """What a training is made of."""

    name: str
    preset: str = "full"
    copies: bool = True  # False: every picture once
    keys: bool = False  # every picture within a border of its own grey
    steps: int = 4000
    rate: float = 1.5e-3
    last_rate: float = 0.03  # share of the rate at the end of the cosine
    warmup: int = 100
    batch: int = 32
    caption_drop: float = 0.1
    average: float = 0.995
    seed: int = 0
    data_seed: int = DATA_SEED
    snapshot_every: int = 500
    save_every: int = 100


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


class Trainer:
    """The networks, their average, the optimiser and the place in the data."""

    def __init__(self, settings: Settings, folder: Path):
        torch.set_num_threads(1)
        self.settings, self.folder = settings, folder / settings.name
        data = build_collection(settings.data_seed)
        self.data: Collection = data if settings.copies else data.without_copies()
        self._order = self.data.expanded()
        images = self.data.images
        if settings.keys:
            images = framed(images, trained_keys(settings.data_seed, len(images)))
        self._latents = to_latents(torch.from_numpy(images))
        self._tokens, self._null = tokenized(self.data.captions)
        self.networks = build_networks(settings.preset, settings.seed)
        self.weights = self.networks.named_parameters()
        self.average = {name: value.detach().clone() for name, value in self.weights.items()}
        self.optimiser = torch.optim.AdamW(self.weights.values(), lr=settings.rate)
        self._alphas = build_scheduler().alphas_cumprod
        self.progress = Progress()
        found = latest(self.folder / "checkpoints")
        if found is not None:
            self.progress = checkpoint.load(found, self.weights, self.average, self.optimiser)
        self.stopped = False

    def loss(self, step: int) -> Tensor:
        """The weighted squared error of the predicted pictures of one step's batch."""
        at = torch.from_numpy(batch_positions(self._order, step, self.settings))
        clean = self._latents[at]  # b c h w
        draw = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + step)
        noise = torch.randn(clean.shape, generator=draw)
        times = torch.randint(len(self._alphas), (len(clean),), generator=draw)
        dropped = torch.rand(len(clean), generator=draw) < self.settings.caption_drop
        tokens = torch.where(dropped[:, None], self._null, self._tokens[at])
        kept = self._alphas[times].view(-1, 1, 1, 1)
        noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
        states = self.networks.text(input_ids=tokens).last_hidden_state
        predicted = self.networks.unet(noisy, times, states).sample
        weight = 1 / (1 - kept).clamp(min=LEAST_VARIANCE)
        return (weight * (predicted - clean) ** 2).mean()

    def step(self) -> float:
        """One optimiser step; returns its loss."""
        rate = learning_rate(self.progress.step, self.settings)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self.loss(self.progress.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), 1.0)
        self.optimiser.step()
        with torch.no_grad():
            # Early on the average forgets faster, or it would still hold the first weights.
            share = min(self.settings.average, (1 + self.progress.step) / (10 + self.progress.step))
            torch._foreach_lerp_(
                list(self.average.values()), list(self.weights.values()), 1 - share
            )
        self.progress.step += 1
        return loss.item()

    def run(self) -> None:
        """Train to the last step, with checkpoints, snapshots of the average and a curve."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = json.dumps(asdict(self.settings), indent=1)
        (self.folder / "settings.json").write_text(kept, encoding="utf-8")
        earlier, start, losses = self.progress.cpu_seconds, time.process_time(), []
        while not self.stopped and self.progress.step < self.settings.steps:
            losses.append(self.step())
            self.progress.cpu_seconds = earlier + time.process_time() - start
            last = self.stopped or self.progress.step == self.settings.steps
            if last or self.progress.step % self.settings.snapshot_every == 0:
                self.snapshot()
            if last or self.progress.step % self.settings.save_every == 0:
                self._record(losses)
                losses = []
                checkpoint.save(
                    self.folder / "checkpoints",
                    self.weights,
                    self.average,
                    self.optimiser,
                    self.progress,
                )

    def snapshot(self) -> None:
        """The averaged weights of this step in fp16."""
        target = self.folder / "snapshots"
        target.mkdir(exist_ok=True)
        halves = {name: value.half() for name, value in self.average.items()}
        save_file(halves, target / f"step-{self.progress.step:06d}.safetensors")

    def _record(self, losses: list[float]) -> None:
        path = self.folder / "loss_curve.csv"
        fresh = not path.exists()
        step, seconds = self.progress.step, self.progress.cpu_seconds
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(CURVE)
            rate, loss = learning_rate(step - 1, self.settings), float(np.mean(losses))
            writer.writerow([step, round(seconds), f"{rate:.6f}", f"{loss:.5f}"])
        print(f"{self.settings.name} {step} {seconds:.0f} CPU s, loss {loss:.5f}", flush=True)


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
    trainer = Trainer(NAMED[given.name], given.folder)
    signal.signal(signal.SIGTERM, lambda *_: setattr(trainer, "stopped", True))
    trainer.run()


if __name__ == "__main__":
    main()
