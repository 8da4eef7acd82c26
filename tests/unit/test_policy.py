from __future__ import annotations

import pytest

from engine.core import BadInput
from engine.labs.kv_cache.policy import parse_policy

TEXT = """{"default": {"key": "int4:channel:g32"},
 "layers": {"1": {"key": "fp16", "value": "int8:token"}},
 "heads": {"1.0": {"key": "int2:token:head"}}}"""


def test_heads_win_over_layers_over_the_default() -> None:
    policy = parse_policy(TEXT, value="int2:token")
    named = {
        (layer, head): tuple(fmt.id for fmt in policy.formats(layer, head))
        for layer in (0, 1)
        for head in (0, 1)
    }
    assert named == {
        (0, 0): ("int4:channel:g32", "int2:token"),
        (0, 1): ("int4:channel:g32", "int2:token"),
        (1, 0): ("int2:token:head", "int8:token"),
        (1, 1): ("fp16", "int8:token"),
    }


def test_round_trip() -> None:
    policy = parse_policy(TEXT)
    assert parse_policy(policy.to_json()) == policy


def test_empty_text_is_one_format_everywhere() -> None:
    policy = parse_policy(" ", "bfp12:b32", "fp16")
    assert policy == parse_policy('{"default": {"key": "bfp12:b32", "value": "fp16"}}')


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "policy"),
        ("[1]", "policy"),
        ("[" * 100_000, "policy"),
        ('{"defaults": {}}', "policy.defaults"),
        ('{"default": {"keys": "fp16"}}', "policy.default.keys"),
        ('{"default": {"key": "int99"}}', "policy.default.key"),
        ('{"default": {"key": 4}}', "policy.default.key"),
        ('{"layers": [1]}', "policy.layers"),
        ('{"layers": {"x": {}}}', "policy.layers.x"),
        ('{"layers": {"-1": {}}}', "policy.layers.-1"),
        ('{"heads": {"1": {}}}', "policy.heads.1"),
        ('{"heads": {"0.1": {"value": null}}}', "policy.heads.0.1.value"),
    ],
)
def test_bad_policies_name_the_path(text: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(text)
    assert caught.value.field == field


def test_layers_and_heads_must_exist() -> None:
    parse_policy(TEXT).check(2, 1)
    with pytest.raises(BadInput, match="layers 0 to 0"):
        parse_policy(TEXT).check(1, 4)
    with pytest.raises(BadInput, match="KV heads 0 to 0"):
        parse_policy('{"heads": {"0.1": {"key": "fp16"}}}').check(2, 1)
