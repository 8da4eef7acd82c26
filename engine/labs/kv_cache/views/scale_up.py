"""What a format would save in well-known models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core import BadInput
from engine.core.units import count
from engine.figures import Event, Palette, Series, axis, lines
from engine.labs.kv_cache.scale_up import GIB, ModelShape, cache_size


def draw_scale_up(
    model: ModelShape,
    palette: Palette,
    *,
    key_format: str,
    value_format: str,
    gib: float,
    points: int = 48,
) -> go.Figure:
    """Cache size against context, in fp16 and in the chosen formats, with the memory at hand."""
    curve = curve_table(model, key_format, value_format, points=points)
    tokens, fp16, stored = curve.values()
    return lines(
        [
            Series("fp16", tokens, fp16),
            Series(f"keys {key_format}, values {value_format}", tokens, stored),
        ],
        palette,
        title=f"Cache of {model.name}",
        subtitle=f"{count(model.layers, 'layer')}, {count(model.kv_heads, 'KV head')} of "
        f"{model.head_dim} channels; "
        f"shape from {model.source}",
        x=axis("Tokens in the context", "token", log=True),
        y=axis("Cache size", "GiB", log=True),
        level=(gib, "memory at hand"),
        events=[Event(float(model.context), "the model's context")],
        alt=f"At {tokens[-1]:,} tokens the cache of {model.name} takes {stored[-1]:.3g} GiB "
        f"instead of {fp16[-1]:.3g} GiB in fp16.",
    )


def curve_table(
    model: ModelShape, key: str, value: str, *, points: int = 48
) -> dict[str, np.ndarray]:
    """Tokens in the context, and the cache there in fp16 and in the formats: the drawn curves."""
    tokens = np.unique(np.geomspace(128, max(model.context, 256), points).astype(int))
    sizes = [cache_size(model, int(t), key, value) for t in tokens]
    return {
        "tokens": tokens,
        "fp16 [GiB]": np.array([size.fp16 for size in sizes]) / GIB,
        "stored [GiB]": np.array([size.total for size in sizes]) / GIB,
    }


def size_words(gib: float) -> str:
    """``0.25 -> "256 MiB"``."""
    return f"{gib:.3g} GiB" if gib >= 1 else f"{1024 * gib:.3g} MiB"


def size_table(
    models: Sequence[ModelShape], tokens: int, key: str, value: str
) -> dict[str, list[Any]]:
    """Every known model at one length; formats that do not suit a head size leave a gap."""
    rows: dict[str, list[Any]] = {
        "model": [],
        "fp16 [GiB]": [],
        "stored [GiB]": [],
        "shape from": [],
    }
    for model in models:
        held = min(tokens, model.context)
        try:
            size = cache_size(model, held, key, value)
        except BadInput:
            size = None
        rows["model"].append(model.name)
        rows["fp16 [GiB]"].append(None if size is None else size.fp16 / GIB)
        rows["stored [GiB]"].append(None if size is None else size.total / GIB)
        rows["shape from"].append(model.source)
    return rows
