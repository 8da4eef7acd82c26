"""A training that survives a kill: weights and moments as safetensors, counters as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from engine.models.checkpoints import settle
from engine.models.lm.optimiser import Optimiser


@dataclass
class Progress:
    """Where a training is.

    The data order is a function of seed and step and the model has no dropout, so these counters
    and the generator's state are all that a resumed training needs beside the tensors.
    """

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    decay_start: int = 0  # in tokens
    decay_from: float = 1.0  # share of the full rate that the decay starts from
    total: int = 0  # in tokens
    # Every plan of the end, in order: tokens at that moment, share of the rate, total.
    plans: list[tuple[int, float, int]] = field(default_factory=list)


def save(folder: Path, model: nn.Module, optimiser: Optimiser, progress: Progress) -> None:
    """Write one checkpoint; a kill at any moment leaves the previous one readable."""
    name = f"step-{progress.step:06d}"
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    weights = {k: v.detach().contiguous() for k, v in model.named_parameters()}
    save_file(weights, target / "model.safetensors")
    moments = {**optimiser.state(), "rng..cpu": torch.get_rng_state()}
    save_file({k: v.contiguous() for k, v in moments.items()}, target / "optimiser.safetensors")
    (target / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")
    settle(folder, name)


def load_weights(checkpoint: Path, model: nn.Module) -> Progress:
    """Put a checkpoint's weights into ``model``; returns its counters."""
    weights = load_file(checkpoint / "model.safetensors")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weights[name])
    return Progress(**json.loads((checkpoint / "progress.json").read_text(encoding="utf-8")))


def load(checkpoint: Path, model: nn.Module, optimiser: Optimiser) -> Progress:
    """Continue exactly where ``save`` stood."""
    progress = load_weights(checkpoint, model)
    moments = load_file(checkpoint / "optimiser.safetensors")
    torch.set_rng_state(moments.pop("rng..cpu"))
    optimiser.load_state(moments)
    return progress
