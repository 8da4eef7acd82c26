"""Next-token loss of the exact and of any number of stored caches on the same windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.core import BadInput
from engine.core.units import count
from engine.labs.kv_cache.storage import Storage
from engine.models.lm.load import LoadedModel
from engine.models.lm.probe import probe

LOGIT_BYTES = 128 * 2**20
SCORE_BYTES = 64 * 2**20
BATCH_TOKENS = 4096

Progress = Callable[[float, float], None]


@dataclass(frozen=True, eq=False)
class Scores:
    """Per predicted token, (window, position): loss in nats; against the exact model, the KL of
    the next-token distribution in nats and whether the most likely token is the same."""

    nll: np.ndarray
    kl: np.ndarray
    top1: np.ndarray


def cut_windows(ids: np.ndarray, window: int, windows: int, longest: int) -> np.ndarray:
    """The first ``windows`` contiguous windows [windows, window]; raises BadInput if too short."""
    if window > longest:
        raise BadInput("window", f"must be at most {longest}, what this model sees at once")
    if len(ids) < window * windows:
        raise BadInput(
            "text",
            f"has {count(len(ids), 'token')}, but {windows} × {window} = "
            f"{windows * window} are asked for: give a longer text or ask for less",
        )
    return ids[: window * windows].reshape(windows, window)


def batch_size(loaded: LoadedModel, window: int) -> int:
    """Windows a batch, so that logits and attention scores stay within a fixed memory."""
    vocabulary = loaded.model.get_input_embeddings().num_embeddings
    by_logits = LOGIT_BYTES // (4 * window * vocabulary)
    by_scores = SCORE_BYTES // (4 * window * window * loaded.info.query_heads)
    return max(1, min(by_logits, by_scores, BATCH_TOKENS // window))


def exact_pass(loaded: LoadedModel, ids: Tensor) -> Tensor:
    """Logits ``b t vocab`` of the model with the attention that stored passes use."""
    return stored_pass(loaded, ids, None)


def stored_pass(loaded: LoadedModel, ids: Tensor, storage: Storage | None) -> Tensor:
    """Logits ``b t vocab`` when attention reads the given cache."""
    with torch.inference_mode(), probe(loaded.model, storage or (lambda call: None)):
        return loaded.model(ids, use_cache=False).logits


def compare(
    loaded: LoadedModel,
    ids: np.ndarray,
    storages: Sequence[Storage],
    progress: Progress = lambda done, total: None,
) -> tuple[np.ndarray, list[Scores]]:
    """Exact loss (window, position) and one Scores per storage; ``ids: windows window``.

    Batches outside, storages inside: the exact pass runs once a batch and its logits need not be
    kept.
    """
    size = batch_size(loaded, ids.shape[1])
    batches = [ids[i : i + size] for i in range(0, len(ids), size)]
    total = len(batches) * (len(storages) + 1)
    exact_nll: list[np.ndarray] = []
    parts: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [[] for _ in storages]
    done = 0
    for rows in batches:
        batch = torch.from_numpy(rows).to(loaded.device)
        target = batch[:, 1:, None]
        with torch.inference_mode():
            logits = exact_pass(loaded, batch)[:, :-1]
            normal = logits.logsumexp(-1)
            probability = (logits - normal[..., None]).exp()
            # sum p log p, spelt like the cross term below: equal logits give a KL of exactly 0.
            entropy = torch.linalg.vecdot(probability, logits) - normal
            best = logits.argmax(-1)
            exact_nll.append(_host(normal - logits.gather(-1, target)[..., 0]))
            progress(done := done + 1, total)
            for part, storage in zip(parts, storages, strict=True):
                logits = stored_pass(loaded, batch, storage)[:, :-1]
                normal = logits.logsumexp(-1)
                # KL = sum p (log p - log q), with log q = logits - normal and sum p = 1.
                cross = torch.linalg.vecdot(probability, logits) - normal
                part.append(
                    (
                        _host(normal - logits.gather(-1, target)[..., 0]),
                        np.maximum(_host(entropy - cross), 0.0),
                        _host(logits.argmax(-1) == best),
                    )
                )
                progress(done := done + 1, total)
    joined = [
        Scores(*(np.concatenate(column) for column in zip(*part, strict=True))) for part in parts
    ]
    return np.concatenate(exact_nll), joined


def _host(x: Tensor) -> np.ndarray:
    return x.cpu().numpy()
