"""Queries, keys and values of one pass of a real model, and the sort keys of its channels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.core.result import Field, Result
from engine.labs.kv_cache.calibration import data_keys, rms
from engine.labs.kv_cache.workbench import Workbench
from engine.models.lm.probe import capture_layers
from engine.models.lm.tokens import token_strings

CHANNELS = ("layer", "head", "channel")


def capture(bench: Workbench) -> Result:
    """Fields of the bench's first window; sort keys come from calibration text, not from it.

    q (layer, query_head, token, channel); k_pre, k_post, v (layer, head, token, channel); cos, sin
    (token, channel) where the model has RoPE; w_norm, w_gain_norm, rms_pre, rms_post, absmax, v_rms
    (layer, head, channel); nll (token), the exact model's loss in nats, NaN for the first token,
    which nothing predicts.
    """
    ids = torch.from_numpy(bench.ids[:1]).to(bench.loaded.device)
    calls, logits = capture_layers(bench.loaded.model, ids)
    nll = -logits[0, :-1].log_softmax(-1).gather(-1, ids[0, 1:, None])[:, 0]
    fields = {
        "q": _field([call.q for call in calls], "query_head"),
        "k_pre": _field([call.k_pre for call in calls], "head"),
        "k_post": _field([call.k for call in calls], "head"),
        "v": _field([call.v for call in calls], "head"),
        "nll": Field(np.append(np.float32(np.nan), _host(nll)), ("token",), "nat"),
    }
    if (rotary := calls[0].rotary) is not None:
        fields["cos"] = Field(_host(rotary.cos[0]), ("token", "rotated"))
        fields["sin"] = Field(_host(rotary.sin[0]), ("token", "rotated"))
    keys = {**bench.weight_keys, **data_keys(bench.samples.calls)}
    for name, values in keys.items():
        fields[name.replace("-", "_")] = Field(values.astype(np.float32), CHANNELS)
    values_rms = rms(torch.stack([call.v for call in bench.samples.calls]))
    fields["v_rms"] = Field(values_rms, CHANNELS)
    notes = {
        **bench.notes(),
        "tokens": token_strings(bench.loaded, bench.ids[0]),
        "label": "real weights",
    }
    metrics = {"nll": float(nll.mean()), "tokens": int(ids.shape[1])}
    return Result(fields, metrics, notes)


def _field(layers: list[Tensor], heads: str) -> Field:
    return Field(_host(torch.cat(layers)), ("layer", heads, "token", "channel"))


def _host(x: Tensor) -> np.ndarray:
    return np.ascontiguousarray(x.float().cpu().numpy())
