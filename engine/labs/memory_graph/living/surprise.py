"""Surprise of a stream, s_t = -ln p(x_t | what came before), in nats per token.

Two sources: a causal language model (torch is imported inside those functions, so a page may import
this file), and, where there is none, an adaptive n-gram that learns as it reads. The second is no
language model and is labelled so: it is surprised by whatever is new in this very stream.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import whole

WINDOW = 512
STRIDE = 256
OPENING = 8
Pooling = Literal["opening", "mean", "sum", "max"]
Progress = Callable[[int, int], None]  # tokens done, tokens in all
POOLINGS: tuple[Pooling, ...] = ("opening", "mean", "sum", "max")
FIRST_KEY_LAYER = 20  # of the 32 layers of the paper's models


@dataclass(frozen=True, eq=False)
class Surprise:
    """``nats`` float64 (token,); ``starts`` int (text,), the token at which each text begins;
    ``ids`` int (token,); ``source`` says who was surprised."""

    nats: np.ndarray
    starts: np.ndarray
    ids: np.ndarray
    source: str


def adaptive_ngram(
    tokens: Sequence[Hashable], order: int = 3, vocabulary: int | None = None
) -> np.ndarray:
    """Nats of each token under an n-gram that has read the tokens before it, float64 (t,).

    Interpolated Witten-Bell (Witten and Bell 1991; Chen and Goodman 1999, section 2.5):
    p(w | h) = (c(h w) + T(h) p(w | shorter h)) / (c(h) + T(h)), T(h) the number of different words
    that followed h. The shortest context falls back to 1 / ``vocabulary``, by default the number of
    different tokens in the whole stream and one more. Raises BadInput.
    """
    whole(order, "order", 1, 8)
    size = len(set(tokens)) + 1 if vocabulary is None else whole(vocabulary, "vocabulary", 1)
    follows: dict[tuple[Hashable, ...], dict[Hashable, int]] = {}
    totals: dict[tuple[Hashable, ...], int] = {}
    found = np.empty(len(tokens))
    for t, token in enumerate(tokens):
        p = 1.0 / size
        contexts = [tuple(tokens[t - n : t]) for n in range(min(order, t + 1))]
        for context in contexts:
            seen = follows.get(context)
            if seen is None:
                break  # a longer context was not seen either
            p = (seen.get(token, 0) + len(seen) * p) / (totals[context] + len(seen))
        found[t] = -np.log(p)
        for context in contexts:
            seen = follows.setdefault(context, {})
            seen[token] = seen.get(token, 0) + 1
            totals[context] = totals.get(context, 0) + 1
    return found


def ngram_surprise(
    texts: Sequence[Sequence[Hashable]], order: int = 3, vocabulary: int | None = None
) -> Surprise:
    """Surprise of texts read one after the other, each given as its tokens (say, its words)."""
    stream = [token for text in texts for token in text]
    number: dict[Hashable, int] = {}
    ids = np.array([number.setdefault(token, len(number)) for token in stream], dtype=np.int64)
    nats = adaptive_ngram(ids.tolist(), order, vocabulary)
    source = f"adaptive {order}-gram (Witten-Bell), no language model"
    return Surprise(nats, _starts([len(text) for text in texts]), ids, source)


def model_surprise(
    texts: Sequence[str],
    model: str = "engram-lm",
    *,
    window: int = WINDOW,
    stride: int = STRIDE,
    progress: Progress | None = None,
) -> Surprise:
    """Surprise of texts read one after the other by a language model (see engine.models.lm.load).

    The stream is read in windows of ``window`` tokens, each opened by the model's BOS where it has
    one; of each window but the first only the last ``stride`` tokens count, so that every token is
    judged from at least ``window - stride`` tokens before it (or from the start of the stream).
    ``progress`` is told after each window and may raise to stop.
    Raises BadInput for an unknown model, empty texts, or a window beyond the model's positions.
    """
    import torch

    from engine.models.lm.load import load_model

    loaded = load_model(model)
    whole(window, "window", 8, loaded.info.max_positions)
    whole(stride, "stride", 1, window)
    ids, starts = _encode(loaded, texts)
    bos = loaded.tokenizer.bos_token_id
    nats = np.zeros(len(ids))
    with torch.inference_mode():
        for first, begin, end in windows(len(ids), window - (bos is not None), stride):
            row = ([] if bos is None else [bos]) + ids[first:end].tolist()
            given = torch.tensor([row], device=loaded.device)
            log_p = loaded.model(given, use_cache=False).logits[0, :-1].float().log_softmax(-1)
            each = -log_p.gather(-1, given[0, 1:, None])[:, 0].double().cpu().numpy()
            # Without a BOS nothing predicts the first token of a window: it costs a uniform guess.
            lead = [] if bos is not None else [float(np.log(log_p.shape[-1]))]
            scored = np.concatenate((lead, each))
            nats[begin:end] = scored[begin - first :]
            if progress is not None:
                progress(end, len(ids))
    return Surprise(nats, starts, ids, loaded.info.name)


def model_keys(
    texts: Sequence[str],
    model: str = "engram-lm",
    *,
    from_layer: int | None = None,
    window: int = WINDOW,
    stride: int = STRIDE,
    progress: Progress | None = None,
) -> np.ndarray:
    """Keys before RoPE of every token, layers and heads side by side, float32 (t, layers*heads*d).

    The product of two rows is the sum of key-key products over heads and layers: EM-LLM's
    similarity matrix. The paper's code sums from layer 20 of 32 on; ``from_layer`` defaults to the
    same share of this model's depth. Read in the same windows as ``model_surprise``.
    """
    import torch

    from engine.models.lm.load import load_model
    from engine.models.lm.probe import layer_calls

    loaded = load_model(model)
    whole(window, "window", 8, loaded.info.max_positions)
    whole(stride, "stride", 1, window)
    layers = loaded.info.layers
    first_layer = layers * FIRST_KEY_LAYER // 32 if from_layer is None else from_layer
    whole(first_layer, "from_layer", 0, layers - 1)
    ids, _ = _encode(loaded, texts)
    bos = loaded.tokenizer.bos_token_id
    found = np.zeros((len(ids), (layers - first_layer) * loaded.info.width), dtype=np.float32)
    for first, begin, end in windows(len(ids), window - (bos is not None), stride):
        row = ([] if bos is None else [bos]) + ids[first:end].tolist()
        calls = layer_calls(loaded.model, torch.tensor([row], device=loaded.device))
        chosen = [call.k_pre[0] for call in calls[first_layer:]]  # heads t d
        rows = torch.cat(chosen).transpose(0, 1).flatten(1).float().cpu().numpy()
        found[begin:end] = rows[len(row) - (end - begin) :]
        if progress is not None:
            progress(end, len(ids))
    return found


def windows(length: int, window: int, stride: int) -> list[tuple[int, int, int]]:
    """(first, begin, end): read tokens first .. end - 1 and score begin .. end - 1.

    The scored ranges cover 0 .. length once and in order.
    """
    found = []
    begin = 0
    while begin < length:
        end = min(length, window if begin == 0 else begin + min(stride, window))
        found.append((max(0, end - window), begin, end))
        begin = end
    return found


def _encode(loaded: Any, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    if not any(text.strip() for text in texts):
        raise BadInput("texts", "at least one of them must hold some text")
    rows = [
        list(loaded.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)
        for text in texts
    ]
    return np.array([i for row in rows for i in row], dtype=np.int64), _starts(
        [len(row) for row in rows]
    )


def _starts(sizes: Sequence[int]) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)


def per_text(
    surprise: Surprise, pooling: Pooling = "opening", opening: int = OPENING
) -> np.ndarray:
    """One number a text from its tokens' nats, float64 (text,); 0 for a text without tokens.

    "opening": mean of the first ``opening`` tokens, "mean", "sum" or "max" of all. EM-LLM cuts
    between tokens; a dialogue can only be cut between turns, and a turn that changes the subject
    does so as it begins. Raises BadInput.
    """
    whole(opening, "opening", 1)
    if pooling not in POOLINGS:
        raise BadInput("pooling", f"must be one of {', '.join(POOLINGS)} (got {pooling!r})")
    ends = np.append(surprise.starts[1:], len(surprise.nats))
    found = np.zeros(len(surprise.starts))
    for i, (start, end) in enumerate(zip(surprise.starts, ends, strict=True)):
        nats = surprise.nats[start : min(end, start + opening) if pooling == "opening" else end]
        if len(nats):
            total = nats.sum() if pooling == "sum" else nats.mean()
            found[i] = nats.max() if pooling == "max" else total
    return found
