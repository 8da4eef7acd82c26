"""Folding a channel order into W_q and W_k is exact in every family."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.labs.kv_cache.calibration import data_keys, weight_keys
from engine.labs.kv_cache.fold import (
    SortedRotary,
    as_double,
    fold,
    max_logit_difference,
    permuted_tensors,
    plain_logits,
    storage_difference,
)
from engine.labs.kv_cache.orders import build_permutation
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.models.lm.load import LoadedModel
from engine.models.lm.probe import capture_layers
from engine.models.lm.rotary import rotary_channels
from tests.lm_models import BUILDERS, ids, tiny

ORDERS = ("in-head:w-norm", "in-head:random", "pairs:rms-pre", "pairs:random")


def permutations(loaded: LoadedModel, order: str) -> list[np.ndarray]:
    calls, _ = capture_layers(loaded.model, ids())
    keys = {**weight_keys(loaded), **data_keys(calls)}
    turned = rotary_channels(loaded.model)
    return [build_permutation(parse_order(order), keys, i, 5, turned) for i in range(2)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_logits_stay(family: str, order: str) -> None:
    loaded = tiny(family)
    orders = permutations(loaded, order)
    assert any((order != np.arange(len(order))).any() for order in orders)
    assert max_logit_difference(loaded, fold(loaded, orders), ids()) < 1e-4
    double = as_double(loaded)
    folded = fold(double, orders)
    largest = float(plain_logits(double, ids()).abs().max())
    assert max_logit_difference(double, folded, ids()) < 1e-13 * largest
    for logits in (plain_logits(double, ids()), folded.logits(ids())):
        # Not numbers of float32 in a wider box: few float64 numbers survive that.
        assert logits.dtype == torch.float64
        assert (logits.float().double() != logits).float().mean() > 0.99


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_a_float64_check_sees_what_float32_rounds_away(family: str) -> None:
    double = as_double(tiny(family))
    exact = plain_logits(double, ids())
    attention = next(
        module
        for name, module in double.model.named_modules()
        if name.endswith(("attn", "attention"))
    )
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.mul_(1 + 1e-11)
    moved = float((plain_logits(double, ids()) - exact).abs().max())
    assert 1e-13 < moved < 1e-7


def test_what_stays_coarse_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    double = as_double(tiny("llama"))
    coarse = torch.ones(32)
    double.model.model.norm.register_forward_hook(
        lambda module, inputs, output: output * (coarse * 2).double()
    )
    with pytest.raises(BadInput, match="too coarse to judge"):
        plain_logits(double, ids())


def test_a_wrong_rotation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = tiny("llama")
    orders = permutations(loaded, "in-head:random")
    monkeypatch.setattr(SortedRotary, "apply", lambda self, x, rotary: rotary.apply(x))
    assert max_logit_difference(loaded, fold(loaded, orders), ids()) > 1e-2


def test_folding_leaves_the_model_it_was_given() -> None:
    loaded = tiny("qwen3")
    before = {name: value.clone() for name, value in loaded.model.state_dict().items()}
    fold(loaded, permutations(loaded, "in-head:random"))
    after = loaded.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_orders_across_heads_cannot_be_folded_but_cancel_on_storage() -> None:
    loaded = tiny("llama")
    orders = permutations(loaded, "across-heads:rms-post")
    with pytest.raises(BadInput, match="inside a head"):
        fold(loaded, orders)
    assert storage_difference(loaded, orders, ids()) == 0.0


def test_exported_weights_are_the_permuted_rows() -> None:
    loaded = tiny("llama")
    orders = permutations(loaded, "in-head:w-norm")
    tensors = permuted_tensors(loaded, orders)
    attention = loaded.model.model.layers[1].self_attn
    order = tensors["layers.1.permutation"]
    assert order.tolist() == orders[1].tolist()
    assert torch.equal(tensors["layers.1.w_k"], attention.k_proj.weight[order])
    assert torch.equal(tensors["layers.1.w_k.bias"], attention.k_proj.bias[order])
    # Two query heads share a KV head: both carry its order.
    group = torch.cat([order[:8], order[:8] + 8, order[8:] + 8, order[8:] + 16])
    assert torch.equal(tensors["layers.1.w_q"], attention.q_proj.weight[group])
