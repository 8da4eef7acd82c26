"""A training that survives a kill: weights, their averages and moments as safetensors.

Buffers that a training moves, and what is kept fixed, are written beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.models.checkpoints import settle

Weights = dict[str, Tensor]
NONE: Mapping[str, Tensor] = MappingProxyType({})
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
    buffers: Mapping[str, Tensor] = NONE,
) -> None:
    """Write one checkpoint; a kill at any moment leaves the previous one readable."""
    name = f"step-{progress.step:06d}"
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    tensors = {f"weights/{key}": value.detach() for key, value in weights.items()}
    tensors |= {f"buffers/{key}": value for key, value in buffers.items()}
    tensors |= {f"average/{key}": value for key, value in average.items()}
    for key, parameter in weights.items():
        state = optimiser.state[parameter]
        tensors |= {f"{moment}/{key}": state[moment] for moment in _MOMENTS if moment in state}
    save_file({k: v.contiguous() for k, v in tensors.items()}, target / "training.safetensors")
    (target / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")
    settle(folder, name)


def load(
    checkpoint: Path,
    weights: Weights,
    average: Weights,
    optimiser: torch.optim.Optimizer,
    buffers: Mapping[str, Tensor] = NONE,
) -> Progress:
    """Continue exactly where ``save`` stood."""
    tensors = load_file(checkpoint / "training.safetensors")
    progress = Progress(**json.loads((checkpoint / "progress.json").read_text(encoding="utf-8")))
    with torch.no_grad():
        for key, buffer in buffers.items():
            buffer.copy_(tensors[f"buffers/{key}"])
        for key, parameter in weights.items():
            parameter.copy_(tensors[f"weights/{key}"])
            average[key].copy_(tensors[f"average/{key}"])
            moments = {m: tensors[f"{m}/{key}"] for m in _MOMENTS if f"{m}/{key}" in tensors}
            if moments:
                step = torch.tensor(float(progress.step), device=parameter.device)
                moments = {name: value.to(parameter.device) for name, value in moments.items()}
                optimiser.state[parameter] = {"step": step, **moments}
    return progress


def load_average(checkpoint: Path, network: torch.nn.Module) -> int:
    """The averaged weights and the buffers into ``network``; returns the step."""
    tensors = load_file(checkpoint / "training.safetensors")
    with torch.no_grad():
        for key, value in network.state_dict(keep_vars=True).items():
            trained = f"average/{key}"
            value.copy_(tensors[trained if trained in tensors else f"buffers/{key}"])
    text = (checkpoint / "progress.json").read_text(encoding="utf-8")
    return int(json.loads(text)["step"])
