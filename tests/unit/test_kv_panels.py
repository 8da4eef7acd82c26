"""What the KV-cache panels make of results: marked texts and what an exact token reads back."""

from __future__ import annotations

import numpy as np
import pytest

from engine.labs.kv_cache.analysis import Setting, inspect, stored_input
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.orders_grammar import parse_order
from pages.panels.kv_cache.drift import marked
from pages.panels.kv_cache.microscope import read_back
from tests.unit.test_kv_views import shipped


@pytest.mark.parametrize(
    ("same", "own", "wanted"),
    [
        ("a line", ", which", "a line:orange[**, which**]"),
        ("a line", " which", "a line :orange[**which**]"),
        ("a line\n", "which", "a line :orange[**which**]"),
        ("", " which", ":orange[**which**]"),
        ("a line", "", "a line"),
        ("a line", "\n", "a line"),
    ],
)
def test_a_marked_text_has_the_blanks_of_the_text(same: str, own: str, wanted: str) -> None:
    assert marked(same, own) == wanted


def test_exact_tokens_are_read_back_as_fp16_in_storage_order_too() -> None:
    capture = shipped("capture")
    order = parse_order("across-heads:rms-post")
    setting = Setting(parse_format("int2:token"), order, sinks=3, residual=5)
    given = stored_input(capture, "key", 1, setting)
    alone, back = inspect(capture, "key", 1, setting).value, read_back(capture, "key", 1, setting)
    held = setting.kept(len(given))
    assert np.array_equal(back[held], given[held].astype(np.float16).astype(back.dtype))
    assert np.array_equal(back[~held], alone[~held])
    assert not np.array_equal(back[held], alone[held])
