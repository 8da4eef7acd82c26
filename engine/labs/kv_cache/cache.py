"""A real quantised key-value cache for ``transformers`` models.

>>> cache = build_cache(model, key_format="kivi-2", value_format="kivi-2")
>>> model.generate(ids, past_key_values=cache)
>>> cache.bytes().total, cache.bytes().fp16
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache, get_layer_types_and_kwargs

from engine.core import BadInput
from engine.labs.kv_cache.cache_layers import (
    AppendLayer,
    EncodedLayer,
    Part,
    RequantisingLayer,
    Side,
)
from engine.labs.kv_cache.cache_positions import Positions
from engine.labs.kv_cache.cache_store import CacheBytes, TokenStore
from engine.labs.kv_cache.formats import Role
from engine.labs.kv_cache.orders import build_permutation, within
from engine.labs.kv_cache.orders_grammar import parse_order
from engine.labs.kv_cache.policy import Policy, parse_policy
from engine.labs.kv_cache.storage import LayerStorage, Storage, with_order
from engine.models.lm.rotary import rotary_channels

Mode = Literal["append", "requantise"]

LIBRARY_RESIDUAL = 128  # the default of transformers' QuantizedCache
_SEES_THE_PAST = {"full_attention", "sliding_attention"}
_MAX_WINDOW = 1_000_000


class EncodedCache(Cache):
    """A ``past_key_values`` whose layers hold packed codes; see ``build_cache``.

    A token's keys and values are stored first and then read back, so a query sees its own token as
    a code too where the format codes single tokens. Tokens that arrive in one call are all stored
    before any of them is read: with a window or a token group, a prompt fed in one call is read
    more coarsely than the same prompt fed token by token. What ends up stored is the same.
    """

    layers: list[EncodedLayer]

    def __init__(self, layers: list[EncodedLayer]):
        super().__init__(layers=layers)

    def bytes(self) -> CacheBytes:
        """Bytes of all layers and both sides, summed over the stored planes."""
        keys, values = self.side_bytes()
        return keys + values

    def side_bytes(self) -> tuple[CacheBytes, CacheBytes]:
        """Bytes of keys and of values."""
        keys, values = zip(*(layer.bytes() for layer in self.layers), strict=True)
        return sum(keys, CacheBytes()), sum(values, CacheBytes())

    def fork(self) -> EncodedCache:
        """A copy that can grow on its own, for a second continuation of the same prompt."""
        return EncodedCache([layer.fork() for layer in self.layers])

    def read(self, layer: int) -> tuple[Tensor, Tensor]:
        """Keys and values of one layer as attention reads them back, ``b h t d``."""
        return self.layers[layer].read()

    def coded_tokens(self) -> tuple[int, int]:
        """Tokens held as codes, of keys and of values, in the first layer."""
        layer = self.layers[0]
        return layer.key.stores[0].coded, layer.value.stores[0].coded

    @property
    def flushes(self) -> int:
        """Updates of the first layer in which codes were made."""
        return self.layers[0].flushes


def build_cache(
    model: nn.Module,
    *,
    key_format: str = "fp16",
    value_format: str = "fp16",
    order: str = "none",
    keys: Mapping[str, np.ndarray] | None = None,
    seed: int = 0,
    sinks: int = 0,
    residual: int = 0,
    policy: Policy | str = "",
    mode: Mode = "append",
    exact: torch.dtype = torch.float16,
) -> EncodedCache:
    """An empty cache for a causal language model; formats, orders and policies by name.

    ``order`` sorts the key channels before coding by ``keys``: sort key name -> (layer, head,
    channel). The first ``sinks`` tokens, the newest ``residual`` and all tokens of a group that is
    not full stay in ``exact`` precision. Formats with offline constants (tensor scales, codebooks)
    get them from the first tokens they code; ``cache_for`` takes formats fitted beforehand.

    Mode "requantise" behaves like transformers' QuantizedCache (5.23): ``residual`` is then the
    length of its window, 128 if 0. Raises BadInput, naming the field, for what cannot be built.
    """
    config = model.config.get_text_config(decoder=True)
    layers, heads, head_dim = int(config.num_hidden_layers), kv_heads(config), head_size(config)
    chosen = (
        policy if isinstance(policy, Policy) else parse_policy(policy, key_format, value_format)
    )
    chosen.check(layers, heads)
    for name, value in (("sinks", sinks), ("residual", residual)):
        if not 0 <= value <= _MAX_WINDOW:
            raise BadInput(name, f"must be from 0 to {_MAX_WINDOW} tokens, not {value}")
    built = []
    for layer in range(layers):
        pairs = [chosen.formats(layer, head) for head in range(heads)]
        built.append(LayerStorage(tuple(k for k, _ in pairs), tuple(v for _, v in pairs)))
    storage = Storage(tuple(built), head_dim, sinks, residual, streaming=True)
    parsed = parse_order(order)
    if parsed.scope != "none":
        if keys is None:
            raise BadInput("order", f"{parsed.id} needs the sort keys of the model's channels")
        turned = rotary_channels(model)
        storage = with_order(
            storage,
            [build_permutation(parsed, keys, layer, seed, turned) for layer in range(layers)],
        )
    return cache_for(model, storage, mode=mode, exact=exact, fit=True)


def cache_for(
    model: nn.Module,
    storage: Storage,
    *,
    mode: Mode = "append",
    exact: torch.dtype = torch.float16,
    fit: bool = False,
) -> EncodedCache:
    """An empty cache that keeps what ``storage`` describes, in the streaming protocol.

    ``fit``: constants of formats that need calibration come from the first coded tokens. Raises
    BadInput for models whose layers do not attend to the whole past.
    """
    kinds, _ = get_layer_types_and_kwargs(model.config.get_text_config(decoder=True))
    if not set(kinds) <= _SEES_THE_PAST or len(kinds) != len(storage.layers):
        raise BadInput("model", f"has layers that keep no full history: {', '.join(set(kinds))}")
    if mode not in ("append", "requantise"):
        raise BadInput("mode", f"{mode!r} is not one of append, requantise")
    if exact not in (torch.float16, torch.float32):
        raise BadInput("exact", "must be torch.float16 or torch.float32")
    if mode == "requantise" and storage.sinks:
        raise BadInput("sinks", "must be 0 where the whole history is re-quantised")

    def side(layer: LayerStorage, role: Role) -> Side:
        groups, parts = layer.groups(role), []
        permutation = layer.permutation if role == "key" else None
        for form, heads in groups.items():
            # Shapes that do not suit the format are refused now, not at the first token.
            form.block_shape(
                (1, len(heads) * storage.head_dim), head_dim=storage.head_dim, role=role
            )
            order = permutation
            if order is not None and len(groups) > 1:
                order = within(order, list(heads), storage.head_dim)
            store = TokenStore(
                replace(form, sink=0) if mode == "requantise" else form,
                role,
                storage.head_dim,
                sinks=storage.sinks,
                residual=storage.residual,
                exact=exact,
                fit=fit,
            )
            parts.append(
                Part(
                    None if len(groups) == 1 else torch.tensor(heads),
                    None if order is None else torch.as_tensor(order),
                    store,
                    form.pre_rope and role == "key",
                )
            )
        return Side(parts)

    sides = [(side(layer, "key"), side(layer, "value")) for layer in storage.layers]
    positions = Positions(model) if any(key.pre_rope for key, _ in sides) else None
    if mode == "append":
        return EncodedCache([AppendLayer(key, value, positions) for key, value in sides])
    return EncodedCache(
        [
            RequantisingLayer(key, value, positions, residual=library_window(storage))
            for key, value in sides
        ]
    )


def library_window(storage: Storage) -> int:
    """The residual length of mode "requantise": what was asked for, else the format's own, else the
    library's default."""
    own = max(form.window or 0 for layer in storage.layers for form in layer.keys)
    return storage.residual or own or LIBRARY_RESIDUAL


def kv_heads(config: object) -> int:
    """KV heads of a model's config."""
    heads = getattr(config, "num_key_value_heads", None)
    return int(heads or config.num_attention_heads)  # type: ignore[attr-defined]


def head_size(config: object) -> int:
    """Channels of a head of a model's config."""
    found = getattr(config, "head_dim", None)
    return int(found or config.hidden_size // config.num_attention_heads)  # type: ignore[attr-defined]
