"""A key head with a known channel spectrum: a teaching source, never a measurement.

K ~ N(0, s_c^2) and Q ~ N(0, 1 / s_c^2), so every channel has the same share in the logits while
their sizes differ: the case in which a shared exponent hurts most.
"""

from __future__ import annotations

import numpy as np

from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.kv_cache.config import SyntheticConfig

LOGNORMAL_SIGMA = 0.5
PAIRS = 4
PAIR_FACTOR = 10.0


def channel_scales(profile: str, head_dim: int, generator: np.random.Generator) -> np.ndarray:
    """s_c of one head, (channel,): "flat", "lognormal" (sigma 0.5) or "rope-pairs" (4 of x10)."""
    if profile == "lognormal":
        return np.exp(LOGNORMAL_SIGMA * generator.standard_normal(head_dim))
    scales = np.ones(head_dim)
    if profile == "rope-pairs":
        half = head_dim // 2
        pairs = generator.choice(half, size=PAIRS, replace=False)
        scales[pairs] = scales[pairs + half] = PAIR_FACTOR
    return scales


def synthetic_head(config: SyntheticConfig) -> Result:
    """The fields of a capture with one layer, k_pre = k_post, w_norm = the true s_c, nll NaN."""
    heads, tokens, dim = config.heads, config.tokens, config.head_dim
    generator = rng(config.seed, "synthetic", config.profile)
    scales = np.stack([channel_scales(config.profile, dim, generator) for _ in range(heads)])
    shape = (heads, tokens, dim)
    k = generator.standard_normal(shape) * scales[:, None]
    q = generator.standard_normal(shape) / scales[:, None]
    v = generator.standard_normal(shape)
    # Sort keys are measured on other draws of the same head, as on calibration text.
    other = generator.standard_normal(shape) * scales[:, None]
    cached = ("layer", "head", "token", "channel")
    channels = ("layer", "head", "channel")
    rms = np.sqrt(np.square(other).mean(1))

    def field(values: np.ndarray, axes: tuple[str, ...]) -> Field:
        return Field(values[None].astype(np.float32), axes)

    fields = {
        "q": field(q, ("layer", "query_head", "token", "channel")),
        "k_pre": field(k, cached),
        "k_post": field(k, cached),
        "v": field(v, cached),
        "w_norm": field(scales, channels),
        "w_gain_norm": field(scales, channels),
        "rms_pre": field(rms, channels),
        "rms_post": field(rms, channels),
        "absmax": field(np.abs(other).max(1), channels),
        "v_rms": field(np.ones((heads, dim)), channels),
        "nll": Field(np.full(tokens, np.nan, np.float32), ("token",), "nat"),
    }
    model = {
        "name": f"{config.profile} head",
        "family": "synthetic",
        "layers": 1,
        "query_heads": heads,
        "kv_heads": heads,
        "head_dim": dim,
        "parameters": 0,
        "max_positions": 1024,
        "rope": None,
        "biases": False,
    }
    notes = {
        "tokens": [str(i) for i in range(tokens)],
        "model": model,
        "text": "none",
        "label": "synthetic head",
        "calibration": f"{tokens} other draws of the same head",
    }
    return Result(fields, {"tokens": tokens}, notes)
