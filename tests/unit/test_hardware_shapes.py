"""Configs of the usual families: their shapes give the sizes that their model cards name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.core import BadInput
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.shapes import Shape, read_shape


def config(kind: str, width: int, layers: int, heads: int, vocabulary: int, **more: Any) -> str:
    return json.dumps({"model_type": kind, "hidden_size": width, "num_hidden_layers": layers,
                       "num_attention_heads": heads, "vocab_size": vocabulary, **more})  # fmt: skip


def rms(kind: str, *sizes: int, kv: int, inner: int, **more: Any) -> str:
    return config(kind, *sizes, num_key_value_heads=kv, intermediate_size=inner,
                  rms_norm_eps=1e-6, **more)  # fmt: skip


# Text of the config, parameters in billions as published, gated, tied, values of a token's key.
FAMILIES = {
    "llama-2-7b": (
        rms("llama", 4096, 32, 32, 32_000, kv=32, inner=11_008),
        6.738,
        True,
        False,
        4096,
    ),
    "llama-3-8b": (
        rms("llama", 4096, 32, 32, 128_256, kv=8, inner=14_336),
        8.030,
        True,
        False,
        1024,
    ),
    "qwen2-0.5b": (
        rms("qwen2", 896, 24, 14, 151_936, kv=2, inner=4864, tie_word_embeddings=True),
        0.494,
        True,
        True,
        128,
    ),
    "qwen2.5-7b": (
        rms("qwen2", 3584, 28, 28, 152_064, kv=4, inner=18_944),
        7.616,
        True,
        False,
        512,
    ),
    "qwen3-0.6b": (
        rms(
            "qwen3", 1024, 28, 16, 151_936, kv=8, inner=3072, head_dim=128, tie_word_embeddings=True
        ),
        0.596,
        True,
        True,
        1024,
    ),
    "mistral-7b": (
        rms("mistral", 4096, 32, 32, 32_000, kv=8, inner=14_336),
        7.242,
        True,
        False,
        1024,
    ),
    "phi-3-mini": (rms("phi3", 3072, 32, 32, 32_064, kv=32, inner=8192), 3.821, True, False, 3072),
    "gemma-2b": (
        rms("gemma", 2048, 18, 8, 256_000, kv=1, inner=16_384, head_dim=256),
        2.506,
        True,
        True,
        256,
    ),
    "phi-2": (
        config("phi", 2560, 32, 32, 51_200, intermediate_size=10_240),
        2.780,
        False,
        False,
        2560,
    ),
    "gpt-neox-20b": (
        config("gpt_neox", 6144, 44, 64, 50_432, intermediate_size=24_576),
        20.55,
        False,
        False,
        6144,
    ),
    "opt-1.3b": (config("opt", 2048, 24, 32, 50_272, ffn_dim=8192), 1.316, False, True, 2048),
    "falcon-7b": (config("falcon", 4544, 32, 71, 65_024, multi_query=True), 6.92, False, True, 64),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_config_gives_the_size_of_its_model(name: str) -> None:
    text, billions, gated, tied, key = FAMILIES[name]
    shape = read_shape(text)
    assert shape.parameters / 1e9 == pytest.approx(billions, rel=0.005)
    assert (shape.gated, shape.tied, shape.kv_width) == (gated, tied, key)


@pytest.mark.parametrize("device", ["pim-gpt", "gddr6-readout"])
@pytest.mark.parametrize("name", ["llama-3-8b", "gemma-2b", "qwen3-0.6b"])
def test_shared_keys_are_read_once_for_their_group(name: str, device: str) -> None:
    shape = read_shape(FAMILIES[name][0])
    alone = Shape(**{**vars_of(shape), "kv_heads": shape.heads})
    memory = load_device(device)
    ours, every = (generate(Compiler(one, memory), 1, start=2000) for one in (shape, alone))
    unit = "mac" if device == "pim-gpt" else "read"
    shared, own = (totals.work["QK", unit] for totals in (ours, every))
    # Fewer rows are opened for the shared keys; in the banks every query has MACs of its own.
    assert shared.activates < own.activates
    if unit == "read":
        assert shared.reads * shape.heads == pytest.approx(own.reads * shape.kv_heads, rel=0.01)
    else:
        assert shared.macs == own.macs


def vars_of(shape: Shape) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in shape.__dataclass_fields__}


def test_a_text_model_inside_another_is_found() -> None:
    inside = json.loads(FAMILIES["llama-3-8b"][0])
    outside = {
        "model_type": "llava",
        "hidden_size": 1152,
        "vision_config": {},
        "text_config": inside,
    }
    assert read_shape(json.dumps(outside)) == read_shape(json.dumps(inside))


def test_names_of_the_first_families_are_understood() -> None:
    gpt = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50_257}
    shape = read_shape(json.dumps({**gpt, "n_inner": None}))
    assert (shape.width, shape.inner, shape.tied, shape.norm) == (768, 3072, True, "layer")
    bloom = {"model_type": "bloom", "n_embed": 64, "n_layer": 2, "n_head": 4, "vocab_size": 100}
    assert read_shape(json.dumps(bloom)).head_dim == 16


BASE = json.loads(FAMILIES["llama-3-8b"][0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden_size": None}, "no hidden_size"),
        ({"num_attention_heads": None}, "no num_attention_heads"),
        ({"vocab_size": -1}, "vocab_size must be a whole number from 1 to 4,000,000"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers must be a whole number from 1 to 1,000"),
        ({"hidden_size": 4096.5}, "hidden_size must be a whole number"),
        ({"intermediate_size": [1, 2]}, "intermediate_size must be a whole number"),
        ({"num_key_value_heads": 0}, "num_key_value_heads must be a whole number from 1"),
        ({"num_key_value_heads": 64}, "must divide the 32 heads"),
        ({"head_dim": "128"}, "head_dim must be a whole number"),
        ({"n_routed_experts": 64}, "mixtures of experts"),
        ({"is_encoder_decoder": True}, "a decoder is required"),
        ({"model_type": "bert"}, "a decoder is required"),
    ],
)
def test_an_absurd_or_missing_field_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_shape(json.dumps({**BASE, **change}))
