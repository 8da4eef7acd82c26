"""From text to token ids, documents kept apart the way the model has seen them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core import BadInput

if TYPE_CHECKING:  # splitting a text needs no torch
    from engine.models.lm.load import LoadedModel

_CHARS_PER_TOKEN = 8
_MAX_UNKNOWN = 0.5
# The separator line of the published TinyStories and GPT-2 style text files.
_SEPARATOR = "<|endoftext|>"


@dataclass(frozen=True)
class Tokens:
    """Token ids of a text, as many as were needed, and how they were made."""

    ids: np.ndarray  # t, int64
    documents: int
    preparation: str
    unknown: int


def split_documents(text: str, blank_lines: bool) -> tuple[list[str], str]:
    """The documents of a text and a sentence that says how they were found.

    A file with one JSON object {"text": ...} a line holds one document a line. Otherwise, if
    ``blank_lines`` is set, lines <|endoftext|> separate documents, or blank lines where there are
    none; if it is not set, the whole text is one.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if all(line.lstrip().startswith("{") for line in lines):
        try:
            documents = [str(json.loads(line)["text"]) for line in lines]
            "".join(documents).encode()  # JSON can escape half a character, which no text holds
            return documents, "one document per JSON line"
        except (ValueError, RecursionError, KeyError, TypeError):
            pass  # prose that happens to start with a brace
    if blank_lines:
        stories = _separated(text)
        if len(stories) > 1:
            return stories, f"{_SEPARATOR} separates documents; each starts with the BOS token"
        parts = [part.strip("\n") for part in _blank_line_parts(text)]
        if len(parts) > 1:
            return parts, "blank lines separate documents; each starts with the BOS token"
    return [text], "the text as given"


def _separated(text: str) -> list[str]:
    parts = re.split(rf"^[ \t]*{re.escape(_SEPARATOR)}[ \t]*$", text, flags=re.MULTILINE)
    return [part.strip("\n") for part in parts if part.strip()]


def _blank_line_parts(text: str) -> Iterator[str]:
    part: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            part.append(line)
        elif part:
            yield "\n".join(part)
            part = []
    if part:
        yield "\n".join(part)


def tokenize(loaded: LoadedModel, text: str, need: int) -> Tokens:
    """At least ``need`` tokens of ``text``, or all of them if it has fewer.

    A tokenizer that puts a token in front of every text (BOS) marks document starts. If such a
    vocabulary also lacks a piece for the blank line, its model has never seen one inside a
    document, and blank lines are taken as boundaries: each document then starts with BOS. For all
    other tokenizers the text is left as it is. (stories260K is of the first kind: NLL 1.407 with
    boundaries, 1.442 with the blank lines read as text.) Raises BadInput when most of the text is
    unknown to the tokenizer.
    """
    tokenizer: Any = loaded.tokenizer
    marked = bool(_encode(tokenizer, "", True))
    documents, preparation = split_documents(text, marked and not _has_blank_line(tokenizer))
    ids: list[int] = []
    used = 0
    for document in documents:
        if len(ids) >= need:
            break
        ids += _encode_some(tokenizer, document, need - len(ids))
        used += 1
    array = np.array(ids, dtype=np.int64)
    unknown = tokenizer.unk_token_id
    count = 0 if unknown is None or unknown == tokenizer.bos_token_id else (array == unknown).sum()
    if len(array) and count > _MAX_UNKNOWN * len(array):
        raise BadInput(
            "text", f"the tokenizer does not know {count} of {len(array)} pieces of this text"
        )
    return Tokens(array, used, preparation, int(count))


def _encode_some(tokenizer: Any, text: str, need: int) -> list[int]:
    """Encode a prefix that suffices: a long file is not tokenised for a few windows."""
    length = max(1024, need * _CHARS_PER_TOKEN)
    while length < len(text):
        # The last pieces of a cut text may differ from those of the whole: keep away from the cut.
        ids = _encode(tokenizer, text[:length], True)
        if len(ids) > need + 64:
            return ids[: len(ids) - 32]
        length *= 2
    return _encode(tokenizer, text, True)


def _encode(tokenizer: Any, text: str, special: bool) -> list[int]:
    encoding = tokenizer(
        text, add_special_tokens=special, return_attention_mask=False, verbose=False
    )
    ids = list(encoding.input_ids)
    if special and ids and tokenizer.eos_token_id != tokenizer.bos_token_id:
        # A closing token would stand in the middle of the joined text.
        while ids and ids[-1] == tokenizer.eos_token_id:
            ids.pop()
    return ids


def _has_blank_line(tokenizer: Any) -> bool:
    return any("\n\n" in piece or "ĊĊ" in piece for piece in tokenizer.get_vocab())


def token_strings(loaded: LoadedModel, ids: np.ndarray) -> list[str]:
    """Each token as text with its leading space, for labels.

    Some decoders drop the space at the start of a text, so each token is decoded behind another.
    """
    tokenizer: Any = loaded.tokenizer
    anchor = tokenizer.encode("a", add_special_tokens=False)[-1:]
    start = tokenizer.decode(anchor, clean_up_tokenization_spaces=False)
    texts = []
    for i in ids:
        text = tokenizer.decode([*anchor, int(i)], clean_up_tokenization_spaces=False)
        texts.append(text[len(start) :] if text.startswith(start) else tokenizer.decode([int(i)]))
    return texts
