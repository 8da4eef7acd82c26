"""One cache setting against the exact model on the same windows: losses, errors, bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.core.result import Field, Scalar
from engine.labs.kv_cache.metrics import (
    apply,
    attention_errors,
    kl_summary,
    paired_bootstrap,
    tensor_errors,
)
from engine.labs.kv_cache.storage import Storage
from engine.labs.kv_cache.teacher_forced import Progress, Scores, compare
from engine.labs.kv_cache.workbench import Workbench
from engine.models.lm.probe import LayerCall, layer_calls

RMSE_TOKENS = 2048
LOGIT_TOKENS = 512


@dataclass(frozen=True, eq=False)
class Measured:
    """Everything one setting gives."""

    metrics: dict[str, Scalar]
    fields: dict[str, Field]


def evaluate_storages(
    bench: Workbench, storages: Sequence[Storage], progress: Progress
) -> tuple[np.ndarray, list[Measured]]:
    """The exact loss (window, position) and the measures of each storage; one exact pass."""
    nll, scores = compare(bench.loaded, bench.ids, storages, progress)
    window = bench.ids.shape[1]
    many = _calls(bench, max(1, RMSE_TOKENS // window))
    few = _calls(bench, max(1, LOGIT_TOKENS // window))
    found = []
    for storage, score in zip(storages, scores, strict=True):
        losses = loss_metrics(nll, score, bench.seed)
        errors, fields = error_metrics(storage, many, few)
        found.append(Measured({**losses, **storage_metrics(storage, window), **errors}, fields))
    return nll, [
        Measured(one.metrics, {**one.fields, **token_fields(nll, score)})
        for one, score in zip(found, scores, strict=True)
    ]


def loss_metrics(nll: np.ndarray, score: Scores, seed: int) -> dict[str, Scalar]:
    """Loss of the stored cache and its distance from the exact one (nats per token)."""
    interval = paired_bootstrap(score.nll - nll, seed)
    loss = float(score.nll.mean(dtype=np.float64))
    return {
        "nll": loss,
        "nll_exact": float(nll.mean(dtype=np.float64)),
        "delta_nll": interval.mean,
        "delta_nll_low": interval.low,
        "delta_nll_high": interval.high,
        "windows": interval.blocks,
        "perplexity": float(np.exp(min(loss, 700.0))),
        **kl_summary(score.kl),
        "kl": float(score.kl.mean(dtype=np.float64)),
        "top1": float(score.top1.mean()),
    }


def storage_metrics(storage: Storage, tokens: int) -> dict[str, Scalar]:
    """True bits per value of the full window and over its growth; bytes a token in all layers."""
    key, value = storage.bits("key", tokens), storage.bits("value", tokens)
    grown = [storage.window_bits(role, tokens) for role in ("key", "value")]
    return {
        "bits_key": key,
        "bits_value": value,
        "bits_mean": (key + value) / 2,
        "window_bits_key": grown[0],
        "window_bits_value": grown[1],
        "window_bits_mean": sum(grown) / 2,
        "bytes_per_token": storage.bytes_per_token(tokens),
    }


def error_metrics(
    storage: Storage, many: list[LayerCall], few: list[LayerCall]
) -> tuple[dict[str, Scalar], dict[str, Field]]:
    """Errors on the exact model's tensors: relative RMSE on ``many`` windows, attention on ``few``.

    Fields are (layer, head).
    """
    with torch.inference_mode():
        stored = apply(storage, many)
        keys = tensor_errors(many, stored, "key")
        values = tensor_errors(many, stored, "value")
        attention = attention_errors(few, apply(storage, few))
    metrics: dict[str, Scalar] = {
        "relative_rmse_key": keys.pooled(),
        "relative_rmse_value": values.pooled(),
        "sqnr_key_db": keys.sqnr_db(),
        "sqnr_value_db": values.sqnr_db(),
        "max_error_key": float(keys.largest.max()),
        "max_error_value": float(values.largest.max()),
        "logit_error": attention.pooled(),
        "logit_error_relative": attention.relative(),
        "attention_kl": float(attention.kl.mean()),
    }
    axes = ("layer", "head")
    arrays = {
        "rmse_key": (keys.relative_rmse(), "1"),
        "rmse_value": (values.relative_rmse(), "1"),
        "max_key": (keys.largest, "1"),
        "max_value": (values.largest, "1"),
        "logit_error": (attention.rms(), "1"),
        "attention_kl": (attention.kl, "nat"),
    }
    fields = {
        name: Field(array.astype(np.float32), axes, unit) for name, (array, unit) in arrays.items()
    }
    return metrics, fields


def token_fields(nll: np.ndarray, score: Scores) -> dict[str, Field]:
    """Loss, KL and agreement of every predicted token, (window, position)."""
    axes = ("window", "position")
    return {
        "nll_exact": Field(nll.astype(np.float32), axes, "nat"),
        "nll_quantised": Field(score.nll.astype(np.float32), axes, "nat"),
        "kl": Field(score.kl.astype(np.float32), axes, "nat"),
        "top1": Field(score.top1.astype(np.uint8), axes),
    }


def _calls(bench: Workbench, windows: int) -> list[LayerCall]:
    ids = torch.from_numpy(bench.ids[:windows]).to(bench.loaded.device)
    return layer_calls(bench.loaded.model, ids)
