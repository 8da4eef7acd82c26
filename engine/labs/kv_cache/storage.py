"""How every layer of a cache is kept: the rewrite that the probe asks for each layer.

Which tokens are codes for which query follows from the protocol. "all": every token, the current
one included (the spec's protocol for comparing formats), except attention sinks, a residual
window, and formats whose definition has a window of its own. "streaming": as in a real cache, a
token of an unfilled group is still exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.labs.kv_cache.formats import Format
from engine.labs.kv_cache.formats.arrays import to_float16
from engine.labs.kv_cache.formats.base import Role
from engine.labs.kv_cache.orders import within
from engine.models.lm.probe import LayerCall, Stored

EXACT_BITS = 16
Refine = Callable[[Format, int, tuple[int, ...], Role], Format]


@dataclass(frozen=True, eq=False)
class LayerStorage:
    """Formats of one layer by KV head, and its key permutation (None: natural order)."""

    keys: tuple[Format, ...]
    values: tuple[Format, ...]
    permutation: np.ndarray | None = None

    def formats(self, role: Role) -> tuple[Format, ...]:
        """The formats of one side, one a head."""
        return self.keys if role == "key" else self.values

    def groups(self, role: Role) -> dict[Format, tuple[int, ...]]:
        """Heads that share a format are stored side by side, in head order."""
        found: dict[Format, tuple[int, ...]] = {}
        for head, fmt in enumerate(self.formats(role)):
            found[fmt] = (*found.get(fmt, ()), head)
        return found


@dataclass(frozen=True, eq=False)
class Storage:
    """A whole cache; call it with a LayerCall to get what attention reads back.

    ``sinks`` first and ``residual`` newest tokens stay fp16, beyond what a format's own id asks.
    """

    layers: tuple[LayerStorage, ...]
    head_dim: int
    sinks: int = 0
    residual: int = 0
    streaming: bool = False

    def __call__(self, call: LayerCall) -> Stored:
        """What attention reads of one layer."""
        layer = self.layers[call.layer]
        keys, exact_keys, key_coded = self._side(call, layer, "key")
        values, exact_values, value_coded = self._side(call, layer, "value")
        return Stored(keys, values, key_coded, value_coded, exact_keys, exact_values)

    def refined(self, refine: Refine) -> Storage:
        """Replace each format by ``refine(format, layer, heads, role)``: how constants get in."""
        layers = []
        for number, layer in enumerate(self.layers):
            sides = {}
            for role in ("key", "value"):
                formats = list(layer.formats(role))
                for fmt, heads in layer.groups(role).items():
                    if fmt.needs_calibration:
                        fitted = refine(fmt, number, heads, role)
                        for head in heads:
                            formats[head] = fitted
                sides[role] = tuple(formats)
            layers.append(replace(layer, keys=sides["key"], values=sides["value"]))
        return replace(self, layers=tuple(layers))

    def bits(self, role: Role, tokens: int) -> float:
        """True bits per value of one side when the cache holds ``tokens``, fp16 tokens included."""
        total = 0.0
        heads = 0
        for layer in self.layers:
            for fmt, members in layer.groups(role).items():
                total += len(members) * self._bits(fmt, role, tokens, len(members))
                heads += len(members)
        return total / heads

    def window_bits(self, role: Role, tokens: int) -> float:
        """True bits per value over a window: the mean of what the cache holds as it grows.

        A residual window makes early positions cheap to get right and dear to store; damage that
        is averaged over positions must stand beside bits that are averaged over the same ones.
        """
        formats = {fmt for layer in self.layers for fmt in layer.formats(role)}
        if all(self._reach(fmt, role, 1) is None for fmt in formats):
            return self.bits(role, tokens)
        lengths = np.unique(np.linspace(1, tokens, min(tokens, 64)).round().astype(int))
        held = sum(self.bits(role, int(length)) * length for length in lengths)
        return float(held / lengths.sum())

    def bytes_per_token(self, tokens: int) -> float:
        """Bytes that one token takes in all layers, keys and values, at that length."""
        heads = sum(len(layer.keys) for layer in self.layers)
        bits = self.bits("key", tokens) + self.bits("value", tokens)
        return heads * self.head_dim * bits / 8

    def _bits(self, fmt: Format, role: Role, tokens: int, heads: int) -> float:
        width = heads * self.head_dim
        if fmt.family == "float":
            return fmt.bits_per_value((tokens, width), head_dim=self.head_dim, role=role)
        sinks = max(0, min(tokens, max(self.sinks, fmt.sink)))
        inner = replace(fmt, sink=0)
        rest = max(0, tokens - sinks - self.residual)
        if self.streaming and inner.window is None:
            rest = inner.quantized_tokens(rest, role)
        coded = 0.0
        if rest:
            coded = inner.bits_per_value((rest, width), head_dim=self.head_dim, role=role)
        return (coded * rest + EXACT_BITS * (tokens - rest)) / tokens

    def _side(
        self, call: LayerCall, layer: LayerStorage, role: Role
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x = call.k if role == "key" else call.v
        groups = layer.groups(role)
        permutation = layer.permutation if role == "key" else None
        reach = {fmt: self._reach(fmt, role, x.shape[2]) for fmt in groups}
        if len(groups) == 1:
            ((fmt, heads),) = groups.items()
            code, exact = self._through(call, fmt, heads, role, permutation, reach[fmt] is None)
            coded = None if reach[fmt] is None else reach[fmt][None].to(x.device)  # type: ignore[index]
            return code, exact, coded
        code, exact = torch.empty_like(x), torch.empty_like(x)
        mixed = any(mask is not None for mask in reach.values())
        coded = x.new_ones(x.shape[1], x.shape[2], x.shape[2], dtype=torch.bool) if mixed else None
        for fmt, heads in groups.items():
            index = list(heads)
            part, kept = self._through(call, fmt, heads, role, permutation, reach[fmt] is None)
            code[:, index] = part
            if mixed:
                exact[:, index] = part if kept is None else kept
                if reach[fmt] is not None:
                    coded[index] = reach[fmt].to(x.device)  # type: ignore[index,union-attr]
        return code, exact if mixed else None, coded

    def _reach(self, fmt: Format, role: Role, tokens: int) -> Tensor | None:
        if fmt.family == "float":
            return None
        sinks = max(self.sinks, fmt.sink)
        if not (sinks or self.residual or fmt.window or self.streaming):
            return None
        return _coded(fmt, role, tokens, sinks, self.residual, self.streaming)

    def _through(
        self,
        call: LayerCall,
        fmt: Format,
        heads: tuple[int, ...],
        role: Role,
        permutation: np.ndarray | None,
        all_coded: bool,
    ) -> tuple[Tensor, Tensor | None]:
        """Codes and, where some query reads them, fp16 tokens of some heads: ``b h t d`` each."""
        x = call.k if role == "key" else call.v
        if fmt.id == "fp32":
            return x if len(heads) == x.shape[1] else x[:, list(heads)], None
        rotary = call.rotary if role == "key" and fmt.pre_rope else None
        if rotary is not None:
            x = rotary.invert(x)
        if len(heads) < x.shape[1]:
            x = x[:, list(heads)]
        flat = to_width(x)
        sinks = 0 if fmt.family == "float" else max(self.sinks, fmt.sink)
        exact = None if all_coded else to_float16(flat).to(flat.dtype)
        if exact is not None and (self.residual or fmt.window or fmt.codec.token_group(role) > 1):
            flat = exact  # a token that waits in an fp16 window is coded from what waited there
        code = flat
        if sinks < flat.shape[1]:
            part = flat[:, sinks:] if sinks else flat
            if permutation is not None and len(heads) < len(permutation) // self.head_dim:
                permutation = within(permutation, list(heads), self.head_dim)
            part = fake_quantize(bare(fmt), part, self.head_dim, role, permutation)
            code = torch.cat((flat[:, :sinks], part), dim=1) if sinks else part

        def back(y: Tensor) -> Tensor:
            y = to_heads(y, self.head_dim)
            return y if rotary is None else rotary.apply(y)

        return back(code), None if exact is None else back(exact)


def bare(fmt: Format) -> Format:
    """The format without its own sinks and window: which tokens are codes is decided here."""
    if fmt.sink or fmt.window is not None:
        return replace(fmt, sink=0, window=None)
    return fmt


def fake_quantize(
    fmt: Format, x: Tensor, head_dim: int, role: Role, permutation: np.ndarray | None
) -> Tensor:
    """Store ``x: b t width`` in the given channel order and read it back in the natural one."""
    if permutation is None:
        return fmt.fake_quantize(x, head_dim=head_dim, role=role)
    order = torch.from_numpy(permutation).to(x.device)
    stored = fmt.fake_quantize(x.index_select(-1, order), head_dim=head_dim, role=role)
    return stored.index_select(-1, torch.argsort(order))


def to_width(x: Tensor) -> Tensor:
    """Heads side by side: ``b h t d -> b t (h d)``."""
    return x.transpose(1, 2).flatten(2)


def to_heads(x: Tensor, head_dim: int) -> Tensor:
    """The inverse of ``to_width``."""
    return x.unflatten(2, (-1, head_dim)).transpose(1, 2)


@lru_cache(maxsize=64)
def _coded(
    fmt: Format, role: Role, tokens: int, sinks: int, residual: int, streaming: bool
) -> Tensor:
    """[queries, tokens]: True where the cache holds a code when the query arrives.

    The query's own token is appended first, as a cache does. Tokens before the sinks' end never
    are codes; after it the oldest ``quantized_tokens`` are.
    """
    inner = replace(fmt, sink=0)
    counts = []
    for held in range(1, tokens + 1):
        rest = max(0, held - sinks - residual)
        if streaming or fmt.window is not None:
            rest = inner.quantized_tokens(rest, role)
        counts.append(sinks + rest)
    place = torch.arange(tokens)
    return (place >= sinks) & (place < torch.tensor(counts)[:, None])


def uniform(
    layers: int, heads: int, head_dim: int, key: Format, value: Format, **more: int | bool
) -> Storage:
    """One key and one value format everywhere, natural channel order."""
    layer = LayerStorage((key,) * heads, (value,) * heads)
    return Storage((layer,) * layers, head_dim, **more)  # type: ignore[arg-type]


def with_order(storage: Storage, permutations: Sequence[np.ndarray | None]) -> Storage:
    """The same cache with a key permutation per layer."""
    layers = tuple(
        replace(layer, permutation=order)
        for layer, order in zip(storage.layers, permutations, strict=True)
    )
    return replace(storage, layers=layers)
