"""What every memory asks of the arrays and numbers that it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import BadInput


def vectors(values: Any, field: str = "vectors", *, width: int | None = None) -> np.ndarray:
    """``values`` as float32 (n, d); raises BadInput for another shape, NaN or infinity."""
    try:
        array = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        raise BadInput(field, "must be numbers of shape (n, d)") from None
    if array.ndim != 2 or not array.shape[1]:
        raise BadInput(field, f"must have the shape (n, d) (got {array.shape})")
    if width is not None and array.shape[1] != width:
        raise BadInput(field, f"must have {width} columns (got {array.shape[1]})")
    if not np.isfinite(array).all():
        raise BadInput(field, "must hold neither NaN nor infinity")
    return array


def series(values: Any, field: str) -> np.ndarray:
    """``values`` as finite float64 (n,); raises BadInput."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput(field, "must be numbers of shape (n,)") from None
    if array.ndim != 1:
        raise BadInput(field, f"must have the shape (n,) (got {array.shape})")
    if not np.isfinite(array).all():
        raise BadInput(field, "must hold neither NaN nor infinity")
    return array


def whole(value: int, field: str, least: int, most: int | None = None) -> int:
    """A whole number within bounds; raises BadInput that states them."""
    bounds = f"at least {least}" if most is None else f"between {least} and {most}"
    good = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not good or value < least or (most is not None and value > most):
        raise BadInput(field, f"must be a whole number of {bounds} (got {value!r})")
    return int(value)


def real(value: float, field: str, least: float, most: float = float("inf")) -> float:
    """A finite number within bounds; raises BadInput that states them."""
    good = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not good or not np.isfinite(value) or not least <= value <= most:
        bounds = f"at least {least:g}" if most == float("inf") else f"{least:g} to {most:g}"
        raise BadInput(field, f"must be a number of {bounds} (got {value!r})")
    return float(value)


def unit_rows(x: np.ndarray) -> np.ndarray:
    """``x: n d`` with rows of length 1; a row of zeros stays."""
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def top(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the ``k`` highest of ``scores: n``, best first; equal scores keep their order.

    Linear in n apart from the sort of the chosen ones.
    """
    if k >= len(scores):
        return np.argsort(-scores, kind="stable")
    if k < 1:
        return np.empty(0, dtype=np.int64)
    edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    # The partition alone would pick any of the equal scores at the edge.
    above = np.flatnonzero(scores > edge)
    level = np.flatnonzero(scores == edge)[: k - len(above)]
    chosen = np.sort(np.concatenate((above, level)))
    return chosen[np.argsort(-scores[chosen], kind="stable")]
