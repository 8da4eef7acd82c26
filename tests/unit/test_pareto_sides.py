"""Keys and values in formats of their own, the iso-byte line, and what a click loads."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.core import Field, Result
from engine.figures import Palette
from engine.labs.kv_cache.config import EvaluateConfig, ParetoConfig
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.pareto import MIXED, points
from engine.labs.kv_cache.storage import uniform
from engine.labs.kv_cache.views import pareto
from pages.kit.control import Control

BENCH: Any = SimpleNamespace(
    loaded=SimpleNamespace(info=SimpleNamespace(width=64, head_dim=32)), ids=np.zeros((2, 64))
)
SWEPT = [
    ("bfp12:b32", "bfp12:b32", "none", 4.25, 4.25, 0.010),
    ("bfp12:b32", "bfp12:b32", "across-heads:rms-post", 4.25, 4.25, 0.005),
    ("int4:token", "int2:token", "none", 4.5, 2.5, 0.020),
    ("int2:token", "int4:token", "none", 2.5, 4.5, 0.040),
]


def swept(side: str = "both") -> Result:
    columns = list(zip(*SWEPT, strict=True))
    names = ("window_bits_key", "window_bits_value", "kl_mean")
    fields = dict(zip(names, map(np.array, columns[3:]), strict=True))
    fields["window_bits_mean"] = (fields["window_bits_key"] + fields["window_bits_value"]) / 2
    for name in ("delta_nll", "delta_nll_low", "delta_nll_high"):
        fields[name] = fields["kl_mean"]
    named = [
        {
            "id": key if key == value else f"{key}/{value}",
            "key_format": key,
            "value_format": value,
            "family": "int",
            "order": order,
        }
        for key, value, order, *_ in SWEPT
    ]
    notes = {"points": named, "side": side, "model": {"kv_heads": 2, "head_dim": 32}}
    return Result(
        {name: Field(array, ("point",)) for name, array in fields.items()}, {"windows": 2}, notes
    )


def settings(key: str, value: str, order: str = "none", **more: int) -> EvaluateConfig:
    return EvaluateConfig.build(key_format=key, value_format=value, order=order, **more)


def test_formats_that_differ_are_swept_both_ways_at_equal_mean_bits() -> None:
    found, _ = points(BENCH, ("int8:token", "bfp12:b16"), "both", True)
    mixed = {(p.key_format, p.value_format): p for p in found if p.key_format != p.value_format}
    assert set(mixed) == {*MIXED, *((narrow, wide) for wide, narrow in MIXED)}
    assert {point.order for point in mixed.values()} == {"none"}
    assert len({(point.id, point.order) for point in found}) == len(found)
    for wide, narrow in MIXED:
        assert mixed[wide, narrow].family == "more bits for keys"
        assert mixed[narrow, wide].family == "more bits for values"
        bits = [
            parse_format(text).bits_per_value((64, 64), head_dim=32, role=role)
            for text, role in product((wide, narrow), ("key", "value"))
        ]
        assert bits[0] == bits[1] > bits[2] == bits[3]


@pytest.mark.parametrize("side", ["key", "value"])
def test_one_side_alone_has_nothing_to_mix(side: str) -> None:
    found, _ = points(BENCH, ("int8:token",), side, False)
    assert [point.id for point in found] == ["int8:token"]


def test_pairs_that_do_not_suit_the_model_are_left_out() -> None:
    narrow: Any = SimpleNamespace(
        loaded=SimpleNamespace(info=SimpleNamespace(width=18, head_dim=9)), ids=np.zeros((2, 64))
    )
    found, skipped = points(narrow, ("bfp12:b32+hadamard",), "both", False)
    assert skipped and all("/" in point.id for point in found)


@pytest.mark.parametrize("role", ["key", "value"])
@pytest.mark.parametrize("exact", [(0, 0), (4, 0), (0, 16), (4, 200)])
@pytest.mark.parametrize(
    "name", ["fp16", "fp32", "bfp12:b32", "int4:channel:g32", "kivi-2:g32:r128", "int2:token:head"]
)
def test_the_line_counts_bits_as_the_points_do(
    name: str, exact: tuple[int, int], role: Any
) -> None:
    fmt, chosen = parse_format(name), settings(name, name, sinks=exact[0], residual=exact[1])
    storage = uniform(1, 2, 32, fmt, fmt, sinks=exact[0], residual=exact[1])
    counted = pareto.window_bits(fmt, (200, 64), 32, role, chosen)
    assert counted == pytest.approx(storage.window_bits(role, 200), rel=1e-12)


def test_the_line_follows_the_side_that_was_swept() -> None:
    chosen = settings("int4:token:head", "fp16")
    bits = {side: pareto.setting_bits(swept(side), chosen, 64) for side in ("key", "value", "both")}
    assert bits == {"key": 5.0, "value": 16.0, "both": 10.5}
    assert pareto.setting_bits(swept(), settings("q4_0", "fp16"), 64) is not None
    odd = swept()
    odd.notes["model"]["head_dim"] = 9
    assert pareto.setting_bits(odd, settings("q4_0", "fp16"), 64) is None


def test_the_line_and_its_label_are_drawn() -> None:
    figure = pareto.draw_pareto(swept(), Palette.light(), iso_bits=3.5)
    assert figure.layout.shapes[0].x0 == 3.5
    assert [note.text for note in figure.layout.annotations] == ["same bytes: 3.5 bits"]
    assert not pareto.draw_pareto(swept(), Palette.light()).layout.shapes
    labels = [row[1] for trace in figure.data if trace.customdata for row in trace.customdata]
    assert "K int4:token, V int2:token" in labels


def test_a_click_loads_what_the_sweep_varied_and_is_found_again() -> None:
    result = swept()
    for point in result.notes["points"]:
        chosen = pareto.point_id(point)
        wanted = pareto.loaded_settings(result, chosen)
        assert wanted == {n: point[n] for n in ("key_format", "value_format", "order")}
        assert pareto.find_point(result, EvaluateConfig.build(wanted)) == chosen
    assert pareto.find_point(result, settings("bfp12:b32", "fp16")) is None
    assert pareto.loaded_settings(result, "gone|none") == {}
    values = swept("value")
    assert pareto.loaded_settings(values, "bfp12:b32|none") == {"value_format": "bfp12:b32"}
    sorted_keys = settings("fp16", "bfp12:b32", "in-head:w-norm")
    assert pareto.find_point(values, sorted_keys) == "bfp12:b32|none"
    keys = pareto.loaded_settings(swept("key"), "bfp12:b32|across-heads:rms-post")
    assert keys == {"key_format": "bfp12:b32", "order": "across-heads:rms-post"}


def test_findings_keep_mixed_points_apart() -> None:
    result = swept()
    assert pareto.describe_mixed(result) == (
        "More bits for keys or for values, at the same mean bits: the keys' way does less damage "
        "in 1 of 1 pair; its KL is 0.5 times that of the reverse."
    )
    assert pareto.describe_changes(result) == (
        "Change of the mean KL, sorted across-heads:rms-post: -50 %, less damage for 1 of 1 format."
    )
    assert "K int4:token, V int2:token hurts least, KL 0.02" in pareto.describe_iso(result, 3.5)
    assert pareto.describe_iso(result, 2.0).endswith("every point takes more.")


def test_the_menu_is_a_box_that_fits_its_column() -> None:
    assert Control(ParetoConfig, "menu", "kv_cache.menu").kind == "select"
