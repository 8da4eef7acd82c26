"""Codes of b bits in bytes: what a cache would really hold.

A plane of codes is packed along its last axis; each row is padded to a whole byte, so planes of
consecutive tokens can be joined along the token axis.
"""

from __future__ import annotations

from engine.labs.kv_cache.formats.arrays import Array, namespace


def row_bytes(count: int, bits: int) -> int:
    """Bytes of one packed row of ``count`` codes."""
    return -(-count * bits // 8)


def pack(codes: Array, bits: int) -> Array:
    """Pack unsigned codes (any dtype, values below 2^bits) into uint8, lowest bit first."""
    xp = namespace(codes)
    if bits == 8:
        return xp.astype(codes, xp.uint8)
    codes = xp.astype(codes, xp.int32)
    count = codes.shape[-1]
    if bits < 8 and 8 % bits == 0:
        per_byte = 8 // bits
        codes = _pad(xp, codes, -count % per_byte)
        codes = xp.reshape(codes, (*codes.shape[:-1], -1, per_byte))  # ... bytes codes
        parts = [codes[..., i] << (bits * i) for i in range(per_byte)]
    else:
        stream = xp.stack([(codes >> i) & 1 for i in range(bits)], axis=-1)  # ... codes bits
        stream = xp.reshape(stream, (*stream.shape[:-2], -1))
        stream = _pad(xp, stream, -(count * bits) % 8)
        stream = xp.reshape(stream, (*stream.shape[:-1], -1, 8))
        parts = [stream[..., i] << i for i in range(8)]
    packed = parts[0]
    for part in parts[1:]:
        packed = packed | part
    return xp.astype(packed, xp.uint8)


def unpack(packed: Array, bits: int, count: int) -> Array:
    """The ``count`` int32 codes of each row."""
    xp = namespace(packed)
    packed = xp.astype(packed, xp.int32)
    if bits == 8:
        return packed
    if bits < 8 and 8 % bits == 0:
        mask = (1 << bits) - 1
        codes = xp.stack([(packed >> (bits * i)) & mask for i in range(8 // bits)], axis=-1)
        return xp.reshape(codes, (*packed.shape[:-1], -1))[..., :count]
    stream = xp.stack([(packed >> i) & 1 for i in range(8)], axis=-1)
    stream = xp.reshape(stream, (*packed.shape[:-1], -1))[..., : count * bits]
    stream = xp.reshape(stream, (*packed.shape[:-1], count, bits))
    codes = stream[..., 0]
    for i in range(1, bits):
        codes = codes | (stream[..., i] << i)
    return codes


def _pad(xp: object, x: Array, extra: int) -> Array:
    if not extra:
        return x
    zeros = xp.zeros_like(x[..., :1])  # type: ignore[attr-defined]
    return xp.concat((x, *([zeros] * extra)), axis=-1)  # type: ignore[attr-defined]
