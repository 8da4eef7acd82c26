"""The corpus as tokens on disk, so that a resumed training sees exactly the same text.

Packages that are installed or upgraded between two starts would change the corpus; the prepared
folder is written once and then read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from transformers import PreTrainedTokenizerFast

from engine.core.seeds import rng
from engine.models.lm import corpus, tokenizer
from engine.models.lm.document import Document

# Small domains are read more often in one pass, so that documentation does not drown them.
REPEATS = {"python-docs": 1, "wikipedia": 3, "shakespeare": 2, "stories": 4}


@dataclass(frozen=True)
class Split:
    """Documents of one split, each BOS followed by its tokens, end to end.

    ``tokens`` is uint16 of shape (tokens,), ``lengths`` int64 (documents,) counts tokens with
    BOS, ``sizes`` int64 (documents,) counts UTF-8 bytes, ``domains`` int64 (documents,) indexes
    ``corpus.DOMAINS``.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    sizes: np.ndarray
    domains: np.ndarray

    @classmethod
    def encode(cls, tok: PreTrainedTokenizerFast, documents: Sequence[Document]) -> Split:
        """Tokenise documents in their order."""
        encoded = tokenizer.encode_documents(tok, documents)
        return cls(
            np.concatenate([np.zeros(0, np.uint16), *encoded]),
            np.array([len(e) for e in encoded], np.int64),
            np.array([d.size for d in documents], np.int64),
            np.array([corpus.DOMAINS.index(d.domain) for d in documents], np.int64),
        )

    def documents(self, domain: str | None = None) -> list[np.ndarray]:
        """The token arrays of all documents, or of one domain's."""
        pieces = np.split(self.tokens, np.cumsum(self.lengths)[:-1])
        if domain is None:
            return pieces
        wanted = corpus.DOMAINS.index(domain)
        return [p for p, d in zip(pieces, self.domains, strict=True) if d == wanted]

    def evaluated(self, domain: str, limit: int) -> tuple[list[np.ndarray], int]:
        """Every k-th document of a domain, and their UTF-8 bytes: about ``limit`` or fewer."""
        sizes = self.sizes[self.domains == corpus.DOMAINS.index(domain)]
        every = max(1, round(int(sizes.sum()) / limit))
        return self.documents(domain)[::every], int(sizes[::every].sum())


@dataclass(frozen=True)
class Prepared:
    """Tokenizer, training split, held-out split and the corpus facts for the card."""

    tokenizer: PreTrainedTokenizerFast
    train: Split
    held_out: Split
    facts: Mapping[str, object]

    def epoch(self, seed: int, number: int) -> np.ndarray:
        """One pass over the training documents in a shuffled order, uint16 (tokens,)."""
        pieces = self.train.documents()
        times = [REPEATS[corpus.DOMAINS[d]] for d in self.train.domains]
        order = np.repeat(np.arange(len(pieces)), times)
        rng(seed, "epoch", number).shuffle(order)
        return np.concatenate([pieces[i] for i in order])


def prepare(folder: Path, texts: Path | None, pieces: int = tokenizer.PIECES) -> Prepared:
    """The prepared corpus of ``folder``; built and written there when it is not yet there."""
    facts_file = folder / "corpus.json"
    if not facts_file.exists():
        _write(folder, corpus.build(texts), texts, pieces)
    facts = json.loads(facts_file.read_text(encoding="utf-8"))
    return Prepared(
        tokenizer.load(folder / "tokenizer"),
        Split(**load_file(folder / "train.safetensors")),
        Split(**load_file(folder / "held_out.safetensors")),
        facts,
    )


def _write(folder: Path, text: corpus.Corpus, texts: Path | None, pieces: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tok = tokenizer.train_tokenizer((d.text for d in text.train), pieces)
    tokenizer.save(tok, folder / "tokenizer")
    held = [document for domain in corpus.DOMAINS for document in text.held_out.get(domain, ())]
    counts = {}
    for name, documents in (("train", text.train), ("held_out", held)):
        split = Split.encode(tok, documents)
        save_file(vars(split), folder / f"{name}.safetensors")
        counts[f"{name}_tokens"] = len(split.tokens)
    facts = {
        "digest": text.digest(),
        "domains": text.sizes(),
        "repeats_per_pass": REPEATS,
        "with_shared_texts": texts is not None and texts.is_dir(),
        "pieces": len(tok),
        **counts,
    }
    # Written last: its presence says that the folder is complete.
    (folder / "corpus.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
