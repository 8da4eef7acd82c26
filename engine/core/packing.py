"""Tensor files made small: what lies beside each other is told apart before xz looks for repeats.

A picture's pixel is replaced by what its neighbours do not foretell (the predictor of LOCO-I,
Weinberger, Seroussi and Sapiro 2000, section III-A), moving points are told by their moves, and
numbers of several bytes are written byte by byte, all first bytes before all second ones. All of
it is exact.
"""

from __future__ import annotations

import json
import lzma
import math
import struct
from collections.abc import Callable, Iterator

import numpy as np

LARGEST = 1 << 16  # pixels; they are told one after the other
_HEADER = struct.Struct("<Q")
_PRESET = 9 | lzma.PRESET_EXTREME
_WIDTHS = {"U8": 1, "I8": 1, "BOOL": 1, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
           "F32": 4, "I32": 4, "U32": 4, "F64": 8, "I64": 8, "U64": 8}  # fmt: skip


def pack(data: bytes) -> bytes:
    """A safetensors file, small: its length in 8 bytes, then xz."""
    return _HEADER.pack(len(data)) + lzma.compress(
        _each(data, _apart, _residuals, _moves), preset=_PRESET
    )


def unpack(packed: bytes, most: int) -> bytes:
    """The safetensors file again; raises ValueError where it is damaged or above ``most`` bytes."""
    try:
        (size,) = _HEADER.unpack_from(packed)
        if size > most:
            raise ValueError(f"the packed file holds {size} bytes, more than {most}")
        data = lzma.LZMADecompressor().decompress(packed[_HEADER.size :], max_length=size)
        if len(data) != size:
            raise ValueError("the packed file has another size")
        return _each(data, _together, _pixels, _places)
    except (
        lzma.LZMAError,
        struct.error,
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
    ) as error:
        raise ValueError("the packed file cannot be read") from error


def _each(
    data: bytes,
    numbers: Callable[[np.ndarray, int], np.ndarray],
    pictures: Callable[[np.ndarray], np.ndarray],
    places: Callable[[np.ndarray, tuple[int, ...]], np.ndarray],
) -> bytes:
    """The file with the bytes of every tensor changed in place."""
    made = np.frombuffer(data, dtype=np.uint8).copy()
    for kind, shape, begin, end in _tensors(data):
        part = made[begin:end]
        if kind == "F16" and len(shape) >= 3 and shape[-1] == 3 and part.size:
            made[begin:end] = places(part, shape)
        elif kind == "U8" and len(shape) >= 3 and shape[-1] == 3 and 0 < _area(shape) <= LARGEST:
            made[begin:end] = pictures(part.reshape(-1, *shape[-3:])).ravel()
        elif _WIDTHS[kind] > 1:
            made[begin:end] = numbers(part, _WIDTHS[kind])
    return made.tobytes()


def _tensors(data: bytes) -> Iterator[tuple[str, tuple[int, ...], int, int]]:
    (length,) = _HEADER.unpack_from(data)
    begin = _HEADER.size + length
    for name, entry in json.loads(data[_HEADER.size : begin]).items():
        if name == "__metadata__":
            continue
        first, last = (int(at) for at in entry["data_offsets"])
        shape = tuple(entry["shape"])
        if not isinstance(entry["shape"], list) or any(
            type(size) is not int or size < 0 for size in shape
        ):
            raise ValueError("a tensor of the packed file has no shape")
        inside = 0 <= first <= last <= len(data) - begin
        if not inside or last - first != _WIDTHS[entry["dtype"]] * math.prod(shape):
            raise ValueError("a tensor lies outside the packed file")
        yield entry["dtype"], shape, begin + first, begin + last


def _area(shape: tuple[int, ...]) -> int:
    """Pixels of a picture, 0 where there is none."""
    return shape[-3] * shape[-2] if math.prod(shape) else 0


def _apart(part: np.ndarray, width: int) -> np.ndarray:
    return part.reshape(-1, width).T.ravel()


def _together(part: np.ndarray, width: int) -> np.ndarray:
    return part.reshape(width, -1).T.ravel()


def _moves(part: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Points (..., frame, point, 3) in half precision, each frame by how it differs from the last.

    The bits are put in the order of the numbers first, so that small moves are small differences.
    """
    bits = part.view("<u2").reshape(-1, *shape[-3:])
    order = np.where(bits >> 15, ~bits, bits | 0x8000).astype("<u2")
    order[:, 1:] -= order[:, :-1].copy()
    return _apart(np.ascontiguousarray(order).view(np.uint8).ravel(), 2)


def _places(part: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The points of ``_moves``."""
    moves = np.ascontiguousarray(_together(part, 2)).view("<u2").reshape(-1, *shape[-3:])
    order = np.cumsum(moves, axis=1, dtype=np.uint16)
    bits = np.where(order >> 15, order & 0x7FFF, ~order).astype("<u2")
    return np.ascontiguousarray(bits).view(np.uint8).ravel()


def _residuals(pixels: np.ndarray) -> np.ndarray:
    """Residuals of pictures (n, height, width, 3): red and blue as they differ from green."""
    mixed = pixels.copy()
    mixed[..., (0, 2)] -= pixels[..., 1:2]
    wide = mixed.astype(np.int16)
    left, above, corner = (np.zeros_like(wide) for _ in range(3))
    left[:, :, 1:], above[:, 1:], corner[:, 1:, 1:] = (
        wide[:, :, :-1],
        wide[:, :-1],
        wide[:, :-1, :-1],
    )
    return mixed - _foretold(left, above, corner)


def _pixels(residuals: np.ndarray) -> np.ndarray:
    """The pictures of ``_residuals``, pixel after pixel, all pictures at once."""
    count, height, width, channels = residuals.shape
    framed = np.zeros((height + 1, width + 1, count, channels), dtype=np.int16)
    for row in range(1, height + 1):
        for column in range(1, width + 1):
            told = _foretold(
                framed[row, column - 1], framed[row - 1, column], framed[row - 1, column - 1]
            )
            framed[row, column] = residuals[:, row - 1, column - 1] + told
    mixed = np.moveaxis(framed[1:, 1:], 2, 0).astype(np.uint8)
    mixed[..., (0, 2)] += mixed[..., 1:2]
    return mixed


def _foretold(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """The smaller neighbour after an edge down, the larger after one up, else a plane."""
    low, high = np.minimum(left, above), np.maximum(left, above)
    return np.clip(left + above - corner, low, high).astype(np.uint8)
