"""Large pictures made small enough to be kept and shown."""

from __future__ import annotations

import numpy as np


def shrunk(pictures: np.ndarray, most: int) -> np.ndarray:
    """Pictures uint8 (..., height, width, 3) of at most ``most`` pixels a side.

    The means of square blocks of pixels; what does not fill a block at the end is cut off.
    """
    height, width = pictures.shape[-3:-1]
    block = -(-max(height, width) // most)
    if block == 1:
        return pictures
    high, wide = height // block, width // block
    cropped = pictures[..., : high * block, : wide * block, :].astype(np.float32)
    blocks = cropped.reshape(*pictures.shape[:-3], high, block, wide, block, 3)
    return blocks.mean((-4, -2)).round().astype(np.uint8)
