"""The tokenizer of the embedded models: one token a word."""

from __future__ import annotations

import re

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from engine.labs.diffusion.pictures.paintings import all_titles
from engine.labs.diffusion.pictures.scenes import all_scenes

START, END, PAD, UNKNOWN = "<start>", "<end>", "<pad>", "<unknown>"
LENGTH = 14
"""Tokens of every prompt: the longest caption has 11 words, and start and end stand around it."""


def vocabulary() -> tuple[str, ...]:
    """The special tokens, then every word that a caption can have, in alphabetical order."""
    captions = [*all_titles(), *(scene.caption for scene in all_scenes())]
    words = {word for caption in captions for word in re.findall(r"\w+", caption)}
    return (PAD, START, END, UNKNOWN, *sorted(words))


def build_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that pads or cuts to ``LENGTH`` where it is asked to."""
    ids = {word: index for index, word in enumerate(vocabulary())}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, ids[START]), (END, ids[END])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
        model_max_length=LENGTH,
    )
