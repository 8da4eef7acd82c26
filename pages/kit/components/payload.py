"""How arrays travel to a component: one JSON header, then the raw bytes of each array."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Header and arrays as bytes: length of the JSON (uint32), JSON, arrays aligned to 8 bytes.

    The JSON lists each array as name, dtype, length and offset from the first array; payload.js
    reads it back. Raw bytes are a quarter smaller than base64 and need no copy in the browser.
    """
    described, chunks, offset = [], [], 0
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        described.append(
            {"name": name, "dtype": array.dtype.name, "length": array.size, "offset": offset}
        )
        chunks.append(raw + b"\0" * (-len(raw) % 8))
        offset += len(chunks[-1])
    text = json.dumps({**header, "arrays": described}, allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return struct.pack("<I", len(text)) + text + b"".join(chunks)
