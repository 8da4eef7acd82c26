"""Layers of a quantised key-value cache, in the shape that ``transformers`` models call.

``AppendLayer`` codes a token once and never touches its code again. ``RequantisingLayer`` does what
``QuantizedLayer`` of transformers 5.23 (``cache_utils.py``) does instead: whenever its residual
window fills, it decodes the whole history, joins the window and codes everything anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor
from transformers.cache_utils import CacheLayerMixin

from engine.labs.kv_cache.cache_positions import Positions
from engine.labs.kv_cache.cache_store import CacheBytes, TokenStore
from engine.models.lm.rotary import Rotary


@dataclass(frozen=True, eq=False)
class Part:
    """The heads of one side that share a format, the order of their channels, and their store."""

    heads: Tensor | None  # None: all of them
    order: Tensor | None  # stored = natural[..., order]; None: natural
    store: TokenStore
    pre_rope: bool = False

    def given(self, x: Tensor) -> Tensor:
        """What the store is given of ``x: b h t d``: ``b t w``."""
        if self.heads is not None:
            x = x[:, self.heads.to(x.device)]
        wide = x.transpose(1, 2).flatten(2)
        return wide if self.order is None else wide.index_select(-1, self.order.to(x.device))

    def heads_of(self, wide: Tensor, head_dim: int) -> Tensor:
        """Undo ``given``: its own heads, ``b h t d``."""
        if self.order is not None:
            wide = wide.index_select(-1, torch.argsort(self.order).to(wide.device))
        return wide.unflatten(2, (-1, head_dim)).transpose(1, 2)


class Side:
    """All keys or all values of one layer."""

    def __init__(self, parts: Sequence[Part]):
        self.parts = list(parts)
        self.stores = [part.store for part in self.parts]
        self.pre_rope = any(part.pre_rope for part in self.parts)

    def fork(self) -> Side:
        """A copy that can grow on its own."""
        return Side([replace(part, store=part.store.fork()) for part in self.parts])

    def split(self, x: Tensor, rotary: Rotary | None) -> list[Tensor]:
        """``b h t d`` into what each store is given, ``b t w``."""
        before = x if rotary is None else rotary.invert(x.float())
        return [part.given(before if part.pre_rope else x) for part in self.parts]

    def merge(
        self, stored: Sequence[Tensor], shape: tuple[int, int], rotary: Rotary | None
    ) -> Tensor:
        """Undo ``split`` for ``shape``: heads, head_dim. Gives float32 ``b h t d``."""
        heads, head_dim = shape
        whole: Tensor | None = None
        for part, wide in zip(self.parts, stored, strict=True):
            mine = part.heads_of(wide, head_dim)
            if part.pre_rope and rotary is not None:
                mine = rotary.apply(mine)
            if part.heads is None:
                return mine
            if whole is None:
                whole = mine.new_empty(mine.shape[0], heads, *mine.shape[2:])
            whole[:, part.heads.to(mine.device)] = mine
        assert whole is not None
        return whole


class EncodedLayer(CacheLayerMixin):
    """What both kinds of layer share. ``flushes`` counts the updates in which codes were made."""

    is_sliding = False
    is_croppable = False  # a crop cannot bring back the exact values of coded tokens

    def __init__(self, key: Side, value: Side, positions: Positions | None = None):
        super().__init__()
        self.key, self.value = key, value
        self.watch = positions
        self.seen = 0
        self.flushes = 0
        self.shape = (0, 0)  # heads, head_dim
        self.positions: Tensor | None = None  # b|1 t, only where keys are kept before RoPE

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Remember what the first update looks like."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self.shape = (key_states.shape[1], key_states.shape[3])
        self.is_initialized = True

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Tokens a query may see, and the offset of the first."""
        return self.get_seq_length() + query_length, 0

    def get_seq_length(self) -> int:
        """Tokens held."""
        return self.key.stores[0].tokens

    def get_max_length(self) -> int:
        """No limit."""
        return -1

    @property
    def batch_size(self) -> int:
        """Rows of the batch, or -1 before the first update."""
        return self.key.stores[0].rows or -1

    def read(self) -> tuple[Tensor, Tensor]:
        """Keys (after RoPE) and values as attention reads them back, ``b h t d``."""
        keys = self.key.merge([s.read() for s in self.key.stores], self.shape, self._rotary())
        values = self.value.merge([s.read() for s in self.value.stores], self.shape, None)
        return keys.to(self.dtype), values.to(self.dtype)

    def bytes(self) -> tuple[CacheBytes, CacheBytes]:
        """Stored bytes of keys and of values."""
        sides = [[store.bytes() for store in side.stores] for side in (self.key, self.value)]
        return sum(sides[0], CacheBytes()), sum(sides[1], CacheBytes())

    def fork(self) -> Self:
        """A copy that can grow on its own."""
        twin = copy(self)
        twin.key, twin.value = self.key.fork(), self.value.fork()
        return twin

    def reset(self) -> None:
        """Forget every token."""
        for store in (*self.key.stores, *self.value.stores):
            store.clear()
        self.positions = None
        self.flushes = 0
        self.is_initialized = False

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Give each row of the batch the history of row ``beam_idx``."""
        self.batch_select_indices(beam_idx)

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep the rows ``indices`` of the batch."""
        if self.get_seq_length():
            for store in (*self.key.stores, *self.value.stores):
                store.select(indices)
            if self.positions is not None and len(self.positions) > 1:
                self.positions = self.positions[indices.to(self.positions.device)]

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat each row of the batch."""
        if self.get_seq_length():
            rows = torch.arange(self.batch_size, device=self.device)
            self.batch_select_indices(rows.repeat_interleave(repeats))

    def offload(self) -> None:
        """Refuse: coded planes stay where they are."""
        raise NotImplementedError("this cache does not move between devices")

    def prefetch(self) -> None:
        """Refuse: coded planes stay where they are."""
        raise NotImplementedError("this cache does not move between devices")

    def _arrive(
        self, key_states: Tensor, value_states: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What the stores are given for the new tokens."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        rotary = None
        if self.key.pre_rope and self.watch is not None and self.watch.module is not None:
            fresh = self._fresh_positions(key_states)
            self.positions = _joined(self.positions, fresh)
            rotary = self.watch.table(fresh)
        return self.key.split(key_states, rotary), self.value.split(value_states, None)

    def _fresh_positions(self, key_states: Tensor) -> Tensor:
        """The positions of the forward pass under way, else the next ones."""
        assert self.watch is not None
        tokens = key_states.shape[2]
        latest = self.watch.latest
        if self.watch.forward != self.seen and latest is not None and latest.shape[-1] == tokens:
            self.seen = self.watch.forward
            return latest.reshape(-1, tokens)
        first = 0 if self.positions is None else int(self.positions.max()) + 1
        return torch.arange(first, first + tokens, device=key_states.device)[None]

    def _rotary(self) -> Rotary | None:
        if self.positions is None or self.watch is None:
            return None
        return self.watch.table(self.positions)


class AppendLayer(EncodedLayer):
    """Codes are made once per token, when it leaves the exact window, and never change."""

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Take ``b h t d``; returns the whole history as read back, the new tokens included."""
        keys, values = self._arrive(key_states, value_states)
        fresh = [s.append(x) for s, x in zip(self.key.stores, keys, strict=True)]
        fresh += [s.append(x) for s, x in zip(self.value.stores, values, strict=True)]
        self.flushes += any(fresh)
        return self.read()

    def crop(self, tokens_to_remove: int) -> None:
        """Drop the newest ``-tokens_to_remove`` tokens, as in ``transformers``.

        Raises ValueError for a positive number, and where a token group would have to be cut.
        """
        if tokens_to_remove > 0:
            raise ValueError("crop takes a negative number: how many tokens to drop")
        if not tokens_to_remove or not self.get_seq_length():
            return
        kept = max(self.get_seq_length() + tokens_to_remove, 0)
        for store in (*self.key.stores, *self.value.stores):
            store.check_crop(kept)
        for store in (*self.key.stores, *self.value.stores):
            store.crop(kept)
        if self.positions is not None:
            self.positions = self.positions[:, :kept] if kept else None


class RequantisingLayer(EncodedLayer):
    """Re-quantises the whole history on each flush; the first update is returned unrounded."""

    def __init__(
        self, key: Side, value: Side, positions: Positions | None = None, *, residual: int = 128
    ):
        super().__init__(key, value, positions)
        self.residual = residual

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Take ``b h t d``; returns the coded history, and window and new tokens as they are."""
        first = not self.is_initialized
        keys, values = self._arrive(key_states, value_states)
        pairs = [
            *zip(self.key.stores, keys, strict=True),
            *zip(self.value.stores, values, strict=True),
        ]
        if first:
            for store, x in pairs:
                store.replace_all(x)
            self.flushes += 1
            return key_states, value_states
        whole = [torch.cat((store.read(), x.float()), dim=1) for store, x in pairs]
        n = len(self.key.stores)
        out = (
            self.key.merge(whole[:n], self.shape, self._rotary()).to(self.dtype),
            self.value.merge(whole[n:], self.shape, None).to(self.dtype),
        )
        waiting = self.key.stores[0].tokens - self.key.stores[0].coded + key_states.shape[2]
        if waiting >= self.residual:
            for (store, _), x in zip(pairs, whole, strict=True):
                store.replace_all(x)
            self.flushes += 1
        else:
            for store, x in pairs:
                store.keep_exact(x)
        return out

    def crop(self, tokens_to_remove: int) -> None:
        """Refuse: the re-quantised history mixes old and new tokens."""
        raise NotImplementedError("a re-quantising cache cannot be cropped")


def _joined(before: Tensor | None, fresh: Tensor) -> Tensor:
    if before is None:
        return fresh.clone()
    rows = max(len(before), len(fresh))
    return torch.cat((before.expand(rows, -1), fresh.expand(rows, -1)), dim=1)
