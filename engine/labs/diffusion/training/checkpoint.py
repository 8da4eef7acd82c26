"""A training that survives a kill: weights, averages and moments as safetensors."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.models.checkpoints import settle

Weights = dict[str, Tensor]
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class Progress:
    """Where a training is; the data and the noise of a step are functions of seed and step."""

    step: int = 0
    cpu_seconds: float = 0.0


def save(
    folder: Path,
    weights: Weights,
    average: Weights,
    optimiser: torch.optim.Optimizer,
    progress: Progress,
) -> None:
    """Write one checkpoint; a kill at any moment leaves the previous one readable."""
    name = f"step-{progress.step:06d}"
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    tensors = {f"weights/{key}": value.detach() for key, value in weights.items()}
    tensors |= {f"average/{key}": value for key, value in average.items()}
    for key, parameter in weights.items():
        state = optimiser.state[parameter]
        tensors |= {f"{moment}/{key}": state[moment] for moment in _MOMENTS}
    save_file({k: v.contiguous() for k, v in tensors.items()}, target / "training.safetensors")
    (target / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")
    settle(folder, name)


def load(
    checkpoint: Path, weights: Weights, average: Weights, optimiser: torch.optim.Optimizer
) -> Progress:
    """Continue exactly where ``save`` stood."""
    tensors = load_file(checkpoint / "training.safetensors")
    progress = Progress(**json.loads((checkpoint / "progress.json").read_text(encoding="utf-8")))
    with torch.no_grad():
        for key, parameter in weights.items():
            parameter.copy_(tensors[f"weights/{key}"])
            average[key].copy_(tensors[f"average/{key}"])
            optimiser.state[parameter] = {
                "step": torch.tensor(float(progress.step)),
                **{moment: tensors[f"{moment}/{key}"] for moment in _MOMENTS},
            }
    return progress
