"""One pass of the embedded language model: surprise, keys and queries of every token.

torch is imported inside the functions, as in ``surprise``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.labs.memory_graph.living.surprise import (
    FIRST_KEY_LAYER,
    STRIDE,
    WINDOW,
    Progress,
    windows,
)
from engine.models.embedded import EMBEDDED as MODEL

if TYPE_CHECKING:
    from torch import Tensor

    from engine.models.lm.probe import LayerCall

CHARACTERS = 16  # of a token at most, far more than any of this tokeniser has on average


@dataclass(frozen=True, eq=False)
class ModelPass:
    """``nats`` float64 (token,), ``keys`` float16 and ``queries`` float32 (token, width)."""

    nats: np.ndarray
    keys: np.ndarray
    queries: np.ndarray


def model_spans(text: str, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The first ``most`` tokens of ``text``: characters, int (token, 2), and ids (token,)."""
    from engine.models.lm.load import load_model

    coded = load_model(MODEL).tokenizer(
        text[: CHARACTERS * most],
        add_special_tokens=False,
        verbose=False,
        return_offsets_mapping=True,
    )
    spans = np.array(coded["offset_mapping"][:most], dtype=np.int64).reshape(-1, 2)
    return spans, np.array(coded["input_ids"][:most], dtype=np.int64)


def model_pass(ids: np.ndarray, progress: Progress | None = None) -> ModelPass:
    """Read ``ids: t`` in the windows of ``surprise.model_surprise``.

    A query head asks the keys of its group, so the queries of a group are added up: the product of
    a query and a key is then the sum over heads and over layers from two thirds of the depth on.
    Both are taken before RoPE: where a token stood does not count.
    """
    import torch

    from engine.models.lm.load import load_model
    from engine.models.lm.probe import capture_layers

    loaded = load_model(MODEL)
    info = loaded.info
    first_layer = info.layers * FIRST_KEY_LAYER // 32
    width = (info.layers - first_layer) * info.width
    bos = loaded.tokenizer.bos_token_id
    nats = np.zeros(len(ids))
    keys = np.zeros((len(ids), width), np.float16)
    queries = np.zeros((len(ids), width), np.float32)
    for first, begin, end in windows(len(ids), WINDOW - 1, STRIDE):
        given = torch.tensor([[bos, *ids[first:end].tolist()]])
        calls, logits = capture_layers(loaded.model, given)
        log_p = logits[0, :-1].float().log_softmax(-1)
        each = -log_p.gather(-1, given[0, 1:, None])[:, 0].double().numpy()
        nats[begin:end] = each[begin - first :]
        new = slice(1 + begin - first, 1 + end - first)
        keys[begin:end] = _rows([call.k_pre[0, :, new] for call in calls[first_layer:]])
        queries[begin:end] = _rows([_grouped(call)[:, new] for call in calls[first_layer:]])
        if progress is not None:
            progress(end, len(ids))
    return ModelPass(nats, keys, queries)


def _grouped(call: LayerCall) -> Tensor:
    """Queries before RoPE, those of a group added up: heads t d."""
    q = call.q if call.rotary is None else call.rotary.invert(call.q)
    heads, t, d = q.shape[1:]
    groups = call.k.shape[1]
    return q.reshape(groups, heads // groups, t, d).sum(1)


def _rows(parts: list[Tensor]) -> np.ndarray:
    """heads t d of every layer -> t (layers heads d)."""
    import torch

    return torch.cat(parts).transpose(0, 1).flatten(1).float().numpy()
