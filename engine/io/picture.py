"""Pictures of visitors: PNG and JPEG of one size, judged before they are decoded."""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np

from engine.core.errors import BadInput

MOST_BYTES = 1_000_000
FORMATS = ("PNG", "JPEG")


def read_picture(data: bytes, side: int, *, field: str = "picture") -> np.ndarray:
    """A picture of ``side`` by ``side`` pixels as uint8 (side, side, 3), transparency over black.

    Raises BadInput for another format or size, and for a file that is cut off.
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
    try:
        # A palette may hold transparency too: through RGBA everything ends alike.
        straight = np.asarray(image.convert("RGBA"), dtype=np.float64)
    except (OSError, ValueError, SyntaxError):
        raise BadInput(field, "is cut off or broken: its pixels cannot be decoded") from None
    return np.rint(straight[..., :3] * straight[..., 3:] / 255).astype(np.uint8)
