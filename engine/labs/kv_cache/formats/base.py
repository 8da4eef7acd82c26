"""What a codec is: the maths of one format, without windows, rotations and names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core import BadInput
from engine.labs.kv_cache.formats.arrays import Array

Role = Literal["key", "value"]
Planes = dict[str, Array]


@dataclass(frozen=True)
class Scope:
    """What a codec must know about the tensor: the last two axes, the heads, and its role."""

    tokens: int
    width: int
    head_dim: int
    role: Role = "key"


@dataclass(frozen=True, eq=False)
class Detail:
    """How each value of one [tokens, width] matrix was coded; NaN where a notion is absent.

    ``code`` is the position on the format's grid, ``step`` the distance between neighbours there
    (the scale of the block for formats with an uneven grid), ``exponent`` the shared exponent.
    """

    code: np.ndarray
    step: np.ndarray
    exponent: np.ndarray
    clipped: np.ndarray
    block: np.ndarray
    saturated_blocks: int = 0


class Codec(ABC):
    """Maths of one format on float32 arrays [..., tokens, width] of either library.

    Planes are unpacked here: integer codes, or floats of the precision in which they are kept.
    """

    needs_calibration: bool = False

    @abstractmethod
    def quantize(self, x: Array, scope: Scope) -> Planes:
        """The stored numbers of finite float32 ``x``."""

    @abstractmethod
    def dequantize(self, planes: Planes, scope: Scope) -> Array:
        """The float32 values of the stored numbers."""

    @abstractmethod
    def plane_bits(self, scope: Scope) -> Mapping[str, tuple[int, int, int]]:
        """Each plane's rows, columns and bits per entry for one [tokens, width] matrix.

        Planes of fewer than 16 bits are integer codes and get packed.
        """

    @abstractmethod
    def detail(self, x: np.ndarray, scope: Scope) -> Detail:
        """Codes, steps and clipping of one matrix [tokens, width]."""

    @abstractmethod
    def block_shape(self, scope: Scope) -> tuple[int, int]:
        """(tokens, channels) of one scale block."""

    def fast(self, x: Array, scope: Scope) -> Array | None:
        """The fake-quantised values by a quicker routine with equal bits, or None."""
        return None

    def token_group(self, role: Role) -> int:
        """How many tokens are coded together when a cache grows."""
        return 1

    def check(self, scope: Scope) -> None:  # noqa: B027 - most formats suit every shape
        """Raise BadInput when the shape does not suit the format."""

    def calibrated(self, samples: np.ndarray, weights: np.ndarray | None, scope: Scope) -> Codec:
        """A codec whose offline constants were fitted on ``samples`` (float32 [n, width])."""
        return self


def whole_heads(scope: Scope, name: str) -> None:
    """Raise BadInput unless the width is a whole number of heads."""
    if scope.width % scope.head_dim:
        raise BadInput(
            "head_dim",
            f"{name} needs whole heads, but the width {scope.width} is not a multiple of "
            f"head_dim {scope.head_dim}",
        )
