"""The probe reads every supported family alike, and changes nothing that it is not asked to."""

from __future__ import annotations

import sys

import pytest
import torch

from engine.core import BadInput
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.storage import uniform
from engine.models.lm.probe import LayerCall, Stored, attend, capture_layers, layer_calls, probe
from engine.models.lm.projections import projections
from tests.lm_models import BUILDERS, ids, tiny

FAMILIES = sorted(BUILDERS)


def eager(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            return model(batch, use_cache=False).logits
    finally:
        model.set_attn_implementation(before)


@pytest.mark.parametrize("family", FAMILIES)
def test_watching_leaves_the_logits_and_restores_the_attention(family: str) -> None:
    loaded, batch = tiny(family), ids()
    before = loaded.model.config._attn_implementation
    calls, logits = capture_layers(loaded.model, batch)
    torch.testing.assert_close(logits, eager(loaded.model, batch), atol=2e-5, rtol=1e-5)
    assert [call.layer for call in calls] == [0, 1]
    for call, again in zip(calls, layer_calls(loaded.model, batch), strict=True):
        assert torch.equal(call.k, again.k) and torch.equal(call.v, again.v)
    assert loaded.model.config._attn_implementation == before


@pytest.mark.parametrize("family", FAMILIES)
def test_captured_keys_equal_the_projection_computed_directly(family: str) -> None:
    loaded, batch = tiny(family), ids()
    calls, _ = capture_layers(loaded.model, batch)
    info = loaded.info
    layer = projections(loaded.model, info.query_heads, info.kv_heads, info.head_dim)[0]
    inputs: list[torch.Tensor] = []

    def keep(module: torch.nn.Module, args: tuple, output: torch.Tensor) -> None:
        inputs.append(output)

    handle = layer.norm.register_forward_hook(keep)
    eager(loaded.model, batch)
    handle.remove()
    k = torch.einsum("bti,hdi->bhtd", inputs[0], layer.weight("k"))
    if (bias := layer.bias("k")) is not None:
        k = k + bias[None, :, None]
    if (gain := layer.gain("k")) is not None:
        k = k * torch.rsqrt(k.square().mean(-1, keepdim=True) + 1e-6) * gain
    torch.testing.assert_close(calls[0].k_pre, k, atol=2e-5, rtol=1e-4)
    rotary = calls[0].rotary
    assert (rotary is None) == (family == "gpt2")
    if rotary is not None:
        apply = sys.modules[type(loaded.model).__module__].apply_rotary_pos_emb
        _, turned = apply(k, k, rotary.cos, rotary.sin)
        torch.testing.assert_close(calls[0].k, turned, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_partial_and_scaled_rotation_is_undone(family: str) -> None:
    calls, _ = capture_layers(tiny(family).model, ids())
    for call in calls:
        if call.rotary is not None:
            torch.testing.assert_close(call.rotary.apply(call.k_pre), call.k, atol=1e-5, rtol=1e-5)
            assert not torch.allclose(call.k_pre[:, :, 1:], call.k[:, :, 1:], atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_fp32_cache_is_the_exact_model(family: str) -> None:
    loaded, batch = tiny(family), ids()
    info = loaded.info
    fp32 = parse_format("fp32")
    storage = uniform(info.layers, info.kv_heads, info.head_dim, fp32, fp32)
    _, exact = capture_layers(loaded.model, batch)
    with torch.no_grad(), probe(loaded.model, storage):
        stored = loaded.model(batch, use_cache=False).logits
    assert torch.equal(stored, exact)


@pytest.mark.parametrize("family", FAMILIES)
def test_replaced_values_are_the_ones_attended_to(family: str) -> None:
    loaded, batch = tiny(family), ids()
    seen: dict[int, torch.Tensor] = {}

    def zero(call: LayerCall) -> Stored:
        stored = Stored(call.k, torch.zeros_like(call.v))
        seen[call.layer] = attend(call, stored)
        return stored

    with torch.no_grad(), probe(loaded.model, zero):
        loaded.model(batch, use_cache=False)
    assert all(not value.any() for value in seen.values())


def test_attention_of_a_mix_equals_a_loop_over_queries() -> None:
    generator = torch.Generator().manual_seed(3)
    b, heads, group, t, d = 2, 2, 2, 9, 4
    q = torch.randn(b, heads * group, t, d, generator=generator)
    k, v, k2, v2 = (torch.randn(b, heads, t, d, generator=generator) for _ in range(4))
    key_coded = torch.rand(heads, t, t, generator=generator) < 0.5
    value_coded = torch.rand(heads, t, t, generator=generator) < 0.5
    call = LayerCall(0, q, k, v, None, 0.7)
    got = attend(call, Stored(k2, v2, key_coded, value_coded))
    for h in range(heads * group):
        own = h // group
        for i in range(t):
            keys = torch.where(
                key_coded[own, i, : i + 1, None], k2[:, own, : i + 1], k[:, own, : i + 1]
            )
            values = torch.where(
                value_coded[own, i, : i + 1, None], v2[:, own, : i + 1], v[:, own, : i + 1]
            )
            weight = torch.softmax(0.7 * torch.einsum("bd,btd->bt", q[:, h, i], keys), -1)
            want = torch.einsum("bt,btd->bd", weight, values)
            torch.testing.assert_close(got[:, h, i], want, atol=1e-5, rtol=1e-4)


def test_an_error_inside_restores_the_model() -> None:
    loaded = tiny("llama")
    before = loaded.model.config._attn_implementation

    def fail(call: LayerCall) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), probe(loaded.model, fail):
        loaded.model(ids())
    assert loaded.model.config._attn_implementation == before
    capture_layers(loaded.model, ids())


def test_a_window_beyond_the_sliding_window_is_refused() -> None:
    with pytest.raises(BadInput, match="96"):
        capture_layers(tiny("mistral").model, ids(1, 97))
