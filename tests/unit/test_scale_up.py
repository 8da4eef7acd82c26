"""Bytes of caches in known models, against hand arithmetic, published facts and a real store."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.labs.kv_cache import parse_format
from engine.labs.kv_cache.cache_store import TokenStore
from engine.labs.kv_cache.scale_up import (
    GIB,
    MODELS,
    ModelShape,
    cache_size,
    find_model,
    kv_bytes,
    stored_bits,
    tokens_that_fit,
)

SMALL = ModelShape("small", 2, 2, 32, 512, "a test")


def test_the_textbook_example():
    # Llama-2-7B at 4,096 tokens: 2 * 32 layers * 4096 channels * 4096 tokens * 2 bytes = 2 GiB.
    assert kv_bytes(32, 32, 128, 4096) == 2 * GIB
    assert cache_size("Llama-2-7B", 4096).total == 2 * GIB
    assert kv_bytes(32, 32, 128, 4096, 4, 2) == 2 * GIB * 6 / 32
    assert kv_bytes(1, 1, 8, 10, 4, 4, exact_tokens=10) == kv_bytes(1, 1, 8, 10)
    assert kv_bytes(1, 1, 8, 10, batch=3) == 3 * kv_bytes(1, 1, 8, 10)
    assert kv_bytes(1, 1, 8, 0) == 0


def test_ratios_of_the_seed_paper_follow_by_arithmetic():
    keys = cache_size("Llama-2-7B", 4096, "bfp12:b32")
    bfp16 = cache_size("Llama-2-7B", 4096, "bfp16:b32")
    assert bfp16.keys / keys.keys == pytest.approx(8.25 / 4.25)  # "about 2x"
    assert cache_size("Llama-2-7B", 4096).keys / keys.keys == pytest.approx(16 / 4.25)
    assert keys.ratio == pytest.approx(1.58, abs=0.005)


def test_sliding_layers_stop_growing():
    long = cache_size("Mistral-7B v0.1", 30_000).total
    assert long == cache_size("Mistral-7B v0.1", 4096).total
    half = cache_size("Gemma-2-9B", 8192).total
    assert half == kv_bytes(21, 8, 256, 8192) + kv_bytes(21, 8, 256, 4096)


@settings(max_examples=40, deadline=None)
@given(
    form=st.sampled_from(
        ["fp16", "bfp12:b32", "int4:channel:g8", "kivi-2:g8:r16", "int4:token:r5:s3", "mxfp4"]
    ),
    role=st.sampled_from(["key", "value"]),
    tokens=st.integers(1, 70),
    sinks=st.sampled_from([0, 4]),
    residual=st.sampled_from([0, 6]),
)
def test_predicted_bits_are_those_of_a_real_store(form, role, tokens, sinks, residual):
    parsed = parse_format(form)
    store = TokenStore(parsed, role, SMALL.head_dim, sinks=sinks, residual=residual)
    store.append(torch.randn(1, tokens, SMALL.width, generator=torch.Generator().manual_seed(0)))
    bits = stored_bits(parsed, SMALL, tokens, role, sinks, residual)
    assert 8 * store.bytes().total == pytest.approx(bits * tokens * SMALL.width)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_tables_are_plausible_and_every_answer_is_tight(model):
    assert model.layers > 0 and model.head_dim in (64, 80, 96, 128, 256) and model.source
    for key, value in (("fp16", "fp16"), ("kivi-2:g32:r128", "nvfp4")):
        tokens = tokens_that_fit(model, 4.0, key, value)
        if model.sliding_layers == model.layers:
            continue
        assert cache_size(model, tokens, key, value).total <= 4 * GIB
        assert tokens > 1000
    plain = tokens_that_fit(model, 4.0)
    if model.sliding_layers < model.layers:
        assert cache_size(model, plain + 1).total > 4 * GIB


def test_every_shorter_sequence_fits_too():
    budget = 3000 / GIB * 2
    for key in ("kivi-2:g8:r32", "int4:channel:g16", "bfp12:b32"):
        most = tokens_that_fit(SMALL, budget, key, "int4:token")
        assert most > 4
        sizes = [cache_size(SMALL, t, key, "int4:token").total for t in range(most + 2)]
        assert max(sizes[: most + 1]) <= budget * GIB < sizes[most + 1]


def test_names_are_found_and_bad_input_names_the_field():
    assert find_model("llama-3-8b").kv_heads == 8
    assert len({model.name for model in MODELS}) == len(MODELS)
    for call, field in (
        (lambda: find_model("GPT-9"), "model"),
        (lambda: cache_size("Llama-3-8B", -1), "tokens"),
        (lambda: cache_size("Llama-3-8B", 10, batch=0), "batch"),
        (lambda: cache_size("Llama-3-8B", 10, "int77"), "format"),
        (lambda: tokens_that_fit("Llama-3-8B", 0), "gib"),
        (lambda: kv_bytes(0, 1, 1, 1), "layers"),
        (lambda: kv_bytes(1, 1, 1, 1, 0), "bits_key"),
    ):
        with pytest.raises(BadInput) as caught:
            call()
        assert caught.value.field == field


def test_the_calculator_needs_no_torch():
    code = (
        "import sys; from engine.labs.kv_cache import scale_up; "
        "scale_up.tokens_that_fit('Llama-3-8B', 8, 'kivi-2', 'kivi-2'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
