from __future__ import annotations

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.kv_cache.orders import block_waste, build_permutation, within
from engine.labs.kv_cache.orders_grammar import list_orders, parse_order

RNG = np.random.default_rng(0)
KEYS = {
    name: RNG.random((3, 2, 8))
    for name in ("w-norm", "w-gain-norm", "rms-pre", "rms-post", "absmax")
}


@pytest.mark.parametrize("order", list_orders())
@pytest.mark.parametrize("layer", range(3))
def test_every_order_is_a_permutation_inside_its_scope(order: str, layer: int) -> None:
    parsed = parse_order(order)
    found = build_permutation(parsed, KEYS, layer)
    assert sorted(found) == list(range(16))
    if parsed.scope != "across-heads":
        assert (found // 8 == np.arange(16) // 8).all()


def test_strongest_channel_first() -> None:
    keys = {"w-norm": np.array([[[1.0, 4, 2, 3], [9, 0, 9, 5]]])}
    assert build_permutation(parse_order("in-head:w-norm"), keys, 0).tolist() == [
        1, 3, 2, 0, 4, 6, 7, 5,
    ]  # fmt: skip
    assert build_permutation(parse_order("across-heads:w-norm"), keys, 0).tolist() == [
        4, 6, 7, 1, 3, 2, 0, 5,
    ]  # fmt: skip


def test_pairs_stay_half_a_head_apart_and_sort_by_joint_norm() -> None:
    keys = {"w-norm": np.array([[[3.0, 0, 1, 4, 6, 0]]])}  # pairs (0,3) 5, (1,4) 6, (2,5) 1
    assert build_permutation(parse_order("pairs:w-norm"), keys, 0).tolist() == [1, 0, 2, 4, 3, 5]


def test_pairs_of_a_partial_rotation_leave_the_rest_behind() -> None:
    keys = {"w-norm": np.array([[[1.0, 2, 1, 2, 5, 7]]])}  # four of six channels turn
    found = build_permutation(parse_order("pairs:w-norm"), keys, 0, rotary_dim=4)
    assert found.tolist() == [1, 0, 3, 2, 5, 4]


def test_random_depends_on_seed_and_layer_alone() -> None:
    order = parse_order("random")
    first = build_permutation(order, KEYS, 0, seed=1)
    assert (first == build_permutation(order, {"absmax": KEYS["absmax"]}, 0, seed=1)).all()
    assert (first != build_permutation(order, KEYS, 0, seed=2)).any()
    assert (first != build_permutation(order, KEYS, 1, seed=1)).any()


def test_a_missing_key_is_named() -> None:
    with pytest.raises(BadInput, match="rms-post"):
        build_permutation(parse_order("across-heads:rms"), {"w-norm": KEYS["w-norm"]}, 0)


def test_order_of_some_heads_alone() -> None:
    order = np.array([5, 0, 3, 2, 4, 1])  # three heads of two channels
    assert within(order, [0, 2], 2).tolist() == [3, 0, 2, 1]


def test_waste_counts_bits_below_the_block_maximum() -> None:
    assert block_waste(np.array([8.0, 4, 1, 1]), 2).tolist() == [0.5, 0.0]
    assert block_waste(np.array([1.0, 0.0]), 2).tolist() == [12.0]
