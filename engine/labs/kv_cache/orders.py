"""Channel orders as permutations of the KV width of one layer (K-sort, arXiv 2403.20137).

A permutation ``p`` names channels by storage place: ``stored = natural[..., p]`` and back
``natural[..., p] = stored``. Channels are the concatenated KV heads, width = heads * head_dim.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.core import BadInput
from engine.core.seeds import rng
from engine.labs.kv_cache.orders_grammar import SORT_KEYS, Order


def build_permutation(
    order: Order,
    keys: Mapping[str, np.ndarray],
    layer: int,
    seed: int = 0,
    rotary_dim: int | None = None,
) -> np.ndarray:
    """The permutation of one layer, int64 of shape (width,).

    ``keys`` maps sort keys ("w-norm", ...) to arrays (layer, head, channel); any one of them gives
    the shape for "none" and "random". Largest first; equal channels keep their order.
    ``rotary_dim``: how many channels of a head RoPE turns (all, unless given), for "pairs": the
    pair of place i < rotary_dim / 2 is i + rotary_dim / 2. Raises BadInput for a missing key.
    """
    if not keys:
        raise BadInput("order", "needs at least one sort key to know the channels")
    heads, head_dim = next(iter(keys.values())).shape[1:]
    width = heads * head_dim
    if order.scope == "none":
        return np.arange(width)
    strength = _strength(order, keys, layer, seed)  # head channel
    if order.scope == "across-heads":
        return _descending(strength.reshape(-1))
    if order.scope == "in-head":
        places = np.stack([_descending(row) for row in strength])
    else:
        turned = head_dim if rotary_dim is None else rotary_dim
        if turned % 2 or turned > head_dim:
            raise BadInput("order", f"pairs need an even rotary width up to {head_dim}")
        places = np.stack([_pairs(row, turned) for row in strength])
    return (places + head_dim * np.arange(heads)[:, None]).reshape(-1)


def within(permutation: np.ndarray, heads: list[int], head_dim: int) -> np.ndarray:
    """The same order among the channels of some heads alone, as if only they were stored."""
    place = np.full(len(permutation), -1)
    for i, head in enumerate(heads):
        place[head * head_dim : (head + 1) * head_dim] = np.arange(i * head_dim, (i + 1) * head_dim)
    moved = place[permutation]
    return moved[moved >= 0]


def block_waste(rms: np.ndarray, block: int) -> np.ndarray:
    """Bits that an average channel of each block loses to the block's largest channel.

    ``rms``: channel magnitudes in storage order. A shared exponent follows the largest channel,
    so a channel log2(max / rms) below it loses as many bits; silent channels count as 24 lost.
    """
    starts = range(0, len(rms), block)
    floor = np.maximum(rms.astype(np.float64), 1e-30)
    lost = [np.log2(floor[i : i + block].max() / floor[i : i + block]) for i in starts]
    return np.array([np.minimum(part, 24.0).mean() for part in lost])


def _strength(order: Order, keys: Mapping[str, np.ndarray], layer: int, seed: int) -> np.ndarray:
    if order.key == "random":
        shape = next(iter(keys.values())).shape[1:]
        return rng(seed, "order", order.scope, layer).random(shape)
    try:
        return np.asarray(keys[order.key][layer], dtype=np.float64)
    except KeyError:
        known = ", ".join(key for key in SORT_KEYS if key in keys)
        raise BadInput("order", f"there is no sort key {order.key} here; known: {known}") from None


def _descending(values: np.ndarray) -> np.ndarray:
    return np.argsort(-values, kind="stable")


def _pairs(values: np.ndarray, turned: int) -> np.ndarray:
    """Pairs by joint norm, the same order in both halves; unrotated channels follow, sorted."""
    half = turned // 2
    joint = np.hypot(values[:half], values[half:turned])
    first = _descending(joint)
    rest = turned + _descending(values[turned:])
    return np.concatenate([first, first + half, rest])
