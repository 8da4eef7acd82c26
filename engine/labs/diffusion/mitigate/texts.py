"""Words put into prompts at random places (Somepalli et al. 2023, inference-time mitigation)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import torch

from engine.core import BadInput
from engine.labs.diffusion.mitigate.treatment import generator
from engine.labs.diffusion.model.pipeline import Pipeline

Kind = Literal["words", "numbers", "repeats"]
MOST_NUMBER = 10**6


def insert(pipeline: Pipeline, prompts: Sequence[str], kind: Kind, count: int, seed: int) -> (
    tuple[str, ...]
):  # fmt: skip
    """Each prompt with ``count`` words more, each at a random place among those before it.

    "words" are drawn from the tokenizer's vocabulary, "numbers" from 0 to 999,999, "repeats" from
    the prompt itself. Raises BadInput for a count outside 0 to 16.
    """
    if not 0 <= count <= 16:
        raise BadInput("words", f"must be from 0 to 16 (got {count})")
    known = vocabulary(pipeline.tokenizer) if kind == "words" else ()
    changed = []
    for place, prompt in enumerate(prompts):
        draw = generator(seed, place)
        words = prompt.split()
        own = tuple(words)
        for _ in range(count):
            if kind == "numbers":
                word = str(_below(MOST_NUMBER, draw))
            else:
                offered = known if kind == "words" else own
                word = offered[_below(len(offered), draw)] if offered else ""
            words.insert(_below(len(words) + 1, draw), word)
        changed.append(" ".join(words))
    return tuple(changed)


def cut_short(pipeline: Pipeline, prompts: Sequence[str]) -> int:
    """How many prompts have more tokens than the text encoder reads; the rest of them is lost."""
    most = pipeline.tokenizer.model_max_length
    lengths = (len(pipeline.tokenizer(text, verbose=False)["input_ids"]) for text in prompts)
    return sum(length > most for length in lengths)


@lru_cache(maxsize=4)
def vocabulary(tokenizer: Any) -> tuple[str, ...]:
    """The whole words that a tokenizer has a token for, special tokens left out."""
    pieces = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
    # Byte-pair encodings mark the end of a word; a tokenizer of whole words marks nothing.
    ends = {piece.removesuffix("</w>") for piece in pieces if piece.endswith("</w>")}
    return tuple(sorted(word for word in ends or pieces if word.isalpha()))


def _below(bound: int, draw: torch.Generator) -> int:
    return int(torch.randint(bound, (1,), generator=draw))
