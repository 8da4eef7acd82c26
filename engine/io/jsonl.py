"""The door for JSON lines: plain or gzip, one object a line, with a sentence for each bad line.

The same records also come as one JSON document: a list, or an object that holds the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson

from engine.core.errors import BadInput
from engine.io.text import read_unpacked

LIMIT_BYTES = 128_000_000
# Twenty bad lines tell as much as a million.
MOST_SENTENCES = 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Item = TypeVar("Item")


@dataclass(frozen=True)
class Rows(Generic[Item]):
    """What was read, and what was left out: one sentence each, the first twenty of them."""

    items: tuple[Item, ...]
    left_out: int = 0
    sentences: tuple[str, ...] = ()


def read_rows(
    source: Path | str | bytes,
    convert: Callable[[dict[str, Any], str], Item],
    *,
    field: str,
    inside: str = "",
    keep_rest: bool = False,
    limit: int = LIMIT_BYTES,
) -> Rows[Item]:
    """Every JSON object of ``source`` through ``convert(object, place)``.

    ``source`` is a path or bytes: JSON lines, a JSON list, or a JSON object whose ``inside`` is the
    list; gzip of any. At most ``limit`` bytes, packed and unpacked. ``place`` is "line 3" or "entry
    3", from 1. ``convert`` raises BadInput for an object that it cannot use; the sentence then
    starts with the place. With ``keep_rest`` such lines, and lines that are not JSON, are left out
    and counted. Raises BadInput(field): what ``read_unpacked`` refuses, a bad line, nothing left.
    """
    items: list[Item] = []
    left_out = 0
    sentences: list[str] = []
    for place, value in _objects(read_unpacked(source, limit=limit, field=field), field, inside):
        try:
            if isinstance(value, orjson.JSONDecodeError):
                raise BadInput(field, f"this is not JSON ({value.msg}, column {value.colno})")
            if not isinstance(value, dict):
                raise BadInput(field, "a JSON object is required")
            items.append(convert(value, place))
        except BadInput as error:
            sentence = f"{place}: {error.reason}"
            if not keep_rest:
                raise BadInput(field, sentence) from None
            left_out += 1
            if len(sentences) < MOST_SENTENCES:
                sentences.append(sentence)
    if not items:
        why = f"; {sentences[0]}" if sentences else ""
        raise BadInput(field, f"the file holds no usable entry{why}")
    return Rows(tuple(items), left_out, tuple(sentences))


def _objects(data: bytes, field: str, inside: str) -> Iterator[tuple[str, Any]]:
    """Places and values; a line that is not JSON gives its error as the value."""
    data = data.removeprefix(BYTE_ORDER_MARK).strip(b" \t\r")
    if not data.strip():
        raise BadInput(field, "the file is empty")
    if b"\0" in data:
        raise BadInput(field, "this looks like a binary file; JSON lines in UTF-8 are required")
    document = _document(data, inside)
    if document is not None:
        for number, value in enumerate(document, start=1):
            yield f"entry {number}", value
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            yield f"line {number}", _value(line)


def _document(data: bytes, inside: str) -> list[Any] | None:
    """The list that the whole file is, or holds under ``inside``; None for JSON lines."""
    lines = data.lstrip()
    first = _value(lines.split(b"\n", 1)[0])
    if isinstance(first, dict) and inside not in first:
        return None
    if lines[:1] not in (b"[", b"{"):
        return None
    whole = _value(lines)
    found = whole.get(inside) if isinstance(whole, dict) and inside else whole
    return found if isinstance(found, list) else None


def _value(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error
