"""What offline steps may look at: text that no evaluation reads, and the weights themselves.

Sort keys (K-sort, arXiv 2403.20137, and variants), calibration samples, and the Fisher weights
that non-uniform codebooks are fitted with (KVQuant, arXiv 2401.18079, section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.core import BadInput
from engine.io.text import read_text
from engine.labs.kv_cache.formats import Format
from engine.labs.kv_cache.formats.base import Role
from engine.labs.kv_cache.orders import within
from engine.labs.kv_cache.sources import SAMPLES, sample_path
from engine.labs.kv_cache.storage import Refine, to_width
from engine.models.lm.load import LoadedModel
from engine.models.lm.probe import LayerCall, Stored, layer_calls, probe
from engine.models.lm.projections import projections
from engine.models.lm.tokens import Tokens, tokenize

TOKENS = 2048
LEAST = 128
WINDOW = 256


def calibration_ids(
    loaded: LoadedModel, tokens: Tokens, used: int, text_name: str
) -> tuple[np.ndarray, str]:
    """Windows [n, t] of held-apart tokens and a sentence that says which.

    The text behind the evaluated tokens serves, up to 2048 tokens; where fewer than 128 are left,
    the start of a shipped sample that is not the evaluated text.
    """
    rest = tokens.ids[used:]
    if len(rest) >= LEAST:
        ids = _cut(rest[:TOKENS], loaded)
        return ids, f"{ids.size} tokens of the same text behind the evaluated ones"
    for name in SAMPLES:
        if name != text_name and sample_path(name).is_file():
            found = tokenize(loaded, read_text(sample_path(name)), TOKENS).ids
            ids = _cut(found[:TOKENS], loaded)
            return ids, f"{ids.size} tokens of the sample text '{name}'"
    raise BadInput(
        "text",
        f"needs {used + LEAST} tokens, {LEAST} of them for calibration (it has {len(tokens.ids)})",
    )


def _cut(ids: np.ndarray, loaded: LoadedModel) -> np.ndarray:
    window = min(WINDOW, loaded.info.max_positions, len(ids))
    return ids[: len(ids) // window * window].reshape(-1, window)


@dataclass(frozen=True, eq=False)
class Samples:
    """Exact tensors of the calibration text, one LayerCall a layer, and the gradients if asked."""

    calls: list[LayerCall]
    key_fisher: list[Tensor] | None = None
    value_fisher: list[Tensor] | None = None


def collect(loaded: LoadedModel, ids: np.ndarray) -> Samples:
    """Run the calibration windows through the exact model."""
    return Samples(layer_calls(loaded.model, torch.from_numpy(ids).to(loaded.device)))


def collect_with_fisher(loaded: LoadedModel, ids: np.ndarray) -> Samples:
    """The same, with the squared gradient of the next-token loss in every key and value."""
    batch = torch.from_numpy(ids).to(loaded.device)
    calls: dict[int, LayerCall] = {}
    shifts: dict[int, tuple[Tensor, Tensor]] = {}

    def rewrite(call: LayerCall) -> Stored:
        # Adding a zero that wants a gradient gives dLoss/dk without training any weight.
        zeros = torch.zeros_like(call.k, requires_grad=True)
        zeros_v = torch.zeros_like(call.v, requires_grad=True)
        calls[call.layer] = LayerCall(
            call.layer,
            call.q.detach(),
            call.k.detach(),
            call.v.detach(),
            call.rotary,
            call.scaling,
        )
        shifts[call.layer] = (zeros, zeros_v)
        return Stored(call.k + zeros, call.v + zeros_v)

    with torch.enable_grad(), probe(loaded.model, rewrite):
        logits = loaded.model(batch, use_cache=False).logits
        loss = F.cross_entropy(
            logits[:, :-1].flatten(0, 1).float(), batch[:, 1:].flatten(), reduction="sum"
        )
        flat = [shift for layer in sorted(shifts) for shift in shifts[layer]]
        gradients = torch.autograd.grad(loss, flat)
    squares = [gradient.square() for gradient in gradients]
    return Samples([calls[layer] for layer in sorted(calls)], squares[0::2], squares[1::2])


def refiner(samples: Samples, permutations: list[np.ndarray | None], head_dim: int) -> Refine:
    """Fit formats with offline constants layer by layer, in the channel order they will see."""

    def refine(fmt: Format, layer: int, heads: tuple[int, ...], role: Role) -> Format:
        call = samples.calls[layer]
        x = call.v if role == "value" else call.k_pre if fmt.pre_rope else call.k
        fisher = samples.value_fisher if role == "value" else samples.key_fisher
        weights = None if fisher is None else fisher[layer]
        if weights is not None and role == "key" and fmt.pre_rope and call.rotary is not None:
            # A pair of rotated channels shares its energy: the Fisher weight of both before RoPE
            # is the mean of theirs after it.
            weights = _pair_mean(weights, call.rotary.channels)
        index = list(heads)
        order = permutations[layer] if role == "key" else None
        if order is not None:
            order = within(order, index, head_dim)
        given = _flat(x[:, index], order)
        return fmt.calibrated(
            given,
            weights=None if weights is None else _flat(weights[:, index], order),
            head_dim=head_dim,
            role=role,
        )

    return refine


def _pair_mean(weights: Tensor, turned: int) -> Tensor:
    first, second = weights[..., :turned].chunk(2, dim=-1)
    mean = (first + second) / 2
    return torch.cat((mean, mean, weights[..., turned:]), dim=-1)


def _flat(x: Tensor, order: np.ndarray | None) -> np.ndarray:
    flat = to_width(x).flatten(0, 1).cpu().numpy()  # (b t) width
    return flat if order is None else flat[:, order]


def weight_keys(loaded: LoadedModel) -> dict[str, np.ndarray]:
    """Sort keys that need no data: "w-norm" and "w-gain-norm", (layer, head, channel) each."""
    info = loaded.info
    norms, gained = [], []
    for layer in projections(loaded.model, info.query_heads, info.kv_heads, info.head_dim):
        weight = layer.weight("k")
        scale = layer.gain("k")
        gain = layer.input_gain()
        norms.append(weight.norm(dim=-1))
        through = weight if gain is None else weight * gain
        row = through.norm(dim=-1)
        gained.append(row if scale is None else row * scale.abs())
    return {
        "w-norm": torch.stack(norms).cpu().numpy(),
        "w-gain-norm": torch.stack(gained).cpu().numpy(),
    }


def data_keys(calls: list[LayerCall]) -> dict[str, np.ndarray]:
    """Sort keys from calibration tensors: "rms-pre", "rms-post", "absmax"."""
    post = torch.stack([call.k for call in calls])  # layer b h t d
    pre = torch.stack([call.k_pre for call in calls])
    return {
        "rms-pre": rms(pre),
        "rms-post": rms(post),
        "absmax": post.abs().amax(dim=(1, 3)).cpu().numpy(),
    }


def rms(x: Tensor) -> np.ndarray:
    """Root mean square over batch and tokens: ``layer b h t d -> layer h d``."""
    return x.square().mean(dim=(1, 3)).sqrt().cpu().numpy()
