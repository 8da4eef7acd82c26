"""A cache filled token by token against the one-pass evaluation, and against a prompt in one go."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from engine.labs.kv_cache import storage as storage_module
from engine.labs.kv_cache.cache import cache_for
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.policy import parse_policy
from engine.labs.kv_cache.storage import LayerStorage, Storage, uniform, with_order
from engine.labs.kv_cache.teacher_forced import stored_pass
from engine.models.lm.load import LoadedModel, load_model, wrap

TOKENS = 72
CONFIGS = {
    "llama": {"num_key_value_heads": 2},
    "qwen2": {"num_key_value_heads": 2},
    "gpt_neox": {},
    "gpt2": {},
}
SINGLE = [  # formats that code a token as it comes
    ("fp32", "fp32"),
    ("fp16", "fp16"),
    ("bfp12:b32", "int2:token:head"),
    ("mxfp4", "mxfp8-e4m3"),
    ("int4:token:head+hadamard", "fp8-e4m3"),
    ("int4:token+pre-rope", "fp16"),
]
WINDOWED = [
    ("int4:channel:g16", "int4:channel:g8"),
    ("int4:channel:g16+pre-rope", "int4:token"),
    ("kivi-2:g8:r16", "kivi-2:g8:r16"),
    ("int4:token:r24:s2", "fp16"),
]


def tiny(family: str) -> LoadedModel:
    torch.manual_seed(11)
    sizes = {
        "vocab_size": 97,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 128,
        "initializer_range": 0.3,  # logits that care about keys
        **CONFIGS[family],
    }
    config = AutoConfig.for_model(family, **sizes, bos_token_id=0, eos_token_id=1)
    return wrap(AutoModelForCausalLM.from_config(config), None, family)


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(2, 97, (2, TOKENS), generator=torch.Generator().manual_seed(4))


def through_cache(loaded: LoadedModel, ids, storage: Storage, chunks, exact=torch.float32):
    cache = cache_for(loaded.model, storage, exact=exact)
    logits = []
    with torch.inference_mode():
        for part in ids.split(chunks, dim=1):
            logits.append(loaded.model(part, past_key_values=cache, use_cache=True).logits)
    return torch.cat(logits, dim=1), cache


def loss(logits: torch.Tensor, ids: torch.Tensor) -> float:
    return float(
        torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    )


def describe(loaded: LoadedModel, key: str, value: str, **more) -> Storage:
    info = loaded.info
    return uniform(
        info.layers,
        info.kv_heads,
        info.head_dim,
        parse_format(key),
        parse_format(value),
        streaming=True,
        **more,
    )


@pytest.mark.parametrize("family", CONFIGS)
@pytest.mark.parametrize(("key", "value"), SINGLE)
def test_single_token_formats_agree_however_they_are_fed(family, key, value, ids):
    loaded = tiny(family)
    storage = describe(loaded, key, value)
    expected = stored_pass(loaded, ids, storage)
    for chunks in (1, 7, TOKENS):
        found, _ = through_cache(loaded, ids, storage, chunks)
        # A code may land on the other side of a tie when the last bits of a key differ.
        assert loss(found, ids) == pytest.approx(loss(expected, ids), abs=2e-3)
        assert (found - expected).abs().median() < 1e-4


@pytest.mark.parametrize("family", CONFIGS)
@pytest.mark.parametrize(("key", "value"), WINDOWED)
@pytest.mark.parametrize(("sinks", "residual"), [(0, 0), (3, 0), (2, 9)])
def test_windows_agree_token_by_token(family, key, value, sinks, residual, ids, monkeypatch):
    # Exact tokens in float32 on both sides: what is left to compare is which token is what, when.
    monkeypatch.setattr(storage_module, "to_float16", lambda x: x)
    loaded = tiny(family)
    storage = describe(loaded, key, value, sinks=sinks, residual=residual)
    expected = stored_pass(loaded, ids, storage)
    found, cache = through_cache(loaded, ids, storage, 1)
    assert loss(found, ids) == pytest.approx(loss(expected, ids), abs=2e-3)
    assert (found - expected).abs().median() < 1e-4
    bits = 8 * cache.bytes().total / (cache.bytes().fp16 / 2)
    # Exact tokens are float32 here to compare codes bit for bit; the formula counts them as fp16.
    bits -= 16 * cache.bytes().exact / 4 / (cache.bytes().fp16 / 2)
    per_value = (storage.bits("key", TOKENS) + storage.bits("value", TOKENS)) / 2
    assert bits == pytest.approx(per_value)


def test_policies_and_orders_mean_the_same_in_both(ids):
    loaded = tiny("llama")
    text = '{"default": {"key": "bfp12:b8", "value": "fp16"}, "heads": {"0.1": {"key": "mxfp4"}}}'
    policy = parse_policy(text)
    layers = []
    for layer in range(2):
        pairs = [policy.formats(layer, head) for head in range(2)]
        layers.append(LayerStorage(tuple(k for k, _ in pairs), tuple(v for _, v in pairs)))
    shuffled = np.random.default_rng(0)
    storage = with_order(
        Storage(tuple(layers), loaded.info.head_dim, streaming=True),
        [shuffled.permutation(32) for _ in range(2)],
    )
    expected = stored_pass(loaded, ids, storage)
    found, _ = through_cache(loaded, ids, storage, 1)
    assert (found - expected).abs().median() < 1e-4
    assert loss(found, ids) == pytest.approx(loss(expected, ids), abs=2e-3)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("key", "value"), [("bfp12:b32", "fp16"), ("kivi-4:g32:r32", "kivi-4:g32:r32")]
)
def test_a_trained_model_loses_the_same_both_ways(shared_data, key, value):
    loaded = load_model(str(shared_data / "models" / "stories260K-llama"))
    text = "Once upon a time, there was a little girl named Lily. She loved to play outside. " * 8
    ids = loaded.tokenizer(text, return_tensors="pt").input_ids[:, :128]
    storage = describe(loaded, key, value)
    expected = loss(stored_pass(loaded, ids, storage), ids)
    found, _ = through_cache(loaded, ids, storage, 1, exact=torch.float16)
    assert loss(found, ids) == pytest.approx(expected, abs=5e-3)
