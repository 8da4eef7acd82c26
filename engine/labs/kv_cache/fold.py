"""Fold a channel order into W_q and W_k, so that sorted keys cost nothing at run time.

q.k does not change when both sides are permuted alike (arXiv 2403.20137). With RoPE the rotation
must follow: channel a of a sorted head holds what was channel P(a), so it turns by the angle of
P(a) together with the place where the partner of P(a) now lies. With grouped queries one P per KV
head serves all query heads of its group.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.core import BadInput
from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.storage import fake_quantize, to_heads, to_width
from engine.models.lm.load import LoadedModel
from engine.models.lm.probe import LayerCall, Stored, probe
from engine.models.lm.projections import Projections, projections
from engine.models.lm.rotary import Rotary, rotary_tables

FEWER_BITS = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True, eq=False)
class SortedRotary:
    """RoPE for permuted heads: per-head partner, sign, and order of the cosines and sines."""

    order: Tensor  # h d: natural channel at each place
    partner: Tensor  # h d: place of the channel it turns with
    sign: Tensor  # h d: -1 for the first of a pair, +1 for the second, 0 where nothing turns

    @classmethod
    def build(cls, order: Tensor, turned: int) -> SortedRotary:
        """``order: h d`` of a head whose first ``turned`` channels are rotated."""
        half = turned // 2
        place = torch.argsort(order, dim=1)
        natural = torch.where(order < half, order + half, order - half)
        natural = torch.where(order < turned, natural, order)
        sign = torch.where(order < half, -1, 1) * (order < turned)
        return cls(order, place.gather(1, natural), sign)

    def apply(self, x: Tensor, rotary: Rotary) -> Tensor:
        """Rotate permuted ``x: b h t d`` as the model rotates its natural channels."""
        d = self.order.shape[1]
        rest = d - rotary.channels
        cos = nn.functional.pad(rotary.cos, (0, rest), value=1.0)  # b t d
        sin = nn.functional.pad(rotary.sin, (0, rest))
        cos = cos[..., self.order].movedim(-2, 1)  # b h t d
        sin = sin[..., self.order].movedim(-2, 1)
        crossed = x.gather(-1, self.partner[None, :, None].expand_as(x))
        return x * cos + crossed * self.sign[None, :, None].to(x) * sin


@dataclass(frozen=True, eq=False)
class FoldedModel:
    """A copy of a model whose query and key channels are permuted head by head."""

    loaded: LoadedModel
    orders: list[Tensor]  # layer -> kv_heads d
    rotaries: list[tuple[SortedRotary, SortedRotary] | None]  # for queries and keys

    def logits(self, ids: Tensor) -> Tensor:
        """Logits ``b t vocab`` of the permuted model."""
        model, tokens = self.loaded.model, ids.shape[1]
        with _unrounded(model):
            tables = rotary_tables(model, tokens)

        def rewrite(call: LayerCall) -> Stored | None:
            pair = self.rotaries[call.layer]
            if pair is None or tables is None:
                return None
            for_queries, for_keys = pair
            tables_here = Rotary(tables.cos.to(call.k.dtype), tables.sin.to(call.k.dtype))
            call.q.copy_(for_queries.apply(call.q, tables_here))
            return Stored(for_keys.apply(call.k, tables_here), call.v)

        with _unrounded(model), _unrotated(model), probe(model, rewrite):
            return model(ids, use_cache=False).logits


def fold(loaded: LoadedModel, permutations: Sequence[np.ndarray | None]) -> FoldedModel:
    """Permute W_q, W_k, their biases and norm gains in a deep copy of the model.

    ``permutations``: per layer a permutation of the KV width that stays inside heads (scopes
    "in-head" and "pairs"), or None. Raises BadInput for one that crosses heads.
    """
    info = loaded.info
    model = copy.deepcopy(loaded.model)
    group = info.query_heads // info.kv_heads
    rotary = rotary_tables(model, 1)
    orders, rotaries = [], []
    layers = projections(model, info.query_heads, info.kv_heads, info.head_dim)
    for layer, permutation in zip(layers, permutations, strict=True):
        order = head_orders(permutation, info.kv_heads, info.head_dim).to(loaded.device)
        for_queries = order.repeat_interleave(group, dim=0)
        layer.permute("k", order)
        layer.permute("q", for_queries)
        orders.append(order)
        rotaries.append(
            None
            if rotary is None
            else (
                SortedRotary.build(for_queries, rotary.channels),
                SortedRotary.build(order, rotary.channels),
            )
        )
    return FoldedModel(replace(loaded, model=model), orders, rotaries)


def head_orders(permutation: np.ndarray | None, heads: int, head_dim: int) -> Tensor:
    """Each head's own order ``h d``; raises BadInput when channels leave their head."""
    if permutation is None:
        return torch.arange(head_dim).repeat(heads, 1)
    rows = torch.from_numpy(np.asarray(permutation)).view(heads, head_dim)
    own = torch.arange(heads)[:, None]
    if not bool((rows // head_dim == own).all()):
        raise BadInput("order", "only orders inside a head can be folded into W_q and W_k")
    return rows - own * head_dim


def max_logit_difference(loaded: LoadedModel, folded: FoldedModel, ids: Tensor) -> float:
    """max |logit - logit of the folded model| with nothing quantised: 0 in real arithmetic.

    In float32 what remains is rounding (sums in another order); for float64 copies (``as_double``),
    which compute in float64 throughout, it falls to about 1e-13 when, and only when, the folding is
    right. Raises BadInput for a model that cannot be computed so.
    """
    return float((plain_logits(loaded, ids) - folded.logits(ids)).abs().max())


def plain_logits(loaded: LoadedModel, ids: Tensor) -> Tensor:
    """Logits ``b t vocab`` of the model as it is, attention computed as in the folded one."""
    with _unrounded(loaded.model), probe(loaded.model, lambda call: None):
        return loaded.model(ids, use_cache=False).logits


def storage_difference(
    loaded: LoadedModel, permutations: Sequence[np.ndarray | None], ids: Tensor
) -> float:
    """max |dlogit| when keys are stored unrounded in another order and gathered back on read."""
    fp32, head_dim = parse_format("fp32"), loaded.info.head_dim

    def rewrite(call: LayerCall) -> Stored:
        kept = fake_quantize(fp32, to_width(call.k), head_dim, "key", permutations[call.layer])
        return Stored(to_heads(kept, head_dim), call.v)

    with torch.inference_mode(), probe(loaded.model, rewrite):
        through = loaded.model(ids, use_cache=False).logits
    return float((plain_logits(loaded, ids) - through).abs().max())


def as_double(loaded: LoadedModel) -> LoadedModel:
    """A float64 copy; the logits of this module compute it in float64 throughout."""
    return replace(loaded, model=copy.deepcopy(loaded.model).double())


def permuted_tensors(
    loaded: LoadedModel, permutations: Sequence[np.ndarray | None]
) -> dict[str, Tensor]:
    """Per layer the permutation and, for orders inside heads, the permuted W_q and W_k.

    ``layers.0.permutation`` (width), ``layers.0.w_q`` (row, input) with ``.bias`` and ``.gain``
    where the model has them; rows are output channels.
    """
    info = loaded.info
    tensors: dict[str, Tensor] = {}
    layers = projections(loaded.model, info.query_heads, info.kv_heads, info.head_dim)
    for layer, permutation in zip(layers, permutations, strict=True):
        natural = np.arange(info.width) if permutation is None else permutation
        tensors[f"layers.{layer.layer}.permutation"] = torch.from_numpy(natural.copy())
        try:
            own = head_orders(permutation, info.kv_heads, info.head_dim)
        except BadInput:
            continue  # a storage permutation leaves the weights alone
        group = info.query_heads // info.kv_heads
        for side, rows in (("q", own.repeat_interleave(group, dim=0)), ("k", own)):
            tensors.update(_permuted(layer, side, rows))
    return tensors


def _permuted(layer: Projections, side: str, order: Tensor) -> dict[str, Tensor]:
    name = f"layers.{layer.layer}.w_{side}"
    weight = layer.weight(side).cpu()
    found = {name: torch.take_along_dim(weight, order[..., None], dim=1).flatten(0, 1)}
    bias = layer.bias(side)
    if bias is not None:
        found[f"{name}.bias"] = torch.take_along_dim(bias.cpu(), order, dim=1).flatten()
    gain = layer.gain(side)
    if gain is not None:
        found[f"{name}.norm"] = gain.cpu()[order]
    return {key: value.contiguous() for key, value in found.items()}


class _Float64(TorchDispatchMode):
    """Whatever a model asks for in fewer bits, it gets in float64.

    transformers writes norms and the angles of RoPE with ``.to(torch.float32)``, whatever the
    dtype of the weights, and so rounds away the difference that is looked for.
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if kwargs.get("dtype") in FEWER_BITS:
            kwargs["dtype"] = torch.float64
        found = func(*args, **kwargs)
        for one in found if isinstance(found, tuple | list) else (found,):
            # A constant without axes is the same in both models.
            if isinstance(one, Tensor) and one.ndim and one.dtype in FEWER_BITS:
                raise BadInput(
                    "model", f"computes {func} in {one.dtype}, too coarse to judge an order by"
                )
        return found


@contextmanager
def _unrounded(model: nn.Module) -> Iterator[None]:
    """No gradients, and float64 throughout for a float64 model."""
    double = next(model.parameters()).dtype == torch.float64
    # Not inference_mode: it would hide the conversions inside composite operations.
    with torch.no_grad(), _Float64() if double else nullcontext():
        yield


@contextmanager
def _unrotated(model: nn.Module) -> Iterator[None]:
    """Let the model's own RoPE do nothing: the permuted one follows in the attention."""

    def still(module: nn.Module, inputs: Any, output: tuple[Tensor, Tensor]) -> Any:
        return torch.ones_like(output[0]), torch.zeros_like(output[1])

    handles = [
        module.register_forward_hook(still)
        for module in model.modules()
        if type(module).__name__.endswith("RotaryEmbedding")
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
