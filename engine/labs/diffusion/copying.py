"""How close a picture is to the one that it may copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.core import BadInput

WINDOW = 7
EXTRACTED = 0.7
"""SSIM from which a picture counts as extracted: a line that this lab draws, not a paper's."""
NEIGHBOURS = 50
# Wang et al. 2004, section III.B; of pictures from 0 to 1.
C1, C2 = 0.01**2, 0.03**2


def ssim(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Structural similarity (Wang et al. 2004) of pairs, (n,): mean over 7x7 windows and channels.

    Both uint8 (n, height, width, 3). Windows weigh all of their pixels alike and lie within the
    picture; variances divide by one less than their pixels.
    """
    _check(first, second)
    return structure(first / 255.0, second / 255.0)


def structure(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``ssim`` of pairs from 0 to 1, (n, height, width, channels) with any number of channels."""
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    scale = WINDOW**2 / (WINDOW**2 - 1)
    var_x = scale * (_window_mean(x * x) - mean_x**2)
    var_y = scale * (_window_mean(y * y) - mean_y**2)
    cov = scale * (_window_mean(x * y) - mean_x * mean_y)
    similar = (2 * mean_x * mean_y + C1) * (2 * cov + C2)
    total = (mean_x**2 + mean_y**2 + C1) * (var_x + var_y + C2)
    return (similar / total).mean((1, 2, 3))


def _window_mean(pictures: np.ndarray) -> np.ndarray:
    """Means over windows, (n, height - 6, width - 6, channels), one axis after the other."""
    rows = sliding_window_view(pictures, WINDOW, axis=1).mean(-1)
    return sliding_window_view(rows, WINDOW, axis=2).mean(-1)


def zncc(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Zero-mean normalised cross-correlation of pairs, (n,), over all pixels and channels.

    0 where a picture is of one value.
    """
    _check(first, second)
    x = first.reshape(len(first), -1).astype(float)
    y = second.reshape(len(second), -1).astype(float)
    x -= x.mean(1, keepdims=True)
    y -= y.mean(1, keepdims=True)
    norm = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return np.divide((x * y).sum(1), norm, out=np.zeros(len(x)), where=norm > 0)


def extracted(similarity: np.ndarray) -> np.ndarray:
    """Which SSIM values count as an extraction, bool."""
    return similarity > EXTRACTED


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest training pictures of each of n pictures.

    ``nearest`` (n,) is a position, ``distance`` (n,) its root mean square distance from 0 to 1,
    ``ratio`` (n,) that distance over the mean of the 50 nearest.
    """

    nearest: np.ndarray
    distance: np.ndarray
    ratio: np.ndarray


class TrainingPictures:
    """Training pictures to look up the nearest ones in: uint8 (n, height, width, 3)."""

    def __init__(self, images: np.ndarray):
        self.images = images

    @cached_property
    def _rows(self) -> np.ndarray:
        return self.images.reshape(len(self.images), -1).astype(np.float32) / 255

    @cached_property
    def _squares(self) -> np.ndarray:
        return np.einsum("nd,nd->n", self._rows, self._rows)

    def neighbours(self, pictures: np.ndarray) -> Neighbours:
        """The nearest ones of ``pictures`` uint8 (n, height, width, 3).

        The ratio is that of Carlini et al. 2023 (section 5) with a factor of 1 where theirs has a
        half: a copy is close to 0, a picture like any other close to 1.
        """
        squares = self._mean_squares(pictures)
        count = min(NEIGHBOURS, len(self.images))
        closest = np.sqrt(np.sort(np.partition(squares, count - 1, axis=1)[:, :count], axis=1))
        mean = closest.mean(1)
        return Neighbours(
            nearest=squares.argmin(1),
            distance=closest[:, 0],
            ratio=np.divide(closest[:, 0], mean, out=np.zeros(len(mean)), where=mean > 0),
        )

    def closest(self, pictures: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions and root mean square distances (n, count) of the nearest, by distance."""
        squares = self._mean_squares(pictures)
        order = np.argsort(squares, axis=1, kind="stable")[:, :count]
        return order, np.sqrt(np.take_along_axis(squares, order, axis=1))

    def _mean_squares(self, pictures: np.ndarray) -> np.ndarray:
        """Mean squared differences to every training picture, (n, training pictures)."""
        if pictures.shape[1:] != self.images.shape[1:]:
            raise BadInput(
                "images", f"must be {self.images.shape[1:]} like the training pictures "
                f"(got {pictures.shape[1:]})"
            )  # fmt: skip
        rows = pictures.reshape(len(pictures), -1).astype(np.float32) / 255
        squares = np.einsum("nd,nd->n", rows, rows)[:, None] + self._squares
        return np.maximum(squares - 2 * rows @ self._rows.T, 0) / rows.shape[1]


def _check(first: np.ndarray, second: np.ndarray) -> None:
    if first.shape != second.shape or first.ndim != 4 or first.shape[-1] != 3:
        raise BadInput("images", f"must be pairs of (n, height, width, 3) "
                       f"(got {first.shape} and {second.shape})")  # fmt: skip
    if min(first.shape[1:3]) < WINDOW:
        raise BadInput("images", f"must be at least {WINDOW} pixels high and wide")
