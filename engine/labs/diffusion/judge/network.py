"""The attribute judge: a convolutional network with a head for each attribute of a scene."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.core import BadInput
from engine.core.assets import ASSETS
from engine.io.safetensors_check import check_safetensors
from engine.labs.diffusion.pictures.scenes import ATTRIBUTES, Scene

SHIPPED = ASSETS / "models" / "diffusion" / "judge" / "model.safetensors"


class Judge(nn.Module):
    """Pictures (n, 3, 32, 32) from -1 to 1 to logits of every attribute's values."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96)
        self.body = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, padding=1),
                    nn.GroupNorm(8, after),
                    nn.SiLU(),
                    nn.Conv2d(after, after, 3, stride=2, padding=1),
                    nn.SiLU(),
                )
                for before, after in itertools.pairwise(widths)
            ),
            nn.Flatten(),
            nn.Linear(96 * 4 * 4, 64),
            nn.SiLU(),
        )
        self.heads = nn.ModuleDict(
            {name: nn.Linear(64, len(values)) for name, values in ATTRIBUTES.items()}
        )

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Logits by attribute, each (n, values)."""
        features = self.body(pixels)
        return {name: head(features) for name, head in self.heads.items()}


def to_pixels(images: np.ndarray) -> Tensor:
    """uint8 (n, 32, 32, 3) as float32 (n, 3, 32, 32) from -1 to 1."""
    return torch.from_numpy(images).movedim(-1, 1).float() / 127.5 - 1


@torch.inference_mode()
def judged(judge: Judge, images: np.ndarray) -> np.ndarray:
    """Positions of the values that the judge sees, (n, attributes), in ``ATTRIBUTES``' order."""
    logits = judge(to_pixels(images))
    return torch.stack([logits[name].argmax(1) for name in ATTRIBUTES], dim=1).numpy()


def accuracy(judge: Judge, images: np.ndarray, scenes: Sequence[Scene]) -> dict[str, float]:
    """Share of pictures that show what their caption says, by attribute, and their mean."""
    wanted = np.array([scene.labels for scene in scenes])
    right = (judged(judge, images) == wanted).mean(0)
    named = dict(zip(ATTRIBUTES, right.tolist(), strict=True))
    return {**named, "mean": float(right.mean())}


@lru_cache(maxsize=1)
def load_judge(path: Path = SHIPPED) -> Judge:
    """The shipped judge; raises BadInput where it is missing."""
    if not path.is_file():
        raise BadInput("judge", "the judge is not in this checkout; `make train-diffusion`")
    check_safetensors(path, field="judge", max_bytes=1e8)
    judge = Judge()
    judge.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return judge.eval().requires_grad_(False)
