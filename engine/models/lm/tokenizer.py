"""A byte-level BPE tokenizer of its own, saved the way ``AutoTokenizer`` expects it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from engine.models.lm.document import Document

BOS = "<|bos|>"
BOS_ID = 0
PIECES = 4096


def train_tokenizer(texts: Iterable[str], pieces: int = PIECES) -> PreTrainedTokenizerFast:
    """Learn ``pieces`` byte-level BPE pieces (Sennrich et al. 2016; bytes as in GPT-2).

    Any text survives encoding and decoding, because all 256 bytes are pieces. Digits stand alone.
    ``<|bos|>`` begins every encoded text and separates documents.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=pieces,
        special_tokens=[BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, BOS_ID)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=BOS,
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )


def encode_documents(
    tokenizer: PreTrainedTokenizerFast, documents: Iterable[Document]
) -> list[np.ndarray]:
    """Each document as BOS followed by its tokens, uint16 of shape (tokens,)."""
    encodings = tokenizer.backend_tokenizer.encode_batch_fast([d.text for d in documents])
    return [np.array(encoding.ids, dtype=np.uint16) for encoding in encodings]


def save(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json."""
    tokenizer.save_pretrained(folder)


def load(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of a folder; never asks the network."""
    return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
