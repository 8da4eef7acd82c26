"""Mode "requantise" against the library's own ``QuantizedLayer``, step by step."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.cache_utils import Cache, QuantizedLayer

from engine.labs.kv_cache import parse_format
from engine.labs.kv_cache.cache import build_cache


class ByFormat(QuantizedLayer):
    """The library's layer with our formats as its back end."""

    def __init__(self, key: str, value: str, residual_length: int):
        super().__init__(residual_length=residual_length, axis_key=0, axis_value=1)
        self.forms = (parse_format(key), parse_format(value))
        self.quantised = 0

    def _quantize(self, tensor, axis):
        self.quantised += axis == 0
        form, role = (self.forms[0], "key") if axis == 0 else (self.forms[1], "value")
        wide = tensor.transpose(1, 2).flatten(2)
        return form.encode(wide, head_dim=tensor.shape[-1], role=role), tensor.shape

    def _dequantize(self, stored):
        encoded, shape = stored
        form = self.forms[0] if encoded.role == "key" else self.forms[1]
        return form.decode(encoded).unflatten(2, (shape[1], shape[3])).transpose(1, 2)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(2)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
    )
    return LlamaForCausalLM(config).eval()


@pytest.mark.parametrize("residual", [1, 4, 13])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("int4:channel:g8", "int4:token:head"),
        ("int2:token", "int2:token:g8"),
        ("bfp12:b16", "mxfp4"),
    ],
)
def test_every_step_equals_the_library(model, key, value, residual):
    theirs = ByFormat(key, value, residual)
    ours = build_cache(
        model,
        key_format=key,
        value_format=value,
        mode="requantise",
        residual=residual,
        exact=torch.float32,
    )
    generator = torch.Generator().manual_seed(7)
    for step, size in enumerate([9, 1, 1, 1, 3, 1, 1, 1, 1, 2, 1, 1, 1, 6, 1, 1]):
        k, v = (torch.randn(2, 2, size, 8, generator=generator) for _ in range(2))
        expected = theirs.update(k, v)
        found = ours.update(k, v, 0)
        for mine, reference in zip(found, expected, strict=True):
            assert torch.equal(mine, reference), f"step {step}"
        assert ours.get_seq_length() == theirs.get_seq_length()
        assert ours.flushes == theirs.quantised


def test_prefill_is_returned_unrounded_and_the_next_step_is_not(model):
    ours = build_cache(
        model, key_format="int2:token", value_format="int2:token", mode="requantise", residual=8
    )
    k = torch.randn(1, 2, 20, 8, generator=torch.Generator().manual_seed(1))
    seen, _ = ours.update(k, k, 0)
    assert torch.equal(seen, k)
    new = torch.randn(1, 2, 1, 8, generator=torch.Generator().manual_seed(2))
    seen, _ = ours.update(new, new, 0)
    assert torch.equal(seen[:, :, -1:], new)
    assert not torch.allclose(seen[:, :, :-1], k, atol=1e-2)


def test_logits_through_the_model_equal_the_library(model):
    ids = torch.randint(0, 50, (1, 30), generator=torch.Generator().manual_seed(3))
    settings = {"key": "int3:channel:g8", "value": "int3:token:head"}
    theirs = Cache(layers=[ByFormat(**settings, residual_length=5)])
    ours = build_cache(
        model,
        key_format=settings["key"],
        value_format=settings["value"],
        mode="requantise",
        residual=5,
        exact=torch.float32,
    )
    with torch.no_grad():
        for cut in (slice(0, 10), *(slice(i, i + 1) for i in range(10, 30))):
            a = model(ids[:, cut], past_key_values=theirs, use_cache=True).logits
            b = model(ids[:, cut], past_key_values=ours, use_cache=True).logits
            assert torch.equal(a, b)


def test_requantisation_drifts_where_append_only_does_not(model):
    """A scale over the whole sequence moves with every flush; append-only codes keep theirs."""
    generator = torch.Generator().manual_seed(9)
    x = torch.randn(1, 2, 96, 8, generator=generator) * torch.linspace(1, 3, 96)[:, None]
    ours = build_cache(
        model, key_format="int3:channel:g64", value_format="fp32", mode="requantise", residual=4
    )
    errors = []
    for i in range(96):
        ours.update(x[:, :, i : i + 1], x[:, :, i : i + 1], 0)
        read, _ = ours.read(0)
        if i >= 7:
            errors.append(float((read[:, :, :8] - x[:, :, :8]).norm() / x[:, :, :8].norm()))
    assert errors[-1] > 1.3 * errors[0]
