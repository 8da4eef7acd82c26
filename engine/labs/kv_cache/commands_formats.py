"""Command line of the formats: ``formats`` lists them, ``quantize`` applies one to an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.core import BadInput
from engine.core.arguments import Arguments
from engine.io.npy import load_npy
from engine.labs.kv_cache.formats import EXAMPLES, Format, list_formats, parse_format
from engine.labs.kv_cache.orders_grammar import list_orders

# The shape for which ``formats`` states bits: 1024 tokens of 8 heads of 128 channels.
TOKENS, HEADS, HEAD_DIM = 1024, 8, 128


def formats(argv: Sequence[str]) -> dict[str, Any]:
    """The catalogue: families with parameters, every example id with its true bits, all orders.

    Bits per value are stated for 1024 tokens of 8 heads of 128 channels; ``bits_per_value`` is the
    mean of keys and values, which differ where the format treats them differently.
    """
    parser = Arguments("python -m engine kv_cache formats", "List formats and orders.")
    parser.parse_args(list(argv))
    examples = [_describe(parse_format(text)) for text in EXAMPLES]
    return {
        "families": [asdict(info) for info in list_formats()],
        "formats": examples,
        "orders": list(list_orders()),
        "bits_measured_at": {"tokens": TOKENS, "heads": HEADS, "head_dim": HEAD_DIM},
    }


def quantize(argv: Sequence[str]) -> dict[str, Any]:
    """Fake-quantise a .npy array [..., tokens, channels] or [channels]; write the result as .npy.

    ``--input X.npy --format ID --output Y.npy [--head-dim N] [--role key|value]``. Returns
    relative_rmse = ||x' - x|| / ||x||, max_abs_error, sqnr_db (null for an exact result),
    bits_per_value, shape, dtype and the canonical format id.
    """
    parser = Arguments("python -m engine kv_cache quantize", "Fake-quantise a .npy array.")
    parser.add_argument("--input", required=True)
    parser.add_argument("--format", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--head-dim", type=int, default=None)
    parser.add_argument("--role", choices=("key", "value"), default="key")
    options = parser.parse_args(list(argv))
    chosen = parse_format(options.format)
    x = load_npy(options.input, field="input")
    if x.ndim < 1:
        raise BadInput("input", "needs at least one axis (the channels), not a single number")
    try:
        y = chosen.fake_quantize(x, head_dim=options.head_dim, role=options.role)
        bits = chosen.bits_per_value(x.shape, head_dim=options.head_dim, role=options.role)
    except BadInput as error:
        raise BadInput("input" if error.field == "x" else error.field, error.reason) from None
    _save(options.output, y)
    return {
        "format": chosen.id,
        "shape": list(x.shape),
        "dtype": str(x.dtype),
        **error_metrics(x, y),
        "bits_per_value": bits,
        "output": str(options.output),
    }


def error_metrics(x: np.ndarray, y: np.ndarray) -> dict[str, float | None]:
    """Relative RMSE, largest error and signal-to-noise ratio in dB, computed in float64."""
    exact = x.astype(np.float64)
    error = y.astype(np.float64) - exact
    # Scaled by the largest magnitude, so that squares neither overflow nor vanish.
    scale = float(np.abs(exact).max()) or 1.0
    signal = float(np.square(exact / scale).sum())
    noise = float(np.square(error / scale).sum())
    relative = (noise / signal) ** 0.5 if signal else (0.0 if noise == 0 else None)
    sqnr = 10 * float(np.log10(signal / noise)) if signal and noise else None
    return {
        "relative_rmse": relative,
        "max_abs_error": float(np.abs(error).max()),
        "sqnr_db": sqnr,
    }


def _describe(chosen: Format) -> dict[str, Any]:
    shape = (TOKENS, HEADS * HEAD_DIM)
    key = chosen.bits_per_value(shape, head_dim=HEAD_DIM, role="key")
    value = chosen.bits_per_value(shape, head_dim=HEAD_DIM, role="value")
    return {
        "id": chosen.id,
        "family": chosen.family,
        "bits_per_value": (key + value) / 2,
        "bits_key": key,
        "bits_value": value,
        "token_group": chosen.token_group,
        "needs_calibration": chosen.needs_calibration,
        "pre_rope": chosen.pre_rope,
        "hadamard": chosen.hadamard,
    }


def _save(target: str, y: np.ndarray) -> None:
    """Write beside the target and rename, so that no half-written file is left."""
    path = Path(target)
    if path.is_dir() or not path.parent.is_dir():
        raise BadInput("output", f"must be a file in an existing folder, not {target!r}")
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            np.save(file, y, allow_pickle=False)
        part.replace(path)
    except OSError as error:
        raise BadInput("output", f"{target!r} cannot be written ({error.strerror})") from None
