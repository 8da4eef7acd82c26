"""Pictures of visitors: PNG and JPEG of one size, judged before they are decoded."""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np

from engine.core.errors import BadInput

MOST_BYTES = 1_000_000
FORMATS = ("PNG", "JPEG")
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
"""Kinds of pixels that convert to RGB without loss of range; gray in 16 bits does not."""


def read_picture(data: bytes, side: int, *, field: str = "picture") -> np.ndarray:
    """A picture of ``side`` by ``side`` pixels as uint8 (side, side, 3), transparency over black.

    Raises BadInput for another format or size, for several pictures in one file, for gray of 16
    bits, and for a file that is cut off.
    """
    from PIL import Image, UnidentifiedImageError

    if len(data) > MOST_BYTES:
        raise BadInput(
            field, f"at most {MOST_BYTES / 1e6:g} MB are read, it has {len(data):,} bytes"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes, which are judged below
            image = Image.open(BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise BadInput(field, "must be a PNG or JPEG picture") from None
    if image.size != (side, side):
        width, height = image.size
        raise BadInput(
            field, f"must be exactly {side} x {side} pixels (got {width:,} x {height:,})"
        )
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise BadInput(field, f"must be one picture (the file has {frames})")
    if image.mode not in MODES:
        raise BadInput(field, f"must have 8 bits per channel (got pixels of kind {image.mode})")
    try:
        # A palette may hold transparency too: through RGBA everything ends alike.
        straight = np.asarray(image.convert("RGBA"), dtype=np.float64)
    except (OSError, ValueError, SyntaxError):
        raise BadInput(field, "is cut off or broken: its pixels cannot be decoded") from None
    return np.rint(straight[..., :3] * straight[..., 3:] / 255).astype(np.uint8)
