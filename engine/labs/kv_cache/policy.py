"""Mixed formats as JSON: a default, exceptions by layer, exceptions by head.

``{"default": {"key": "int4:channel:g32", "value": "int2:token:head"},
"layers": {"0": {"key": "int8:token"}}, "heads": {"3.1": {"value": "int4:token:head"}}}``.
Heads win over layers, layers over the default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.core import BadInput
from engine.labs.kv_cache.formats import Format, parse_format

Sides = Mapping[str, str]
_HEAD = re.compile(r"(\d{1,4})\.(\d{1,4})")


@dataclass(frozen=True)
class Policy:
    """Format ids for keys and values; ``layers`` and ``heads`` hold exceptions."""

    default: Sides
    layers: Mapping[int, Sides] = field(default_factory=dict)
    heads: Mapping[tuple[int, int], Sides] = field(default_factory=dict)

    def formats(self, layer: int, head: int) -> tuple[Format, Format]:
        """The key and the value format of one KV head."""
        merged = {
            **self.default,
            **self.layers.get(layer, {}),
            **self.heads.get((layer, head), {}),
        }
        return parse_format(merged["key"]), parse_format(merged["value"])

    def check(self, layers: int, heads: int) -> None:
        """Raise BadInput when the policy names a layer or a head that the model has not."""
        for layer in self.layers:
            if layer >= layers:
                raise BadInput(f"policy.layers.{layer}", f"the model has layers 0 to {layers - 1}")
        for layer, head in self.heads:
            if layer >= layers or head >= heads:
                raise BadInput(
                    f"policy.heads.{layer}.{head}",
                    f"the model has layers 0 to {layers - 1} and KV heads 0 to {heads - 1}",
                )

    def to_json(self) -> str:
        """The text that ``parse_policy`` reads."""
        tree: dict[str, Any] = {"default": dict(self.default)}
        if self.layers:
            tree["layers"] = {str(k): dict(v) for k, v in sorted(self.layers.items())}
        if self.heads:
            tree["heads"] = {f"{a}.{b}": dict(v) for (a, b), v in sorted(self.heads.items())}
        return json.dumps(tree, indent=1)


def parse_policy(text: str, key: str = "fp16", value: str = "fp16") -> Policy:
    """Read a policy; ``key`` and ``value`` fill what its default leaves out.

    An empty text gives the two formats everywhere. Raises BadInput with the path to the bad part.
    """
    if not text.strip():
        return Policy({"key": parse_format(key).id, "value": parse_format(value).id})
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("policy", f"is not JSON: {error}") from None
    _only(tree, "policy", ("default", "layers", "heads"))
    default = {"key": parse_format(key).id, "value": parse_format(value).id}
    default |= _sides(tree.get("default", {}), "policy.default")
    layers: dict[int, Sides] = {}
    for name, sides in _table(tree, "layers"):
        if not re.fullmatch(r"\d{1,4}", name):
            raise BadInput(f"policy.layers.{name}", "a layer is a number, for example 0")
        layers[int(name)] = _sides(sides, f"policy.layers.{name}")
    heads: dict[tuple[int, int], Sides] = {}
    for name, sides in _table(tree, "heads"):
        match = _HEAD.fullmatch(name)
        if not match:
            raise BadInput(f"policy.heads.{name}", "a head is layer.head, for example 0.1")
        heads[int(match[1]), int(match[2])] = _sides(sides, f"policy.heads.{name}")
    return Policy(default, layers, heads)


def _table(tree: dict[str, Any], name: str) -> list[tuple[str, Any]]:
    table = tree.get(name, {})
    if not isinstance(table, dict):
        raise BadInput(f"policy.{name}", "must be an object")
    return list(table.items())


def _sides(value: Any, path: str) -> dict[str, str]:
    _only(value, path, ("key", "value"))
    found = {}
    for side, text in value.items():
        try:
            found[side] = parse_format(text).id
        except BadInput as error:
            raise BadInput(f"{path}.{side}", error.reason) from None
    return found


def _only(value: Any, path: str, names: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        raise BadInput(path, "must be an object")
    for name in value:
        if name not in names:
            raise BadInput(f"{path}.{str(name)[:40]}", f"only {', '.join(names)} may stand here")
