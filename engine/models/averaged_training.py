"""A training whose weights are averaged: its steps, its checkpoints and its curve."""

from __future__ import annotations

import csv
import json
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor

from engine.models import averaged
from engine.models.averaged import NONE, Progress, Weights
from engine.models.checkpoints import latest

CURVE = ("step", "cpu_seconds", "rate", "loss")


@dataclass(frozen=True)
class AveragedSettings:
    """What every such training is told; a training's own settings add to it."""

    name: str
    steps: int
    average: float = 0.995
    clip: float = 1.0
    save_every: int = 100


Told = TypeVar("Told", bound=AveragedSettings)
Shown = TypeVar("Shown")


class AveragedTraining(ABC, Generic[Told, Shown]):
    """Weights, their moving average, the optimiser and the place; continues where it was cut.

    ``weights`` are trained; ``buffers`` are kept with them as they are.
    """

    def __init__(
        self,
        settings: Told,
        folder: Path,
        weights: Weights,
        optimiser: torch.optim.Optimizer,
        buffers: Mapping[str, Tensor] = NONE,
    ):
        self.settings, self.folder = settings, folder
        self.weights, self.buffers, self.optimiser = weights, buffers, optimiser
        self.average = {name: value.detach().clone() for name, value in weights.items()}
        self.progress = Progress()
        found = latest(folder / "checkpoints")
        if found is not None:
            self.progress = averaged.load(found, weights, self.average, optimiser, buffers)
        self.stopped = False

    @abstractmethod
    def rate(self, step: int) -> float:
        """The learning rate of a step."""

    @abstractmethod
    def draws(self) -> Iterable[Shown]:
        """What is shown in each step that is left."""

    @abstractmethod
    def loss(self, step: int, shown: Shown) -> Tensor:
        """The loss of a step, a scalar; its noise is a function of seed and step."""

    def done(self, *, last: bool) -> None:
        """After every step: what a training does beside its checkpoints."""

    def step(self, shown: Shown) -> Tensor:
        """One step of the optimiser; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(self.progress.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(self.progress.step, shown)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), self.settings.clip)
        self.optimiser.step()
        with torch.no_grad():
            # Early on the average forgets faster, or it would still hold the first weights.
            share = min(self.settings.average, (1 + self.progress.step) / (10 + self.progress.step))
            torch._foreach_lerp_(
                list(self.average.values()), list(self.weights.values()), 1 - share
            )
        self.progress.step += 1
        return loss.detach()

    def run(self) -> None:
        """Train to the last step, with checkpoints and a curve."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = json.dumps(asdict(self.settings), indent=1)
        (self.folder / "settings.json").write_text(kept, encoding="utf-8")
        earlier, start = self.progress.cpu_seconds, time.process_time()
        losses: list[Tensor] = []
        for shown in self.draws():
            losses.append(self.step(shown))
            self.progress.cpu_seconds = earlier + time.process_time() - start
            last = self.stopped or self.progress.step == self.settings.steps
            self.done(last=last)
            if last or self.progress.step % self.settings.save_every == 0:
                self._record(losses)
                losses = []
                self.save()
            if self.stopped:
                break

    def run_until_told(self) -> None:
        """``run``; SIGTERM ends it after the step that is being made, with a checkpoint."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))
        self.run()

    def save(self) -> None:
        """Write a checkpoint."""
        folder = self.folder / "checkpoints"
        averaged.save(
            folder, self.weights, self.average, self.optimiser, self.progress, self.buffers
        )

    def _record(self, losses: Sequence[Tensor]) -> None:
        path = self.folder / "loss_curve.csv"
        fresh = not path.exists()
        step, seconds = self.progress.step, self.progress.cpu_seconds
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(CURVE)
            loss = float(torch.stack(list(losses)).mean())
            writer.writerow([step, round(seconds), f"{self.rate(step - 1):.6f}", f"{loss:.5f}"])
        print(f"{self.settings.name} {step} {seconds:.0f} CPU s, loss {loss:.5f}", flush=True)
