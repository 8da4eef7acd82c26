"""Networks by their kind and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from engine.core.errors import BadInput
from engine.labs.motion.models.denoiser import Denoiser, Shape
from engine.labs.motion.models.evaluator import Evaluator
from engine.labs.motion.models.kmm import KeyframeMamba, KmmShape

Kind = Literal["motion-mamba", "transformer", "kmm", "evaluator"]
KINDS: tuple[str, ...] = get_args(Kind)
MOST_SIZE = 4096


def build_shape(kind: str, sizes: Mapping[str, Any]) -> Shape | KmmShape | None:
    """The sizes of a network; raises BadInput for a size that no network here has."""
    if kind == "evaluator":
        return None
    made = KmmShape if kind == "kmm" else Shape
    known = {one.name: one for one in fields(made)} | {}
    values: dict[str, Any] = {} if kind == "kmm" else {"kind": kind}
    for name, value in sizes.items():
        numbers = value if isinstance(value, (list, tuple)) else [value]
        # Scans are several numbers, all other sizes are one.
        shaped = (name == "scans") == isinstance(value, (list, tuple))
        whole = shaped and all(type(one) is int and 1 <= one <= MOST_SIZE for one in numbers)
        text = name == "bsm" and value in ("all", "inner", "none")
        if name not in known or name == "kind" or not (text or (whole and len(numbers) <= 32)):
            raise BadInput("model", f"config.json: shape.{name[:40]} cannot be {str(value)[:40]!r}")
        values[name] = tuple(numbers) if isinstance(value, (list, tuple)) else value
    return made(**values)


def build_network(
    kind: str,
    shape: Any,
    words: int,
    actions: int = 0,
    styles: int = 0,
    *,
    like: Mapping[str, Tensor] | None = None,
) -> nn.Module:
    """A network with random weights. With ``like`` its tensors must have those shapes.

    Raises BadInput where they do not, before memory is taken for them.
    """

    def build() -> nn.Module:
        if kind == "evaluator":
            return Evaluator(words, actions, styles)
        return KeyframeMamba(shape, words) if kind == "kmm" else Denoiser(shape, words)

    if like is not None:
        with torch.device("meta"):
            wanted = {name: tuple(value.shape) for name, value in build().state_dict().items()}
        there = {name: tuple(value.shape) for name, value in like.items()}
        if wanted != there:
            odd = min({*wanted.items()} ^ {*there.items()})[0]
            raise BadInput("model", f"its weights do not fit config.json: {odd[:80]}")
    return build()
