"""The quantised cache against the library's plain one, in the same run: ratios, medians.

python -m benchmarks.cache
"""

from __future__ import annotations

import time
from statistics import median

import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from engine.labs.kv_cache.cache import EncodedCache, build_cache

TOKENS = 256
STEPS = 24
FORMATS = ("fp16", "bfp12:b32", "int4:token:head", "int4:channel:g32", "kivi-2:g32:r128", "mxfp4")


def small_model() -> LlamaForCausalLM:
    """Random weights in the shape of the embedded model: 4 layers, 4 KV heads of 64 channels."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=2048,
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=64,
        intermediate_size=512,
        max_position_embeddings=1024,
    )
    return LlamaForCausalLM(config).eval()


def step_seconds(model: LlamaForCausalLM, cache: DynamicCache | EncodedCache) -> float:
    """CPU seconds of one token behind ``TOKENS`` others: the median step."""
    ids = torch.randint(0, 2048, (1, TOKENS), generator=torch.Generator().manual_seed(1))
    times = []
    with torch.inference_mode():
        model(ids, past_key_values=cache, use_cache=True)
        for step in range(STEPS):
            start = time.process_time()
            model(ids[:, step : step + 1], past_key_values=cache, use_cache=True)
            times.append(time.process_time() - start)
    return median(times)


def rows() -> list[dict[str, object]]:
    """One row a format: CPU time of a token against DynamicCache, and bytes against fp16."""
    torch.set_num_threads(1)
    model = small_model()
    step_seconds(model, DynamicCache(config=model.config))  # the first pass warms up
    plain = step_seconds(model, DynamicCache(config=model.config))
    found: list[dict[str, object]] = []
    for form in FORMATS:
        for mode in ("append", "requantise"):
            cache = build_cache(model, key_format=form, value_format=form, mode=mode)
            seconds = step_seconds(model, cache)
            stored = cache.bytes()
            found.append(
                {
                    "what": f"decode step behind {TOKENS} tokens, {form}, {mode}",
                    "ours": seconds,
                    "peer": plain,
                    "unit": "s",
                    "ratio": seconds / plain,
                }
            )
            if mode == "append":
                found.append(
                    {
                        "what": f"stored bytes of {TOKENS + STEPS} tokens, {form}",
                        "ours": stored.total,
                        "peer": stored.fp16,
                        "unit": "B",
                        "ratio": stored.total / stored.fp16,
                    }
                )
    return found


if __name__ == "__main__":
    for row in rows():
        print(f"{row['what']:<62} {row['ours']:>12.4g} {row['peer']:>12.4g} {row['ratio']:>8.3f}")
