"""How far a stored cache is from the exact one, in the measures that people quote.

Error of the tensors (relative RMSE, largest, SQNR), of the attention logits and weights, and of
the next-token distribution (KL percentiles, top-1 agreement, loss difference).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.core.seeds import rng
from engine.labs.kv_cache.storage import Storage
from engine.models.lm.probe import LayerCall, Stored, causal_mask

RESAMPLES = 2000


@dataclass(frozen=True, eq=False)
class TensorErrors:
    """Sums of squares per (layer, head), so that windows and heads can be pooled correctly."""

    error: np.ndarray
    signal: np.ndarray
    largest: np.ndarray

    def relative_rmse(self) -> np.ndarray:
        """||x' - x|| / ||x|| per layer and head."""
        return np.sqrt(self.error / np.maximum(self.signal, 1e-30))

    def pooled(self) -> float:
        """The same over all layers and heads together."""
        return float(np.sqrt(self.error.sum() / max(self.signal.sum(), 1e-30)))

    def sqnr_db(self) -> float | None:
        """Signal to quantisation noise of everything, in dB; None for no error at all."""
        noise = self.error.sum()
        return None if noise == 0 else float(10 * np.log10(self.signal.sum() / noise))


def read_back(x: Tensor, code: Tensor, exact: Tensor | None, coded: Tensor | None) -> Tensor:
    """What the last query reads of ``x: b h t d``."""
    if coded is None:
        return code
    last = coded[:, -1, :, None]  # h t 1
    return torch.where(last, code, x if exact is None else exact)


def tensor_errors(calls: list[LayerCall], stored: list[Stored], role: str) -> TensorErrors:
    """Errors of keys or values that the last query of each window reads."""
    rows = []
    for call, kept in zip(calls, stored, strict=True):
        if role == "key":
            x = call.k
            back = read_back(x, kept.keys, kept.exact_keys, kept.key_coded)
        else:
            x = call.v
            back = read_back(x, kept.values, kept.exact_values, kept.value_coded)
        difference = (back - x).double()
        rows.append(
            (
                difference.square().sum(dim=(0, 2, 3)),
                x.double().square().sum(dim=(0, 2, 3)),
                difference.abs().amax(dim=(0, 2, 3)),
            )
        )
    error, signal, largest = (torch.stack(part).cpu().numpy() for part in zip(*rows, strict=True))
    return TensorErrors(error, signal, largest)


@dataclass(frozen=True, eq=False)
class AttentionErrors:
    """Per (layer, KV head): mean squared logit error and logit, mean attention KL in nats."""

    error: np.ndarray
    signal: np.ndarray
    kl: np.ndarray

    def rms(self) -> np.ndarray:
        """Root mean square logit error over causal pairs."""
        return np.sqrt(self.error)

    def pooled(self) -> float:
        """The same over all layers and heads together."""
        return float(np.sqrt(self.error.mean()))

    def relative(self) -> float:
        """Logit error over logit rms, all layers and heads together."""
        return float(np.sqrt(self.error.sum() / max(self.signal.sum(), 1e-30)))


def attention_errors(calls: list[LayerCall], stored: list[Stored]) -> AttentionErrors:
    """Logit errors s = q.(k' - k) * scaling over causal pairs, and KL(exact || stored) of the
    attention weights, averaged over queries; keys as each query reads them."""
    results = []
    for call, kept in zip(calls, stored, strict=True):
        b, _, t, d = call.q.shape
        heads = call.k.shape[1]
        q = call.q.reshape(b, heads, -1, t, d) * call.scaling
        causal = causal_mask(t, t, call.q.device)
        rows = []
        for head in range(heads):
            exact = q[:, head] @ call.k[:, None, head].transpose(-1, -2)  # b group t t
            read = q[:, head] @ kept.keys[:, None, head].transpose(-1, -2)
            if kept.key_coded is not None:
                own = call.k if kept.exact_keys is None else kept.exact_keys
                coded = kept.key_coded[head if len(kept.key_coded) > 1 else 0]
                fallback = q[:, head] @ own[:, None, head].transpose(-1, -2)
                read = torch.where(coded, read, fallback)
            pairs = exact.shape[0] * exact.shape[1] * causal.sum()
            error = ((read - exact) * causal).double().square().sum() / pairs
            signal = (exact * causal).double().square().sum() / pairs
            hidden = ~causal
            before = exact.masked_fill(hidden, -torch.inf).log_softmax(-1)
            after = read.masked_fill(hidden, -torch.inf).log_softmax(-1)
            gap = (before - after).masked_fill(hidden, 0.0)
            kl = (before.exp() * gap).sum(-1).mean()
            rows.append(torch.stack((error, signal, kl.double())))
        results.append(torch.stack(rows))
    table = torch.stack(results).cpu().numpy()  # layer head 3
    return AttentionErrors(table[..., 0], table[..., 1], np.maximum(table[..., 2], 0.0))


def apply(storage: Storage, calls: list[LayerCall]) -> list[Stored]:
    """What a cache makes of the exact tensors of each layer."""
    return [storage(call) for call in calls]


@dataclass(frozen=True)
class Interval:
    """A mean with a 95 % bootstrap interval; ``low`` and ``high`` are None for one block."""

    mean: float
    low: float | None
    high: float | None
    blocks: int


def paired_bootstrap(differences: np.ndarray, seed: int = 0) -> Interval:
    """The mean of ``differences`` (window, position) and its interval, whole windows resampled.

    Percentile bootstrap, 2000 resamples (Efron & Tibshirani 1993, chapter 13). Tokens of a window
    are not independent, so the window is the block; pairing is in the difference itself.
    """
    blocks = np.asarray(differences, dtype=np.float64).mean(axis=1)
    mean = float(blocks.mean())
    n = len(blocks)
    if n < 2:
        return Interval(mean, None, None, n)
    draws = rng(seed, "bootstrap", n).integers(0, n, size=(RESAMPLES, n))
    low, high = np.percentile(blocks[draws].mean(axis=1), [2.5, 97.5])
    return Interval(mean, float(low), float(high), n)


def kl_summary(kl: np.ndarray) -> dict[str, float]:
    """Mean, percentiles and maximum of the next-token KL, in nats."""
    p50, p90, p99 = np.percentile(kl, [50, 90, 99])
    return {
        "kl_mean": float(kl.mean()),
        "kl_p50": float(p50),
        "kl_p90": float(p90),
        "kl_p99": float(p99),
        "kl_max": float(kl.max()),
    }
