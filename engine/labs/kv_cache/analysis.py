"""What the page computes live from captured tensors, in numpy: no model runs here.

Layout: a captured tensor is ``(layer, head, token, channel)``; formats see ``(token, width)``,
the KV heads of one layer side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Result
from engine.labs.kv_cache.formats import Format, Inspection
from engine.labs.kv_cache.orders import block_waste, build_permutation
from engine.labs.kv_cache.orders_grammar import Order

Side = Literal["key", "value"]
Metric = Literal["rel_rmse", "max_error", "sqnr_db", "logit_error", "attention_kl", "output_error"]

SORT_FIELDS = ("w_norm", "w_gain_norm", "rms_pre", "rms_post", "absmax")


@dataclass(frozen=True)
class MetricInfo:
    """What a metric is called, its unit, and the sides of the cache that have it."""

    title: str
    unit: str
    sides: tuple[Side, ...] = ("key", "value")


METRICS: dict[Metric, MetricInfo] = {
    "rel_rmse": MetricInfo("Relative RMSE", "1"),
    "max_error": MetricInfo("Largest error", "1"),
    "sqnr_db": MetricInfo("Signal to quantisation noise", "dB"),
    "logit_error": MetricInfo("RMS logit error", "1", ("key",)),
    "attention_kl": MetricInfo("Attention KL", "nat", ("key",)),
    "output_error": MetricInfo("Relative error of the attention output", "1"),
}


@dataclass(frozen=True)
class Setting:
    """How one side of the cache is stored.

    ``sinks`` first and ``residual`` newest tokens stay in fp16, as the cache stands after the last
    token.
    """

    format: Format
    order: Order
    sinks: int = 0
    residual: int = 0

    def kept(self, tokens: int) -> np.ndarray:
        """Which of ``tokens`` tokens stay in fp16, bool ``(token,)``."""
        at = np.arange(tokens)
        return (at < self.sinks) | (at >= tokens - self.residual)


def width_of(heads: np.ndarray) -> np.ndarray:
    """Heads side by side: ``h t d -> t (h d)``."""
    return np.ascontiguousarray(heads.transpose(1, 0, 2)).reshape(heads.shape[1], -1)


def heads_of(width: np.ndarray, head_dim: int) -> np.ndarray:
    """Undo ``width_of``: ``t (h d) -> h t d``."""
    return width.reshape(width.shape[0], -1, head_dim).transpose(1, 0, 2)


def rotate(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
    """Rotary embedding, rotate-half convention.

    ``x: h t d``; ``cos, sin: t r`` with r <= d; channels beyond r pass through.
    """
    turned, passed = np.split(x, [cos.shape[-1]], axis=-1)
    first, second = np.split(turned, 2, axis=-1)
    turned = turned * cos + np.concatenate([-second, first], axis=-1) * sin
    return np.concatenate([turned, passed], axis=-1)


def sort_keys(capture: Result) -> dict[str, np.ndarray]:
    """The sort keys of a capture, each ``(layer, head, channel)``."""
    return {name.replace("_", "-"): capture.array(name) for name in SORT_FIELDS}


def stored_input(capture: Result, side: Side, layer: int, setting: Setting) -> np.ndarray:
    """What the format is given, ``(token, width)``: in storage order and before or after RoPE."""
    if side == "value":
        return width_of(capture.array("v")[layer])
    name = "k_pre" if setting.format.pre_rope else "k_post"
    return width_of(capture.array(name)[layer])[:, permutation(capture, layer, setting)]


def permutation(capture: Result, layer: int, setting: Setting) -> np.ndarray:
    """The storage order of the key channels of one layer, ``(width,)``."""
    turned = capture["cos"].size("rotated") if "cos" in capture.fields else None
    return build_permutation(setting.order, sort_keys(capture), layer, rotary_dim=turned)


def restored(capture: Result, side: Side, layer: int, setting: Setting) -> np.ndarray:
    """What attention reads back, ``(head, token, channel)``, after RoPE for keys."""
    heads = _read_back(capture, side, layer, setting)
    kept = setting.kept(heads.shape[1])
    if kept.any():
        whole = exact(capture, side, layer)[:, kept]
        heads[:, kept] = whole.astype(np.float16).astype(heads.dtype)
    return heads


def _read_back(capture: Result, side: Side, layer: int, setting: Setting) -> np.ndarray:
    head_dim = capture["v"].size("channel")
    given = stored_input(capture, side, layer, setting)
    back = setting.format.fake_quantize(given, head_dim=head_dim, role=side)
    if side == "value":
        return heads_of(back, head_dim)
    natural = np.empty_like(back)
    natural[:, permutation(capture, layer, setting)] = back
    heads = heads_of(natural, head_dim)
    if setting.format.pre_rope and "cos" in capture.fields:
        heads = rotate(heads, capture.array("cos"), capture.array("sin"))
    return heads


def exact(capture: Result, side: Side, layer: int) -> np.ndarray:
    """The unrounded tensor attention would read, ``(head, token, channel)``."""
    return capture.array("k_post" if side == "key" else "v")[layer]


def inspect(capture: Result, side: Side, layer: int, setting: Setting) -> Inspection:
    """Codes, steps and exponents of every stored number of one layer, in storage order."""
    return setting.format.inspect(
        stored_input(capture, side, layer, setting),
        head_dim=capture["v"].size("channel"),
        role=side,
    )


def head_errors(capture: Result, side: Side, setting: Setting, metric: Metric) -> np.ndarray:
    """One number per layer and KV head, ``(layer, head)``, in the metric's unit.

    Raises BadInput for a metric that the side does not have (see ``METRICS``).
    """
    if side not in METRICS[metric].sides:
        raise BadInput("metric", f"{metric} is not defined for {side}s")
    rows = []
    for layer in range(capture["v"].size("layer")):
        truth, back = exact(capture, side, layer), restored(capture, side, layer, setting)
        rows.append(
            [
                _tensor_error(truth[head], back[head], metric)
                if metric in ("rel_rmse", "max_error", "sqnr_db")
                else _attention_error(capture, side, layer, head, back[head], metric)
                for head in range(len(truth))
            ]
        )
    return np.array(rows, dtype=np.float64)


def _tensor_error(truth: np.ndarray, back: np.ndarray, metric: Metric) -> float:
    x = truth.astype(np.float64)
    error = back.astype(np.float64) - x
    if metric == "max_error":
        return float(np.abs(error).max())
    relative = float(np.linalg.norm(error) / max(float(np.linalg.norm(x)), 1e-30))
    if metric == "rel_rmse":
        return relative
    return float(-20 * np.log10(relative)) if relative else float("inf")


def _attention_error(
    capture: Result, side: Side, layer: int, head: int, back: np.ndarray, metric: Metric
) -> float:
    """Errors that need the queries, over causal pairs, with everything else exact."""
    keys, values, rounded = (
        capture.array("k_post")[layer, head],
        capture.array("v")[layer, head],
        back,
    )
    queries = group_queries(capture, layer, head) / np.float32(np.sqrt(keys.shape[-1]))
    causal = np.tril(np.ones((len(keys), len(keys)), bool))
    if metric == "logit_error":
        squares = np.square(np.tril(queries @ (rounded - keys).T)).sum(dtype=np.float64)
        return float(np.sqrt(squares / (len(queries) * causal.sum())))
    before = softmax(np.where(causal, queries @ keys.T, -np.inf))
    if side == "value":
        moved = before @ (rounded - values)
        return float(np.linalg.norm(moved) / max(float(np.linalg.norm(before @ values)), 1e-30))
    after = softmax(np.where(causal, queries @ rounded.T, -np.inf))
    if metric == "output_error":
        moved = (after - before) @ values
        return float(np.linalg.norm(moved) / max(float(np.linalg.norm(before @ values)), 1e-30))
    tiny = np.finfo(np.float64).tiny
    return float(
        (before * np.log(np.maximum(before, tiny) / np.maximum(after, tiny))).sum(-1).mean()
    )


def group_queries(capture: Result, layer: int, head: int) -> np.ndarray:
    """The queries of the KV head's group, ``(query_head, token, channel)``."""
    queries = capture.array("q")[layer]
    group = len(queries) // capture["v"].size("head")
    return queries[head * group : (head + 1) * group]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis; ``-inf`` entries get zero."""
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return weights


@dataclass(frozen=True)
class Outliers:
    """How unequal the channels of each head are, ``(layer, head)`` each."""

    ratio: np.ndarray
    kurtosis: np.ndarray


def outliers(tensor: np.ndarray) -> Outliers:
    """Largest over median channel rms, and kurtosis of all values (a Gaussian has 3).

    ``tensor: (layer, head, token, channel)``.
    """
    x = tensor.astype(np.float64)
    rms = np.sqrt(np.square(x).mean(2))
    median = np.maximum(np.median(rms, -1), 1e-30)
    centred = x - x.mean((2, 3), keepdims=True)
    variance = np.maximum(np.square(centred).mean((2, 3)), 1e-30)
    return Outliers(rms.max(-1) / median, (centred**4).mean((2, 3)) / variance**2)


@dataclass(frozen=True)
class EnergyCurve:
    """Channel magnitudes in storage order and what sharing an exponent costs."""

    channel: np.ndarray
    rms: np.ndarray
    waste: np.ndarray


def energy_curve(capture: Result, layer: int, setting: Setting, block: int) -> EnergyCurve:
    """Channel rms of the stored keys, and per block the bits that outliers take from the rest.

    ``waste`` is that of ``orders.block_waste``.
    """
    given = stored_input(capture, "key", layer, setting)
    order = permutation(capture, layer, setting)
    rms = np.sqrt(np.square(given.astype(np.float64)).mean(0))
    return EnergyCurve(order, rms, block_waste(rms, block))
