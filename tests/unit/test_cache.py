"""The quantised cache inside real model classes, with random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache

from engine.core import BadInput
from engine.labs.kv_cache import parse_format
from engine.labs.kv_cache.cache import build_cache

SMALL = {
    "vocab_size": 61,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 128,
}
FAMILIES = {
    "llama": {**SMALL, "num_key_value_heads": 2},
    "qwen2": {**SMALL, "num_key_value_heads": 2},
    "qwen3": {**SMALL, "num_key_value_heads": 2, "head_dim": 16},
    "mistral": {**SMALL, "num_key_value_heads": 2, "sliding_window": None},
    "gpt2": {"vocab_size": 61, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128},
    "gpt_neox": SMALL,
}


def tiny(family: str):
    torch.manual_seed(5)
    config = AutoConfig.for_model(family, **FAMILIES[family], bos_token_id=0, eos_token_id=60)
    return AutoModelForCausalLM.from_config(config).eval()


def step_logits(model, ids, cache):
    with torch.no_grad():
        steps = [
            model(ids[:, i : i + 1], past_key_values=cache, use_cache=True).logits
            for i in range(ids.shape[1])
        ]
    return torch.cat(steps, dim=1)


@pytest.fixture
def ids():
    return torch.randint(1, 60, (1, 40), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("family", FAMILIES)
def test_fp32_cache_gives_the_logits_of_dynamic_cache(family, ids):
    model = tiny(family)
    exact = step_logits(model, ids, DynamicCache(config=model.config))
    cache = build_cache(model, key_format="fp32", value_format="fp32")
    assert torch.equal(step_logits(model, ids, cache), exact)
    before = build_cache(model, key_format="fp32+pre-rope", value_format="fp32")
    torch.testing.assert_close(step_logits(model, ids, before), exact, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_coarse_cache_changes_logits_and_generates(family, ids):
    model = tiny(family)
    exact = step_logits(model, ids, DynamicCache(config=model.config))
    cache = build_cache(model, key_format="int2:token:head", value_format="int2:token:head")
    assert not torch.allclose(step_logits(model, ids, cache), exact, atol=1e-4)
    out = model.generate(
        ids[:, :8],
        past_key_values=build_cache(
            model, key_format="kivi-4:g8:r16", value_format="kivi-4:g8:r16"
        ),
        max_new_tokens=24,
        min_new_tokens=24,
        do_sample=False,
    )
    assert out.shape == (1, 32)


@pytest.mark.parametrize("form", ["fp32", "fp32+pre-rope"])
def test_padded_batch_generates_like_the_library(form):
    model = tiny("llama")
    rows = torch.randint(1, 60, (2, 9), generator=torch.Generator().manual_seed(4))
    mask = torch.ones_like(rows)
    rows[1, :4] = 0
    mask[1, :4] = 0
    settings = {"attention_mask": mask, "max_new_tokens": 12, "do_sample": False, "pad_token_id": 0}
    expected = model.generate(rows, **settings)
    cache = build_cache(model, key_format=form, value_format="fp32")
    assert torch.equal(model.generate(rows, past_key_values=cache, **settings), expected)


def test_beam_search_with_the_exact_format_follows_the_library():
    model = tiny("llama")
    rows = torch.randint(1, 60, (2, 6), generator=torch.Generator().manual_seed(8))
    settings = {"num_beams": 3, "max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
    expected = model.generate(rows, **settings)
    cache = build_cache(model, key_format="fp32", value_format="fp32")
    assert torch.equal(model.generate(rows, past_key_values=cache, **settings), expected)


def test_bytes_are_those_of_the_planes_and_of_the_formula(ids):
    model = tiny("llama")  # 2 layers, width 16, head_dim 8
    cache = build_cache(
        model, key_format="kivi-2:g8:r16", value_format="kivi-2:g8:r16", sinks=3, residual=0
    )
    step_logits(model, ids, cache)
    keys, values = cache.side_bytes()
    # 40 tokens, 3 sinks: keys leave 16 at a time (32 coded, 5 wait), values one by one (21 coded).
    assert cache.coded_tokens() == (32, 21)
    assert keys.codes == 2 * 32 * 16 * 2 // 8
    assert keys.scales == 2 * (32 // 8) * 16 * 2 * 2  # scale and zero, fp16, per channel and group
    assert keys.exact == 2 * (3 + 5) * 16 * 2
    assert values.codes == 2 * 21 * 16 * 2 // 8
    assert values.scales == 2 * 21 * (16 // 8) * 2 * 2
    assert values.exact == 2 * (3 + 16) * 16 * 2
    assert keys.fp16 == values.fp16 == 2 * 40 * 16 * 2
    planes = [
        plane
        for layer in cache.layers
        for store in (*layer.key.stores, *layer.value.stores)
        for plane in (*store.planes.values(), store.sink, store.tail)
    ]
    assert cache.bytes().total == sum(plane.numel() * plane.element_size() for plane in planes)


@pytest.mark.parametrize("form", ["int4:token:head", "bfp12:b16", "mxfp4", "nvfp4", "fp16"])
def test_stored_bits_equal_bits_per_value(form):
    model = tiny("llama")
    cache = build_cache(model, key_format=form, value_format="fp16")
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, 2, 24, 8, generator=generator)
    cache.update(x, x, 0)
    keys, _ = cache.side_bytes()
    bits = parse_format(form).bits_per_value((24, 16), head_dim=8)
    assert 8 * keys.total == pytest.approx(bits * 24 * 16)


def test_uniform_policy_is_no_policy_and_heads_may_differ(ids):
    model = tiny("llama")
    plain = build_cache(model, key_format="bfp12:b16", value_format="int4:token")
    same = build_cache(model, policy='{"default": {"key": "bfp12:b16", "value": "int4:token"}}')
    assert torch.equal(step_logits(model, ids, plain), step_logits(model, ids, same))
    mixed = build_cache(
        model,
        key_format="fp32",
        value_format="fp32",
        policy='{"heads": {"1.0": {"key": "int2:token:head"}}}',
    )
    step_logits(model, ids, mixed)
    exact = DynamicCache(config=model.config)
    step_logits(model, ids, exact)
    first, _ = mixed.read(0)
    assert torch.equal(first, exact.layers[0].keys)
    second, _ = mixed.read(1)
    assert torch.equal(second[:, 1], exact.layers[1].keys[:, 1])
    assert not torch.allclose(second[:, 0], exact.layers[1].keys[:, 0], atol=1e-3)


def test_order_is_undone_on_read_and_changes_only_the_codes(ids):
    model = tiny("llama")
    keys = {"rms-post": np.random.default_rng(0).random((2, 2, 8))}
    exact = step_logits(model, ids, DynamicCache(config=model.config))
    for order in ("in-head:rms-post", "pairs:rms-post", "across-heads:rms-post", "random"):
        cache = build_cache(model, key_format="fp32", value_format="fp32", order=order, keys=keys)
        assert torch.equal(step_logits(model, ids, cache), exact)
    natural = build_cache(model, key_format="bfp12:b4", value_format="fp32")
    sorted_ = build_cache(
        model, key_format="bfp12:b4", value_format="fp32", order="across-heads:rms-post", keys=keys
    )
    assert not torch.equal(step_logits(model, ids, natural), step_logits(model, ids, sorted_))


def test_crop_reset_and_batch_moves(ids):
    model = tiny("llama")
    forms = {"key_format": "int4:channel:g8+pre-rope", "value_format": "int4:token"}
    cache = build_cache(model, **forms)
    step_logits(model, ids, cache)
    cache.crop(-16)
    assert cache.get_seq_length() == 24
    again = build_cache(model, **forms)
    step_logits(model, ids[:, :24], again)
    for layer in range(2):
        for mine, theirs in zip(cache.read(layer), again.read(layer), strict=True):
            assert torch.equal(mine, theirs)
    with pytest.raises(ValueError, match="coded together"):
        cache.crop(-3)
    assert cache.get_seq_length() == 24  # refused before anything changed
    with pytest.raises(ValueError, match="negative"):
        cache.crop(4)
    cache.batch_repeat_interleave(3)
    assert cache.batch_size == 3
    cache.reorder_cache(torch.tensor([2, 0]))
    assert cache.read(0)[0].shape[0] == 2
    cache.reset()
    assert cache.get_seq_length() == 0 and cache.bytes().total == 0
    fresh = step_logits(model, ids, cache)
    assert torch.equal(fresh, step_logits(model, ids, build_cache(model, **forms)))


def test_requantising_cache_refuses_what_it_cannot_do():
    model = tiny("llama")
    cache = build_cache(
        model, key_format="int4:token", value_format="int4:token", mode="requantise"
    )
    with pytest.raises(NotImplementedError):
        cache.crop(-1)
    with pytest.raises(BadInput, match="sinks"):
        build_cache(model, key_format="int4:token", sinks=2, mode="requantise")


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"key_format": "int99"}, "format"),
        ({"key_format": "q8_0"}, "width"),
        ({"order": "sideways"}, "order"),
        ({"order": "in-head:w-norm"}, "order"),
        ({"mode": "forget"}, "mode"),
        ({"exact": torch.float64}, "exact"),
        ({"sinks": -1}, "sinks"),
        ({"residual": -4}, "residual"),
        ({"policy": '{"layers": {"7": {"key": "fp16"}}}'}, "policy.layers.7"),
    ],
)
def test_bad_settings_name_the_field(settings, field):
    with pytest.raises(BadInput) as caught:
        build_cache(tiny("llama"), **settings)
    assert caught.value.field == field


def test_models_without_a_full_past_are_refused():
    config = AutoConfig.for_model(
        "llama4_text",
        **{**SMALL, "num_key_value_heads": 2, "attention_chunk_size": 16, "num_local_experts": 2},
    )

    class Holder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.config = config

    with pytest.raises(BadInput, match="full history"):
        build_cache(Holder())


def test_the_hook_on_the_rotary_module_goes_with_the_cache():
    model = tiny("llama")
    rotary = model.model.rotary_emb
    before = len(rotary._forward_pre_hooks)
    cache = build_cache(model, key_format="int4:token+pre-rope")
    assert len(rotary._forward_pre_hooks) == before + 1
    del cache
    assert len(rotary._forward_pre_hooks) == before


def test_length_dependent_rope_cannot_be_stored_before_rope():
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "llama",
        **FAMILIES["llama"],
        rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0},
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    build_cache(model, key_format="int4:token")
    with pytest.raises(BadInput, match="dynamic"):
        build_cache(model, key_format="int4:token+pre-rope")
