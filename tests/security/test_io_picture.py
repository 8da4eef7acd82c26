"""Pictures that would be changed without a word are refused."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.core import BadInput
from engine.io.picture import read_picture


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    kept = BytesIO()
    image.save(kept, kind, **options)
    return kept.getvalue()


PLAIN, RED = Image.new("RGB", (32, 32)), Image.new("RGB", (32, 32), (255, 0, 0))
SEVERAL: dict[str, Any] = {"save_all": True, "append_images": [RED] * 2}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encoded(Image.new("I;16", (32, 32), 40_000)), "must have 8 bits per channel"),
        (encoded(PLAIN, **SEVERAL), r"must be one picture \(the file has 3\)"),
        (encoded(PLAIN, "MPO", **SEVERAL), r"must be one picture \(the file has 3\)"),
        (encoded(PLAIN, "GIF", **SEVERAL), "must be a PNG or JPEG picture"),
        (encoded(PLAIN, "TIFF"), "must be a PNG or JPEG picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "must be a PNG or JPEG picture"),
        (encoded(PLAIN.resize((33, 32))), "must be exactly 32 x 32 pixels"),
        (encoded(PLAIN)[:40], "picture: "),
    ],
)
def test_other_pictures_get_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_picture(data, 32)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_with_eight_bits_keeps_its_white(mode: str) -> None:
    white = Image.new("L", (32, 32), 255).convert(mode)
    assert np.unique(read_picture(encoded(white), 32)).tolist() == [255]
