"""How far single channels of keys and values stand out: what a shared exponent suffers from."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import DynamicCache, LlamaForCausalLM


def channel_ratio(x: Tensor) -> float:
    """Largest over median channel rms of ``x``: tokens, channels. 1 means all channels alike."""
    rms = x.square().mean(0).sqrt()
    return (rms.max() / rms.median()).item()


def kurtosis(x: Tensor) -> float:
    """Fourth standardised moment of all values; 3 for a Gaussian."""
    centred = (x - x.mean()).double()
    return (centred.pow(4).mean() / centred.square().mean().square()).item()


@torch.inference_mode()
def outliers(model: LlamaForCausalLM, rows: Tensor) -> list[dict[str, object]]:
    """Per layer: ratios and kurtosis of each head's keys (before and after RoPE) and values.

    ``rows`` holds token ids, shape (windows, tokens). Statistics pool all tokens of all windows.
    """
    before: dict[int, list[Tensor]] = {}
    hooks = [
        layer.self_attn.k_proj.register_forward_hook(
            lambda _module, _inputs, out, i=i: before.setdefault(i, []).append(out.flatten(0, 1))
        )
        for i, layer in enumerate(model.model.layers)
    ]
    after: dict[int, list[Tensor]] = {}
    values: dict[int, list[Tensor]] = {}
    try:
        for part in rows.split(4):
            cache = DynamicCache(config=model.config)
            model.model(input_ids=part, past_key_values=cache)
            for i, layer in enumerate(cache.layers):
                # b h t d -> tokens, heads x channels
                after.setdefault(i, []).append(layer.keys.transpose(1, 2).flatten(2).flatten(0, 1))
                values.setdefault(i, []).append(
                    layer.values.transpose(1, 2).flatten(2).flatten(0, 1)
                )
    finally:
        for hook in hooks:
            hook.remove()
    heads = model.config.num_key_value_heads
    table = []
    for i in sorted(after):
        entry: dict[str, object] = {"layer": i}
        for name, parts in (("key_pre_rope", before), ("key", after), ("value", values)):
            whole = torch.cat(parts[i])
            by_head = whole.chunk(heads, dim=1)
            entry[name] = {
                "head_ratio": [round(channel_ratio(x), 2) for x in by_head],
                "head_kurtosis": [round(kurtosis(x), 2) for x in by_head],
                "width_ratio": round(channel_ratio(whole), 2),
                "width_kurtosis": round(kurtosis(whole), 2),
            }
        table.append(entry)
    return table
