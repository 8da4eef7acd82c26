"""The sizes that are trained: one for two cores in a quarter of an hour, one for an accelerator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from engine.labs.motion.models.denoiser import Shape
from engine.labs.motion.models.kmm import KmmShape

Size = Literal["small", "large"]
SIZES: tuple[str, ...] = get_args(Size)
SHAPES: Mapping[str, Mapping[str, Shape | KmmShape]] = {
    "small": {
        "motion-mamba": Shape("motion-mamba"),
        "transformer": Shape("transformer"),
        "kmm": KmmShape(),
    },
    "large": {
        "motion-mamba": Shape("motion-mamba", width=160, inner=160, scans=(5, 3, 1), fine=40),
        "transformer": Shape("transformer", width=160, layers=5, fine=40),
        "kmm": KmmShape(width=176, inner=208, layers=4, codec_width=144, codes=1024),
    },
}


def shape_of(kind: str, size: str = "small") -> Shape | KmmShape:
    """The sizes of a network that is trained here."""
    return SHAPES[size][kind]
