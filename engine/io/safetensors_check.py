"""The door for safetensors files: the header is judged before a byte of a tensor is read.

Format: 8 bytes little-endian header length, the header as JSON, then the tensors' bytes
(https://github.com/huggingface/safetensors, section "Format").
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from engine.core.errors import BadInput

HEADER_BYTES = 1_000_000
MOST_BITS = 2**63  # readers count in 64 bits and give up where a product of sizes does not fit
DTYPE_BITS: Mapping[str, int] = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip


@dataclass(frozen=True)
class TensorInfo:
    """One tensor as the header describes it; ``begin`` and ``end`` count from the first tensor."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def check_safetensors(
    source: Path | bytes, *, field: str = "file", max_bytes: float = 20e9
) -> dict[str, TensorInfo]:
    """What a safetensors file declares, after checking that all of it is true.

    Raises BadInput naming ``field``: a header over 1 MB or over the file, not JSON in UTF-8, a
    type that is not on the list, sizes whose product overflows, offsets with gaps or overlaps or
    beyond the file, more than ``max_bytes``.
    """
    try:
        if isinstance(source, bytes):
            return _check(BytesIO(source), len(source), field, max_bytes)
        with source.open("rb") as file:
            return _check(file, os.fstat(file.fileno()).st_size, field, max_bytes)
    except OSError as error:
        raise BadInput(field, f"cannot be read ({error.strerror})") from None


def _check(file: BinaryIO, size: int, field: str, max_bytes: float) -> dict[str, TensorInfo]:
    if size > max_bytes:
        raise BadInput(field, f"at most {max_bytes / 1e6:g} MB are read, it has {size / 1e6:.0f}")
    if size < 8:
        raise BadInput(field, f"not a safetensors file: {size} bytes are too few for a header")
    length = int.from_bytes(file.read(8), "little")
    if length > HEADER_BYTES:
        raise BadInput(field, "not a safetensors file: its header would be larger than 1 MB")
    if length > size - 8:
        raise BadInput(field, "the safetensors header is longer than the file; it was cut off")
    header = _header(file.read(length), field)
    tensors = {
        name: _tensor(name, entry, field)
        for name, entry in header.items()
        if name != "__metadata__"
    }
    _check_layout(tensors, size - 8 - length, field)
    return tensors


def _header(text: bytes, field: str) -> dict[str, Any]:
    try:
        # Decoded first: of bytes, json.loads would take UTF-16 and byte order marks too.
        header = json.loads(
            text.decode("utf-8"), object_pairs_hook=_sound_names, parse_constant=_no_constants
        )
    except (ValueError, RecursionError):
        raise BadInput(field, "the safetensors header is not valid JSON in UTF-8") from None
    if not isinstance(header, dict):
        raise BadInput(field, "the safetensors header is not a JSON object")
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise BadInput(field, "the safetensors metadata may hold texts only")
    if any(_is_half(value) for value in metadata.values()):
        raise BadInput(field, "the safetensors metadata holds half a character (a lone surrogate)")
    return header


def _tensor(name: str, entry: Any, field: str) -> TensorInfo:
    shown = repr(name[:60])
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise BadInput(field, f"tensor {shown} lacks a dtype, a shape or its offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        allowed = ", ".join(DTYPE_BITS)
        raise BadInput(field, f"tensor {shown} has type {str(dtype)[:20]!r}; allowed are {allowed}")
    if not isinstance(shape, list) or len(shape) > 8 or not all(map(_is_size, shape)):
        raise BadInput(field, f"tensor {shown} has no proper shape (up to 8 sizes from 0 to 2^40)")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_is_size, offsets)):
        raise BadInput(field, f"tensor {shown} has no proper offsets")
    # Of the sizes before a zero, too, as readers multiply them one after the other.
    if math.prod(size for size in shape if size) * DTYPE_BITS[dtype] > MOST_BITS:
        raise BadInput(field, f"tensor {shown}: the product of its sizes is larger than 2^63 bits")
    begin, end = offsets
    if (end - begin) * 8 != math.prod(shape) * DTYPE_BITS[dtype]:
        raise BadInput(field, f"tensor {shown}: its offsets do not fit its type and shape")
    return TensorInfo(dtype, tuple(shape), begin, end)


def _check_layout(tensors: Mapping[str, TensorInfo], size: int, field: str) -> None:
    position = 0
    for name, info in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if info.begin != position:
            raise BadInput(field, f"tensor {name[:60]!r} leaves a gap or overlaps another tensor")
        position = info.end
    if position > size:
        raise BadInput(
            field, f"the file was cut off: {position} bytes of tensors declared, {size} are there"
        )
    if position < size:
        raise BadInput(field, f"{size - position} bytes at the end belong to no tensor")


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 2**40


def _is_half(text: str) -> bool:
    """Whether a text holds half of a surrogate pair, which JSON can escape and UTF-8 cannot say."""
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _sound_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    if any(_is_half(name) for name in found):
        raise ValueError("a name holds half a character")
    return found


def _no_constants(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
