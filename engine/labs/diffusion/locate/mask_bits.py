"""Masks as bits, and mask files out of bits: for results and pages, which load no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from safetensors.numpy import save

from engine.labs.diffusion.locate.mask_header import FORMAT


def pack(masks: Mapping[str, np.ndarray]) -> np.ndarray:
    """All bools of the masks, one layer after the other, eight to a byte: uint8 (bytes,)."""
    flat = [np.asarray(mask, dtype=bool).ravel() for mask in masks.values()]
    return np.packbits(np.concatenate(flat))


def unpack(bits: np.ndarray, shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    """The masks by layer that ``pack`` was given; ``shapes`` are those of the weights, in order."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    flat = np.unpackbits(bits, count=sum(sizes)).astype(bool)
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return {
        name: part.reshape(tuple(shape))
        for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }


def mask_file(
    bits: np.ndarray,
    shapes: Mapping[str, Sequence[int]],
    *,
    model: str,
    site: str,
    made: Mapping[str, Any],
) -> bytes:
    """A mask file as ``load_mask`` reads it, for the model with the digest ``model``."""
    tensors = {f"{name}.weight": mask for name, mask in unpack(bits, shapes).items()}
    notes = {"format": FORMAT, "model": model, "site": site, "made": json.dumps(dict(made))}
    return save(tensors, metadata=notes)
