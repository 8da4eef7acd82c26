"""Has a text as many tokens as a run asks for? Answered without torch, before a run is offered."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.core.errors import BadInput, NotFound
from engine.core.units import count
from engine.io.text import read_text
from engine.labs.kv_cache.sources import EMBEDDED, EMBEDDED_FOLDER, SAMPLES, sample_path
from engine.models.lm.tokens import split_documents

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Read = Callable[[str], bytes]

KEPT = 256
# Tokens that a tokenizer may put around a document: start, prefix space, end, and one to spare.
_AROUND = 4
_kept: dict[str, Length] = {}


@dataclass(frozen=True)
class Length:
    """Tokens of a text: counted, or where ``exact`` is False at most so many."""

    tokens: int
    exact: bool

    def __str__(self) -> str:
        return f"{'' if self.exact else 'at most '}{count(self.tokens, 'token')}"


@dataclass(frozen=True)
class Asked:
    """``windows`` windows of ``tokens`` tokens, of which ``field`` takes ``least`` or more.

    ``field`` is empty where nobody chooses the length.
    """

    field: str
    tokens: int
    least: int
    windows: int = 1


def check_text(model: str, text: str, asked: Asked, read: Read) -> None:
    """Raise BadInput, naming field and range, where the text or the embedded model is too short."""
    longest = embedded_positions() if _counts(model) else None
    if longest is not None and asked.tokens > longest:
        raise BadInput(
            asked.field,
            f"{_from(asked.least, longest)}, what this model sees at once (got {asked.tokens})",
        )
    length = text_length(model, text, asked.tokens * asked.windows, read)
    if length is None:
        return
    if length.tokens < asked.least:
        raise BadInput("text", f"has {length}, but at least {asked.least} are needed")
    if length.tokens < asked.tokens:
        reason = f"{_from(asked.least, length.tokens)} with this text (it has {length})"
        raise BadInput(asked.field, reason)
    most = length.tokens // asked.tokens
    if most < asked.windows:
        raise BadInput(
            "windows",
            f"{_from(1, most)} with windows of {asked.tokens} tokens of this text "
            f"(it has {length})",
        )


def check_prompt(model: str, prompt: str, new_tokens: int, least: int) -> None:
    """Raise BadInput where a prompt says nothing or leaves the embedded model no room."""
    if not prompt.strip():
        raise BadInput("prompt", "must hold at least one character that is not a space")
    if not _counts(model):
        return
    tokens, longest = len(_tokenizer().encode(prompt).ids), embedded_positions()
    if tokens + least > longest:
        raise BadInput(
            "prompt",
            f"has {tokens} tokens, but this model sees {longest} at once: at most "
            f"{longest - least}",
        )
    if tokens + new_tokens > longest:
        raise BadInput(
            "new_tokens",
            f"{_from(least, longest - tokens)} behind a prompt of {tokens} tokens, since this "
            f"model sees {longest} at once",
        )


def text_length(model: str, text: str, need: int, read: Read) -> Length | None:
    """The tokens of a text, or None where there are clearly more than ``need``.

    ``read`` gives the bytes of an uploaded file. Raises BadInput("text") for one that is not kept
    or that is no text. The embedded model's tokens are counted, once a text; of other models a
    token has at least one byte.
    """
    counts = _counts(model)
    address = f"{counts} {text}"
    known = _kept.get(address)
    if known is not None:
        return known
    content = _content(text, read)
    # Blank lines separate documents for some tokenizers; the embedded one has a piece for them.
    documents, _ = split_documents(content, not counts)
    size = sum(len(document.encode()) for document in documents)
    if counts:
        if size > need * _longest_piece():
            return None
        length = Length(sum(len(_tokenizer().encode(one).ids) for one in documents), True)
    else:
        if size > need:
            return None
        # Normalisers may write one character as several.
        spelt = sum(len(unicodedata.normalize("NFKD", one).encode()) for one in documents)
        length = Length(max(size, spelt) + _AROUND * len(documents), False)
    if text in SAMPLES or text.startswith("input:"):  # an address names its content
        while len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept), ""), None)
        _kept[address] = length
    return length


@cache
def embedded_positions() -> int:
    """The tokens that the embedded model sees at once."""
    config = json.loads((EMBEDDED_FOLDER / "config.json").read_text(encoding="utf-8"))
    return int(config["max_position_embeddings"])


def _counts(model: str) -> bool:
    return model == EMBEDDED and (EMBEDDED_FOLDER / "tokenizer.json").is_file()


@cache
def _tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(EMBEDDED_FOLDER / "tokenizer.json"))


@cache
def _longest_piece() -> int:
    """Bytes of the longest piece: its alphabet has one character a byte."""
    return max(len(piece) for piece in _tokenizer().get_vocab())


def _content(text: str, read: Read) -> str:
    if text in SAMPLES:
        return read_text(sample_path(text))
    if not text.startswith("input:"):
        return read_text(text)
    try:
        return read_text(read(text))
    except NotFound as error:
        raise BadInput("text", str(error)) from None


def _from(low: int, high: int) -> str:
    return f"must be {low}" if low == high else f"must be from {low} to {high}"
