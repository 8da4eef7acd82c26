"""The training text: what a Python installation holds, and four small public text sets.

Python's reference topics and the docstrings of the standard library and of the installed packages
are read from source with ``ast`` and never imported. Encyclopedia, plays and stories come from a
folder of texts; without it the model trains on the Python documents alone.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.models.lm.docstrings import installed_documents, topic_documents
from engine.models.lm.document import Document

HELD_OUT_PERCENT = 3
FIRST_HELD_OUT_STORY = 700  # stories 701-1000 never reach training
SHAKESPEARE_HELD_OUT = 0.05
PASSAGE_CHARACTERS = 4000
DEFAULT_TEXTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "text"

DOMAINS = ("python-docs", "wikipedia", "shakespeare", "stories")


@dataclass(frozen=True)
class Corpus:
    """Training documents, and held-out documents by domain."""

    train: tuple[Document, ...]
    held_out: Mapping[str, tuple[Document, ...]]

    def digest(self) -> str:
        """16 hexadecimal digits of sha256 over the hashes of the training documents."""
        joined = "\n".join(document.key for document in self.train)
        return hashlib.sha256(joined.encode()).hexdigest()[:16]

    def sizes(self) -> dict[str, dict[str, int]]:
        """Documents and bytes per domain, for training and held out."""
        table = {}
        for domain in DOMAINS:
            train = [document for document in self.train if document.domain == domain]
            held = self.held_out.get(domain, ())
            table[domain] = {
                "train_documents": len(train),
                "train_bytes": sum(document.size for document in train),
                "held_out_documents": len(held),
                "held_out_bytes": sum(document.size for document in held),
            }
        return table


def build(texts: Path | None = DEFAULT_TEXTS, sources: Iterable[Path] | None = None) -> Corpus:
    """The corpus of this installation.

    ``texts`` is the folder with the gzip texts (None or missing: Python documents only);
    ``sources`` are package roots to read docstrings from (default: standard library and
    site-packages). The same files give the same corpus, in the same order.
    """
    python = [*(topic_documents() if sources is None else ()), *installed_documents(sources)]
    train = [document for document in python if not is_held_out(document)]
    held = {"python-docs": tuple(document for document in python if is_held_out(document))}
    if texts is not None and texts.is_dir():
        for domain, (learn, keep) in _shared_texts(texts).items():
            train += learn
            held[domain] = tuple(keep)
    return Corpus(tuple(_without_repeats(train)), held)


def is_held_out(document: Document) -> bool:
    """True for about three per cent of all documents, decided by the document's hash alone."""
    return int(document.key[:8], 16) % 100 < HELD_OUT_PERCENT


def held_out_texts(texts: Path) -> dict[str, tuple[Document, ...]]:
    """The held-out sets that depend on the text folder only (not on installed packages)."""
    return {domain: tuple(keep) for domain, (_, keep) in _shared_texts(texts).items()}


def _without_repeats(documents: Iterable[Document]) -> Iterator[Document]:
    seen = set()
    for document in documents:
        if document.key not in seen:
            seen.add(document.key)
            yield document


def _shared_texts(texts: Path) -> dict[str, tuple[list[Document], list[Document]]]:
    found = {}
    valid, test = texts / "wikitext2_valid.txt.gz", texts / "wikitext2_test.txt.gz"
    if valid.exists() and test.exists():
        found["wikipedia"] = (articles(_read(valid)), articles(_read(test)))
    plays = texts / "tinyshakespeare.txt.gz"
    if plays.exists():
        text = _read(plays)
        cut = text.index("\n\n", int(len(text) * (1 - SHAKESPEARE_HELD_OUT))) + 2
        found["shakespeare"] = (passages(text[:cut]), passages(text[cut:]))
    stories = texts / "tinystories_1000.jsonl.gz"
    if stories.exists():
        lines = [json.loads(line)["text"].strip() for line in _read(stories).splitlines()]
        documents = [Document("stories", f"story {i + 1}", t) for i, t in enumerate(lines)]
        kept = documents[FIRST_HELD_OUT_STORY:]
        secret = {document.key for document in kept}
        learn = [d for d in documents[:FIRST_HELD_OUT_STORY] if d.key not in secret]
        found["stories"] = (learn, kept)
    return found


def _read(path: Path) -> str:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read()


def articles(text: str) -> list[Document]:
    """WikiText split at its top-level headings, each article detokenised."""
    parts = re.split(r"(?m)^ = (?=[^=])", text)
    cleaned = (detokenise(f" = {part}") for part in parts if part.strip())
    return [Document("wikipedia", t.split("\n", 1)[0].strip("= "), t) for t in cleaned]


def passages(text: str) -> list[Document]:
    """Plays cut at blank lines into passages of about four thousand characters."""
    documents: list[Document] = []
    block: list[str] = []
    size = 0
    for speech in text.strip().split("\n\n"):
        block.append(speech)
        size += len(speech) + 2
        if size >= PASSAGE_CHARACTERS:
            documents.append(_passage(block, len(documents)))
            block, size = [], 0
    if block:
        documents.append(_passage(block, len(documents)))
    return documents


def _passage(block: list[str], number: int) -> Document:
    return Document("shakespeare", f"passage {number + 1}", "\n\n".join(block))


def detokenise(text: str) -> str:
    """Undo WikiText's spacing: ``1 @,@ 000``, ``( x )``, ``" x "``, ``Teddy 's`` and the like."""
    lines = []
    for line in text.splitlines():
        line = re.sub(r" @([-,.])@ ", r"\1", line.strip())
        line = re.sub(r" ([,.;:!?%)\]]|'s\b|'re\b|'ve\b|'ll\b|'d\b|'m\b|n't\b)", r"\1", line)
        line = re.sub(r"([(\[£$]) ", r"\1", line)
        line = re.sub(r'" ([^"]*?) ?"', r'"\1"', line)
        line = re.sub(r"(\w)s ' ", r"\1s' ", line)
        if line:
            lines.append(line)
    return "\n".join(lines)
