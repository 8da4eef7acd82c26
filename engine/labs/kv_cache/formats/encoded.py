"""Stored form of a tensor: packed planes, and nothing that could be recomputed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.labs.kv_cache.formats.arrays import Array
from engine.labs.kv_cache.formats.base import Role
from engine.labs.kv_cache.formats.packing import pack, unpack

FLOAT_BITS = (16, 32)


@dataclass(frozen=True, eq=False)
class Encoded:
    """What a cache keeps of x [..., tokens, width].

    ``planes`` maps names to arrays [..., rows, columns]: uint8 rows of packed codes, float16 or
    float32 scales. Planes ``sink`` and ``window`` are the fp16 tokens before and
    after the coded ones. Planes of consecutive token groups can be joined along axis -2.
    """

    planes: dict[str, Array]
    shape: tuple[int, ...]
    dtype: str
    head_dim: int
    role: Role
    format_id: str

    @property
    def nbytes(self) -> int:
        """Bytes of all planes. Each row of packed codes is padded to a whole byte."""
        return sum(int(_size(plane)) * _item(plane) for plane in self.planes.values())


def pack_plane(values: Array, bits: int) -> Array:
    """A codec's plane as it is stored: floats as they are, integer codes as bytes."""
    if bits in FLOAT_BITS and "float" in str(values.dtype):
        return values
    return pack(values, bits)


def unpack_plane(stored: Array, columns: int, bits: int) -> Array:
    """The inverse of ``pack_plane``."""
    if "float" in str(stored.dtype):
        return stored
    return unpack(stored, bits, columns)


def _size(plane: Array) -> int:
    return plane.numel() if hasattr(plane, "numel") else plane.size


def _item(plane: Array) -> int:
    return plane.element_size() if hasattr(plane, "element_size") else plane.itemsize
