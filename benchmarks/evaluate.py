"""What evaluating a stored cache costs over running the model: ratios of CPU time in one run.

python -m benchmarks.evaluate [MODEL_FOLDER]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.storage import uniform
from engine.labs.kv_cache.teacher_forced import batch_size, compare, stored_pass
from engine.models.lm.load import LoadedModel, load_model, wrap

WINDOWS, WINDOW = 32, 256
REPEATS = 5
FORMATS = ("bfp12:b8", "bfp12:b32", "bfp16:b32")


def shape_of_stories260k() -> LoadedModel:
    """Random weights in the shape of stories260K: what is timed does not depend on their values."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=512,
        hidden_size=64,
        num_hidden_layers=5,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=8,
        intermediate_size=172,
        max_position_embeddings=512,
    )
    return wrap(LlamaForCausalLM(config), None, "stories260K's shape")


def plain_pass(loaded: LoadedModel, batch: torch.Tensor, attention: str) -> torch.Tensor:
    """The library's own forward pass with one of its attentions."""
    loaded.model.set_attn_implementation(attention)
    with torch.inference_mode():
        return loaded.model(batch, use_cache=False).logits


def cpu_seconds(run: Callable[[torch.Tensor], object], batches: Sequence[torch.Tensor]) -> float:
    start = time.process_time()
    for batch in batches:
        run(batch)
    return time.process_time() - start


def rows(loaded: LoadedModel | None = None) -> list[dict[str, object]]:
    """Quantised over plain pass (and the whole comparison over it), 32x256 tokens, median of 5.

    The passes take turns, so that a busy machine slows both.
    """
    loaded = loaded or shape_of_stories260k()
    info = loaded.info
    ids = np.random.default_rng(0).integers(0, 512, (WINDOWS, WINDOW))
    size = batch_size(loaded, WINDOW)
    batches = [torch.from_numpy(ids[i : i + size]) for i in range(0, WINDOWS, size)]
    fp32 = parse_format("fp32")
    storages = {
        name: uniform(info.layers, info.kv_heads, info.head_dim, parse_format(name), fp32)
        for name in FORMATS
    }
    both = parse_format("bfp12:b32")
    storages["bfp12:b32, keys and values"] = uniform(
        info.layers, info.kv_heads, info.head_dim, both, both
    )
    runs: dict[str, Callable[[torch.Tensor], object]] = {
        attention: partial(plain_pass, loaded, attention=attention)
        for attention in ("eager", "sdpa")
    }
    for name, storage in storages.items():
        runs[name] = partial(stored_pass, loaded, storage=storage)
    runs["both passes, losses and KL, bfp12:b32"] = lambda batch: compare(
        loaded, batch.numpy(), [storages["bfp12:b32"]]
    )
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(REPEATS + 1):
        for name, run in runs.items():
            seconds = cpu_seconds(run, batches)
            if turn:  # the first turn warms up
                times[name].append(seconds)
    found: list[dict[str, object]] = []
    for attention in ("eager", "sdpa"):
        plain = median(times[attention])
        for name in runs:
            if name in ("eager", "sdpa"):
                continue
            ours = median(times[name])
            found.append(
                {
                    "what": f"evaluate {WINDOWS}x{WINDOW}, {info.name}, {name}; "
                    f"over {attention} attention",
                    "ours": ours,
                    "limit": plain,
                    "ratio": ours / plain,
                    "target": 1.5 if name in storages else None,  # at most
                    "unit": "CPU s (limit: plain pass)",
                }
            )
    return found


if __name__ == "__main__":
    model = load_model(sys.argv[1]) if len(sys.argv) > 1 else None
    for row in rows(model):
        print(f"{row['what']}: {row['ours']:.2f} / {row['limit']:.2f} = {row['ratio']:.2f}")
