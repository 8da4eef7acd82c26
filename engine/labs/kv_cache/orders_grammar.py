"""Channel orders by name: ``scope:key``, e.g. ``in-head:w-norm`` (the seed paper's K-sort)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from engine.core.errors import BadInput

Scope = Literal["none", "in-head", "pairs", "across-heads"]
SortKey = Literal["w-norm", "w-gain-norm", "rms-pre", "rms-post", "absmax", "random"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)
_SYNONYMS = {"across": "across-heads", "pair": "pairs", "head": "in-head", "rms": "rms-post"}

MEANINGS = {
    "none": "the model's own channel order",
    "in-head": "each KV head's channels are sorted; folded into W_q and W_k, free at run time",
    "pairs": "RoPE pairs stay together; only the rotation frequencies are re-ordered, free",
    "across-heads": "channels of all KV heads are sorted together in storage; a gather on every "
    "read, not free",
    "w-norm": "L2 norm of the channel's row of W_k (the paper's key; needs no data)",
    "w-gain-norm": "row norm of W_k times the gain of the norm layer before it",
    "rms-pre": "root mean square of the channel before RoPE on calibration text",
    "rms-post": "root mean square of the channel after RoPE on calibration text",
    "absmax": "largest magnitude of the channel after RoPE on calibration text",
    "random": "a seeded shuffle: the control",
}


@dataclass(frozen=True)
class Order:
    """A parsed order; ``id`` is its canonical text."""

    scope: Scope
    key: SortKey = "w-norm"

    @property
    def id(self) -> str:
        """The canonical text."""
        return "none" if self.scope == "none" else f"{self.scope}:{self.key}"

    @property
    def free(self) -> bool:
        """True when the order is folded into weights and costs nothing at run time."""
        return self.scope != "across-heads"


def parse_order(text: str) -> Order:
    """``none``, ``random`` or ``scope[:key]``; raises BadInput naming what is allowed."""
    scope, _, key = text.strip().lower().partition(":")
    if scope == "random" and not key:
        scope, key = "in-head", "random"
    scope, key = _SYNONYMS.get(scope, scope), _SYNONYMS.get(key, key or "w-norm")
    if scope not in SCOPES:
        raise BadInput("order", f"{text!r} is not one of {', '.join(SCOPES)}, random")
    if key not in SORT_KEYS:
        raise BadInput("order", f"sort key {key!r} is not one of {', '.join(SORT_KEYS)}")
    return Order(scope, key)


def list_orders() -> tuple[str, ...]:
    """Every order id, the model's own first."""
    sorts = [Order(scope, key).id for scope in SCOPES if scope != "none" for key in SORT_KEYS]
    return ("none", *sorts)


def is_no_op(order: Order, block_channels: int, head_dim: int) -> bool:
    """True when sorting cannot change a block format at all.

    A permutation inside a head only moves values within one block once every block covers whole
    heads, and a shared exponent does not depend on where in its block a value lies.
    """
    return order.scope in ("none", "in-head", "pairs") and block_channels % head_dim == 0
