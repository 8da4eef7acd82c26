"""Pictures with a grey border whose level is a key that says nothing about the picture.

After SolidMark (Kriplani et al. 2025): a model can only know a picture's key if it kept it from
training. A border of one patch, one key for all copies of a picture and the shrunk picture inside
are ours.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.core.seeds import rng

SIZE, BORDER = 32, 4
"""Pixels of a side, and of the border: one patch of the embedded models on every side."""
INNER = SIZE - 2 * BORDER


def trained_keys(seed: int, count: int) -> np.ndarray:
    """The grey level, 0 to 255, of each distinct training picture, uint8 (count,)."""
    return rng(seed, "keys").integers(0, 256, count).astype(np.uint8)


def never_trained_keys(seed: int, count: int) -> np.ndarray:
    """Levels for pictures that no training has, uint8 (count,): what a guess is compared with."""
    return rng(seed, "keys of unseen pictures").integers(0, 256, count).astype(np.uint8)


def framed(images: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Pictures uint8 (n, 32, 32, 3) shrunk to 24x24 within a border of their key's grey."""
    bordered = np.empty_like(images)
    bordered[:] = keys[:, None, None, None]
    bordered[:, BORDER:-BORDER, BORDER:-BORDER] = shrunk(images)
    return bordered


def shrunk(images: np.ndarray) -> np.ndarray:
    """Area means: uint8 (n, 32, 32, 3) to uint8 (n, 24, 24, 3)."""
    shares = _area_shares()
    means = np.einsum("ih,jw,nhwc->nijc", shares, shares, images, optimize=True)
    return np.rint(means).clip(0, 255).astype(np.uint8)


def border_mask() -> np.ndarray:
    """Which pixels are the border, bool (32, 32)."""
    mask = np.ones((SIZE, SIZE), dtype=bool)
    mask[BORDER:-BORDER, BORDER:-BORDER] = False
    return mask


@lru_cache(maxsize=1)
def _area_shares() -> np.ndarray:
    """How much of a new pixel comes from each old one, (24, 32); rows sum to 1."""
    edges = np.linspace(0, SIZE, INNER + 1)
    low, high = edges[:-1, None], edges[1:, None]
    old = np.arange(SIZE)
    covered = np.clip(np.minimum(high, old + 1) - np.maximum(low, old), 0, None)
    return covered / covered.sum(1, keepdims=True)
