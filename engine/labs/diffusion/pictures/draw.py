"""Anti-aliased shapes on a small canvas: coverage from signed distances, colours laid over."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

SIDE = 32
"""Pixels along each side of every picture."""

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _circle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.hypot(x, y) - 1.0


def _box(x: np.ndarray, y: np.ndarray, width: float, height: float) -> np.ndarray:
    return np.maximum(np.abs(x) - width, np.abs(y) - height)


def _square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _box(x, y, 0.88, 0.88)


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.minimum(_box(x, y, 1.0, 0.34), _box(x, y, 0.34, 1.0))


# Signed distance in units of the radius: negative inside.
SHAPES: Mapping[str, Distance] = {"circle": _circle, "square": _square, "cross": _cross}


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Centres of the pixels, x and y, each (side, side), from 0 to 1; y grows downwards."""
    centres = (np.arange(SIDE) + 0.5) / SIDE
    return np.broadcast_to(centres, (SIDE, SIDE)), np.broadcast_to(centres[:, None], (SIDE, SIDE))


def coverage(shape: str, centre: tuple[float, float], radius: float, turn: float) -> np.ndarray:
    """Share of each pixel that a shape covers, (side, side) from 0 to 1.

    ``centre`` and ``radius`` are in sides of the picture, ``turn`` in radians.
    """
    x, y = grid()
    x, y = (x - centre[0]) / radius, (y - centre[1]) / radius
    sine, cosine = np.sin(turn), np.cos(turn)
    distance = SHAPES[shape](cosine * x + sine * y, cosine * y - sine * x)
    return np.clip(0.5 - distance * radius * SIDE, 0.0, 1.0)


def lay(canvas: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """``canvas`` (side, side, 3) with ``colour`` (3,) where ``cover`` (side, side) is 1."""
    return canvas + cover[..., None] * (colour - canvas)


def to_bytes(canvas: np.ndarray) -> np.ndarray:
    """uint8 of the same shape from values between 0 and 255."""
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)
