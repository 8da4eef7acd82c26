"""The door for texts: UTF-8 files, gzip of them, and JSON lines with a "text" each."""

from __future__ import annotations

import gzip
import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.paths import local_path

LIMIT_BYTES = 20_000_000
# gzip reaches about 1000 to 1 on zeros and 10 to 1 on prose.
MOST_RATIO = 100
CHUNK = 1 << 16
GZIP = b"\x1f\x8b"
# Control characters that no text file has; form feed, tabs and line ends are common.
BINARY = frozenset(range(32)) - frozenset(b"\t\n\r\f\v\x1b\x08")


def read_text(
    source: Path | str | bytes, *, name: str = "", limit: int = LIMIT_BYTES, field: str = "text"
) -> str:
    """The text of a file or of uploaded bytes, line ends as ``\\n``.

    ``name`` is an upload's file name; like a path's it only tells ``.jsonl`` (the "text" of every
    line, joined by blank lines) from plain text. gzip is recognised by its first bytes. At most
    ``limit`` bytes come out. Raises BadInput: too large, packed too tightly, not UTF-8 (with the
    byte offset), binary, empty.
    """
    data = read_unpacked(source, limit=limit, field=field)
    if not isinstance(source, bytes):
        name = name or Path(source).name
    text = _decode(data, field)
    if name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        text = _lines(text, field)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise BadInput(field, "the text is empty")
    return text


def read_unpacked(source: Path | str | bytes, *, limit: int, field: str) -> bytes:
    """The bytes of a file or of an upload, unpacked where they are gzip.

    At most ``limit`` bytes are read and at most as many come out, 100 times the packed size at
    most. Raises BadInput: no file, too large, packed too tightly, a damaged gzip.
    """
    if isinstance(source, bytes):
        return _unpack(BytesIO(source), len(source), limit, field)
    path = local_path(source, field=field)
    if not path.is_file():  # a pipe or a device could block for ever
        raise BadInput(field, f"{str(source)[:200]!r} is not a file")
    try:
        with path.open("rb") as file:
            return _unpack(file, path.stat().st_size, limit, field)
    except OSError as error:
        raise BadInput(field, f"{path.name!r} cannot be read ({error.strerror})") from None


def _unpack(file: BinaryIO, size: int, limit: int, field: str) -> bytes:
    if size > limit:
        raise BadInput(field, f"at most {limit / MB:g} MB are read, it has {size / MB:.3g} MB")
    packed = file.read(limit + 1)
    if not packed.startswith(GZIP):
        if len(packed) > limit:  # the file grew meanwhile
            raise BadInput(field, f"at most {limit / MB:g} MB are read")
        return packed
    most = min(limit, max(MOST_RATIO * len(packed), MB))
    parts, total = [], 0
    try:
        with gzip.GzipFile(fileobj=BytesIO(packed)) as stream:
            while part := stream.read(CHUNK):
                total += len(part)
                if total > most:
                    raise BadInput(
                        field,
                        f"unpacked, the file has more than {most / MB:g} MB "
                        f"(at most {limit / MB:g} MB and {MOST_RATIO} times its packed size)",
                    )
                parts.append(part)
    except (OSError, EOFError, zlib.error):
        raise BadInput(field, "the gzip file is damaged or was cut off") from None
    return b"".join(parts)


def _decode(data: bytes, field: str) -> str:
    zero = data.find(b"\0")
    if zero >= 0:
        raise BadInput(field, f"a zero byte at offset {zero}: a UTF-8 text file is required")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            field, f"not UTF-8 at byte offset {error.start}: save the text as UTF-8"
        ) from None
    controls = sum(data.count(code) for code in BINARY)
    if controls > max(4, len(data) // 1000):
        raise BadInput(field, "this looks like a binary file; a UTF-8 text file is required")
    return text.removeprefix("\ufeff")


def _lines(text: str, field: str) -> str:
    texts = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            words = entry["text"]
            words.encode()
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise BadInput(
                field, f'line {number}: a JSON object with a "text" is required'
            ) from None
        texts.append(words)
    return "\n\n".join(texts)
