"""Watch and change what attention reads, in any model that uses the attention interface.

Inside ``probe(model, rewrite)`` each self-attention layer hands its queries, keys (after RoPE) and
values to ``rewrite``, which may record them and may answer with other keys and values: the cache
as it would be read back. Because each query may read a token either exactly or as a code, one
teacher-forced pass equals a cache that is filled token by token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface

from engine.core import BadInput
from engine.models.lm.rotary import Rotary, rotary_module

NAME = "engram_probe"


@dataclass(frozen=True)
class LayerCall:
    """What one attention layer computes from; ``scaling`` multiplies q.k."""

    layer: int
    q: Tensor  # b query_heads t d
    k: Tensor  # b kv_heads t d, after RoPE
    v: Tensor  # b kv_heads t d
    rotary: Rotary | None
    scaling: float

    @property
    def k_pre(self) -> Tensor:
        """The keys before RoPE."""
        return self.k if self.rotary is None else self.rotary.invert(self.k)


@dataclass(frozen=True)
class Stored:
    """What attention shall read instead: ``keys, values: b kv_heads t d``.

    ``*_coded`` [kv_heads or 1, queries, tokens] is True where a query reads the code; elsewhere it
    reads ``exact_*`` (the layer's own tensor when None). None: every query reads the code.
    """

    keys: Tensor
    values: Tensor
    key_coded: Tensor | None = None
    value_coded: Tensor | None = None
    exact_keys: Tensor | None = None
    exact_values: Tensor | None = None


Rewrite = Callable[[LayerCall], Stored | None]


class _Session:
    def __init__(self, rewrite: Rewrite):
        self.rewrite = rewrite
        self.rotary: Rotary | None = None


_SESSIONS: dict[int, _Session] = {}  # id of an attention module -> the probe that watches it
_LOCK = threading.RLock()  # a model's attention can be exchanged by one probe at a time


@contextmanager
def probe(model: nn.Module, rewrite: Rewrite) -> Iterator[None]:
    """Let ``rewrite`` see and change each layer's attention until the block ends.

    Inputs must be unpadded and causal. Raises BadInput for a model without the interface.
    """
    if not model._can_set_attn_implementation():
        raise BadInput("model", f"{type(model).__name__} does not use the attention interface")
    session = _Session(rewrite)
    with _LOCK:
        before = model.config._attn_implementation
        watched = [id(module) for module in model.modules() if hasattr(module, "layer_idx")]
        handle = None
        if (rotary := rotary_module(model)) is not None:

            def keep(module: nn.Module, inputs: Any, output: Any) -> None:
                session.rotary = Rotary(*output)

            handle = rotary.register_forward_hook(keep)
        try:
            _SESSIONS.update(dict.fromkeys(watched, session))
            model.set_attn_implementation(NAME)
            yield
        finally:
            model.set_attn_implementation(before)
            for key in watched:
                _SESSIONS.pop(key, None)
            if handle is not None:
                handle.remove()


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    unread = [
        name for name in ("softcap", "s_aux", "position_bias") if kwargs.get(name) is not None
    ]
    if unread:
        raise BadInput("model", f"its attention uses {unread[0]}, which this lab does not read")
    if sliding_window is not None and key.shape[-2] > sliding_window:
        raise BadInput(
            "window", f"must be at most {sliding_window}, the sliding window of this model"
        )
    if not getattr(module, "is_causal", True):
        raise BadInput("model", "its attention is not causal")
    session = _SESSIONS[id(module)]
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    call = LayerCall(int(module.layer_idx), query, key, value, session.rotary, scale)
    stored = session.rewrite(call)
    out = attend(call, stored)
    return out.transpose(1, 2).contiguous(), None


def attend(call: LayerCall, stored: Stored | None = None) -> Tensor:
    """Causal attention of one layer over what is stored; returns ``b query_heads t d``."""
    if stored is None:
        stored = Stored(call.k, call.v)
    if stored.key_coded is None and stored.value_coded is None:
        return _plain(call.q, stored.keys, stored.values, call.scaling)
    return _mixed(call, stored)


def _plain(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
    queries, tokens = q.shape[-2], k.shape[-2]
    grouped = q.shape[1] != k.shape[1]
    if queries == tokens or queries == 1:
        return F.scaled_dot_product_attention(
            q, k, v, is_causal=queries > 1, scale=scale, enable_gqa=grouped
        )
    mask = causal_mask(queries, tokens, q.device)
    return F.scaled_dot_product_attention(q, k, v, mask, scale=scale, enable_gqa=grouped)


def _mixed(call: LayerCall, stored: Stored) -> Tensor:
    """softmax over q.k' where a pair reads the code and q.k elsewhere; values likewise."""
    b, _, t, d = call.q.shape
    heads, n = call.k.shape[1], call.k.shape[2]
    q = call.q.reshape(b, heads, -1, t, d)  # b kv_heads group t d

    def scores(k: Tensor) -> Tensor:
        flat = q.reshape(b, heads, -1, d) @ k.transpose(-1, -2)
        return flat.view(b, heads, -1, t, n) * call.scaling

    def spread(coded: Tensor) -> Tensor:
        return coded[:, None]  # kv_heads 1 t n

    s = scores(stored.keys)
    if stored.key_coded is not None:
        exact = call.k if stored.exact_keys is None else stored.exact_keys
        s = torch.where(spread(stored.key_coded), s, scores(exact))
    s = s.masked_fill(~causal_mask(t, n, q.device), float("-inf"))
    p = torch.softmax(s, dim=-1)
    if stored.value_coded is None:
        out = p.view(b, heads, -1, n) @ stored.values
    else:
        exact = call.v if stored.exact_values is None else stored.exact_values
        coded = spread(stored.value_coded)
        out = p.masked_fill(~coded, 0).view(b, heads, -1, n) @ stored.values
        out = out + p.masked_fill(coded, 0).view(b, heads, -1, n) @ exact
    return out.view(b, -1, t, d)


def causal_mask(queries: int, tokens: int, device: torch.device | str = "cpu") -> Tensor:
    """True where a query may read a token; the last query reads all. [queries, tokens]."""
    rows = torch.arange(tokens - queries, tokens, device=device)[:, None]
    return torch.arange(tokens, device=device)[None] <= rows


def capture_layers(model: nn.Module, ids: Tensor) -> tuple[list[LayerCall], Tensor]:
    """Every layer's exact tensors on ``ids: b t``, and the logits ``b t vocab``."""
    calls: list[LayerCall] = []
    with torch.no_grad(), probe(model, lambda call: calls.append(call)):
        logits = model(ids, use_cache=False).logits
    return sorted(calls, key=lambda call: call.layer), logits


def layer_calls(model: nn.Module, ids: Tensor) -> list[LayerCall]:
    """The same without logits: the language model head, often the largest product, is left out."""
    calls: list[LayerCall] = []
    with torch.no_grad(), probe(model, lambda call: calls.append(call)):
        model.base_model(ids, use_cache=False)
    return sorted(calls, key=lambda call: call.layer)


AttentionInterface.register(NAME, _attention)
