"""A cache that grows token by token, and beside it one that re-quantises like a library.

Errors compare what a cache reads back with what was written into that same cache, so they show
rounding alone; the logits compare with the exact cache, so they show what it does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.kv_cache.cache import EncodedCache, cache_for, library_window
from engine.labs.kv_cache.cache_layers import RequantisingLayer
from engine.labs.kv_cache.config import StreamingConfig
from engine.labs.kv_cache.policy import parse_policy
from engine.labs.kv_cache.workbench import Workbench

OLDEST = 32
KINDS = ("append", "requantised")
Pair = tuple[Tensor, Tensor]


def streaming(config: StreamingConfig, context: Context) -> Result:
    """Run the experiment.

    Fields over ``token`` (the state after that token was appended), each with the prefix
    ``append_`` or ``requantised_``: ``codes``, ``scales``, ``exact`` (stored bytes), ``coded_keys``
    and ``coded_values`` (tokens), ``flush`` (1 where keys became codes), ``key_error`` and
    ``value_error`` (relative RMSE of the whole history, all layers), ``oldest_error`` (the same of
    first 32 keys behind the sinks; NaN before they are there), ``logit_error`` (rms over the
    vocabulary, mean removed) and ``kl`` in nat; and ``fp16`` bytes. ``drift`` over ``flush``:
    the re-quantised ``oldest_error`` after each flush that found those keys.
    """
    bench = Workbench(config, context, config.tokens, 1, config.seed)
    storage = bench.storage(
        parse_policy("", config.key_format, config.value_format),
        config.order,
        sinks=config.sinks,
        residual=config.residual,
        streaming=True,
    )
    model = bench.loaded.model
    group = min(OLDEST, config.tokens // 2)
    first = max(config.sinks, *(form.sink for form in storage.layers[0].keys))
    watched = [
        Watched(cache_for(model, storage), first, group),
        Watched(cache_for(model, replace(storage, sinks=0), mode="requantise"), first, group),
    ]
    exact = DynamicCache(config=model.config)
    fp16 = []
    with torch.inference_mode():
        for step, token in enumerate(bench.ids[0]):
            ids = torch.tensor([[int(token)]], device=bench.loaded.device)
            truth = _logits(model, ids, exact)
            for one in watched:
                one.observe(_logits(model, ids, one.cache), truth)
            fp16.append(watched[0].cache.bytes().fp16)
            context.progress(step + 1, config.tokens, kl=watched[0].rows["kl"][-1])
    fields = {"fp16": Field(np.array(fp16, dtype=np.int64), ("token",), "B")}
    metrics: dict[str, Any] = {"tokens": config.tokens, "fp16_bytes": fp16[-1]}
    for name, one in zip(KINDS, watched, strict=True):
        fields |= {f"{name}_{key}": value for key, value in one.fields().items()}
        metrics |= {f"{name}_{key}": value for key, value in one.metrics(fp16[-1]).items()}
    moved = watched[1].by_flush()
    fields["drift"] = Field(moved.astype(np.float32), ("flush",))
    metrics |= {
        "flushes": metrics["requantised_flushes"],
        "append_error": metrics["append_oldest_error"],
        "requantised_error": metrics["requantised_oldest_error"],
        "drift_per_flush": float((moved[-1] - moved[0]) / (len(moved) - 1))
        if len(moved) > 1
        else None,
        "bytes_saved": 1 - metrics["append_bytes"] / fp16[-1],
    }
    notes = {
        **bench.notes(),
        "oldest_group": [first, first + group],
        "library_window": library_window(storage),
        "library": "the history is decoded, joined with the window and quantised again whenever "
        "the window is full; attention sinks are not kept apart",
    }
    return Result(fields, metrics, notes)


class Watched:
    """A cache, everything that was written into it, and what was seen after each token.

    ``first`` and ``group``: the place and number of the oldest tokens that are not sinks.
    """

    def __init__(self, cache: EncodedCache, first: int, group: int):
        self.first, self.group = first, group
        self.cache = Recorder(cache)
        self.rows: dict[str, list[float]] = {}

    def observe(self, logits: Tensor, truth: Tensor) -> None:
        """Note the state after one token whose next-token logits were ``logits: vocab``."""
        keys, values, oldest = self._errors()
        stored = self.cache.bytes()
        coded_keys, coded_values = self.cache.coded_tokens()
        before = self.rows.get("flushes", [0])[-1]
        grew = coded_keys > (self.rows["coded_keys"][-1] if self.rows else 0)
        difference = logits - truth
        log_p, log_q = truth.log_softmax(-1), logits.log_softmax(-1)
        row = {
            "codes": stored.codes,
            "scales": stored.scales,
            "exact": stored.exact,
            "coded_keys": coded_keys,
            "coded_values": coded_values,
            "flush": int(grew),
            "flushes": before + int(grew),
            "key_error": keys,
            "value_error": values,
            "oldest_error": oldest,
            "logit_error": float((difference - difference.mean()).square().mean().sqrt()),
            "kl": max(float((log_p.exp() * (log_p - log_q)).sum()), 0.0),
        }
        for name, value in row.items():
            self.rows.setdefault(name, []).append(value)

    def _errors(self) -> tuple[float, float, float]:
        """Relative RMSE of keys, of values, and of the oldest group's keys."""
        sums = torch.zeros(3, 2, dtype=torch.float64)
        last = self.first + self.group
        for written, read in zip(self.cache.written, self.cache.held, strict=True):
            for row in range(2):
                sums[row] += _squares(written[row], read[row])
            keys, read_keys = written[0], read[0]
            if keys.shape[2] >= last:
                group = slice(self.first, last)
                sums[2] += _squares(keys[:, :, group], read_keys[:, :, group])
        ratio = (sums[:, 0] / sums[:, 1].clamp_min(1e-30)).sqrt().tolist()
        return ratio[0], ratio[1], ratio[2] if float(sums[2, 1]) else float("nan")

    def fields(self) -> dict[str, Field]:
        """Everything noted, over ``token``."""
        units = {"codes": "B", "scales": "B", "exact": "B", "kl": "nat"}
        counts = ("codes", "scales", "exact", "coded_keys", "coded_values", "flush")
        found = {}
        for name, values in self.rows.items():
            if name == "flushes":
                continue
            kind = np.int64 if name in counts else np.float32
            found[name] = Field(np.array(values, dtype=kind), ("token",), units.get(name, "1"))
        return found

    def metrics(self, fp16: int) -> dict[str, Any]:
        """The state at the end, and the mean damage."""
        stored = self.cache.bytes()
        oldest = self.rows["oldest_error"][-1]
        return {
            "bytes": stored.total,
            "bits": 16 * stored.total / fp16,
            "flushes": int(self.rows["flushes"][-1]),
            "key_error": self.rows["key_error"][-1],
            "value_error": self.rows["value_error"][-1],
            "oldest_error": None if np.isnan(oldest) else oldest,
            "kl_mean": float(np.mean(self.rows["kl"])),
            "logit_error": float(np.sqrt(np.mean(np.square(self.rows["logit_error"])))),
        }

    def by_flush(self) -> np.ndarray:
        """The oldest group's error right after each flush that found it complete."""
        flush = np.array(self.rows["flush"], dtype=bool)
        oldest = np.array(self.rows["oldest_error"])
        return oldest[flush & np.isfinite(oldest)]


class Recorder(EncodedCache):
    """A cache that also keeps, exactly, what was ``written`` into each layer, and what it ``held``
    for the next reader after the last update: (keys, values) a layer, ``b h t d``."""

    def __init__(self, cache: EncodedCache):
        super().__init__(cache.layers)
        self.written: list[Pair] = []
        self.held: list[Pair] = []

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> Pair:
        """Note, then store."""
        layer = self.layers[layer_idx]
        flushes = layer.flushes
        read = super().update(key_states, value_states, layer_idx, *args, **kwargs)
        # A re-quantising layer hands out what it held before it flushed.
        changed = isinstance(layer, RequantisingLayer) and layer.flushes > flushes
        held = layer.read() if changed else read
        if layer_idx == len(self.written):
            self.written.append((key_states.clone(), value_states.clone()))
            self.held.append(held)
        else:
            keys, values = self.written[layer_idx]
            self.written[layer_idx] = (
                torch.cat((keys, key_states), dim=2),
                torch.cat((values, value_states), dim=2),
            )
            self.held[layer_idx] = held
        return read


def _squares(x: Tensor, y: Tensor) -> Tensor:
    """Squared error and squared size."""
    difference = (y - x).double()
    return torch.stack((difference.square().sum(), x.double().square().sum())).cpu()


def _logits(model: Any, ids: Tensor, cache: Any) -> Tensor:
    return model(ids, past_key_values=cache, use_cache=True).logits[0, -1].double()
