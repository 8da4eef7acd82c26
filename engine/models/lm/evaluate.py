"""Held-out bits per byte, of the model and of the n-gram baseline, on the same documents."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from engine.models.lm.document import Document
from engine.models.lm.ngram import KneserNey
from engine.models.lm.tokenizer import BOS_ID, encode_documents

WINDOW = 512
IGNORED = -100


@torch.inference_mode()
def model_nats(model: LlamaForCausalLM, documents: Sequence[np.ndarray]) -> float:
    """Total negative log likelihood in nats of documents (each BOS, then tokens).

    A document longer than the window is cut into windows that do not overlap, each beginning with
    BOS: the model sees at most 511 tokens of context. BOS itself is never scored.
    """
    chunks = [
        document[start : start + WINDOW - 1].astype(np.int64)
        for document in documents
        for start in range(1, len(document), WINDOW - 1)
    ]
    chunks.sort(key=len)
    total = 0.0
    for first in range(0, len(chunks), 8):
        group = chunks[first : first + 8]
        rows = np.full((len(group), 1 + len(group[-1])), IGNORED)
        for row, chunk in zip(rows, group, strict=True):
            row[1 : 1 + len(chunk)] = chunk
        targets = torch.from_numpy(rows[:, 1:].copy())
        rows[:, 0] = BOS_ID
        inputs = torch.from_numpy(np.where(rows == IGNORED, BOS_ID, rows)[:, :-1])
        # Padding stands to the right, where a causal model's scored positions cannot see it.
        logits = model(input_ids=inputs, use_cache=False).logits  # b t v
        loss = F.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        total += loss.item()
    return total


def ngram_nats(model: KneserNey, documents: Sequence[np.ndarray]) -> float:
    """The same total for an n-gram model, whose context is the document from its BOS on."""
    return -sum(float(model.logprob(document)[1:].sum()) for document in documents)


def bits_per_byte(nats: float, size: int) -> float:
    """Nats over ``size`` UTF-8 bytes as bits per byte; comparable across tokenizers."""
    return nats / math.log(2) / size


def recheck_documents(held_out: dict[str, tuple[Document, ...]]) -> list[Document]:
    """A small held-out slice that depends on the shared text folder only.

    The first 40 held-out stories and the first 3 held-out articles.
    """
    return [*held_out.get("stories", ())[:40], *held_out.get("wikipedia", ())[:3]]


def text_bits_per_byte(
    model: LlamaForCausalLM, tok: PreTrainedTokenizerFast, documents: Sequence[Document]
) -> float:
    """Bits per byte of the model on texts."""
    nats = model_nats(model, encode_documents(tok, documents))
    return bits_per_byte(nats, sum(document.size for document in documents))
