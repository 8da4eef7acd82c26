"""SSCD, a published copy detector (Pizzi et al. 2022), where its owner's file is at hand.

The file is a TorchScript program. It is opened on the command line only, by whoever named it: a
page never opens one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from engine.core import BadInput
from engine.core.settings import MB
from engine.io.paths import local_path

SIDE = 288
"""Pixels of the shorter side that the published transforms resize to."""
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MOST_BYTES = 1000 * MB


class CopyDetector:
    """Descriptors of pictures and their cosine similarity; 1 for the same picture."""

    def __init__(self, path: Path | str):
        """Open ``sscd_*.torchscript.pt``; raises BadInput for anything else."""
        file = local_path(path, field="sscd")
        if not file.is_file():
            raise BadInput("sscd", f"{str(path)[:200]!r} is not a file")
        if file.stat().st_size > MOST_BYTES:
            raise BadInput("sscd", f"at most {MOST_BYTES // MB} MB are opened")
        try:
            self._network = torch.jit.load(str(file), map_location="cpu").eval()
        except RuntimeError:
            raise BadInput("sscd", f"{file.name!r} is no TorchScript file") from None

    def similarity(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Cosine of pairs of pictures uint8 (n, height, width, 3): (n,), from -1 to 1."""
        if first.shape != second.shape or first.ndim != 4 or first.shape[-1] != 3:
            raise BadInput("images", f"must be pairs of (n, height, width, 3) (got {first.shape} "
                           f"and {second.shape})")  # fmt: skip
        return (self._describe(first) * self._describe(second)).sum(1).numpy()

    @torch.no_grad()
    def _describe(self, pictures: np.ndarray) -> Tensor:
        """Unit vectors, (n, width)."""
        pixels = torch.from_numpy(pictures).movedim(-1, 1).float() / 255
        pixels = (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(SPREAD).view(3, 1, 1)
        height, width = pixels.shape[2:]
        scale = SIDE / min(height, width)
        size = (round(height * scale), round(width * scale))
        resized = interpolate(pixels, size, mode="bilinear", antialias=True)
        try:
            found = self._network(resized)
        except RuntimeError:
            found = None
        if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != len(pictures):
            raise BadInput("sscd", "the program makes no vector of each picture")
        return normalize(found.float(), dim=1)
