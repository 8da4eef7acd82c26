"""Texts that are too large, packed too tightly, binary or in another encoding."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import BadInput
from engine.io.text import read_text

LONG = b"All work and no play. " * 200
BAD = {
    "empty": (b"", "a.txt", "is empty"),
    "blank": (b" \n\t\r\n", "a.txt", "is empty"),
    "only a mark": (b"\xef\xbb\xbf", "a.txt", "is empty"),
    "Latin-1": ("naïve".encode("latin-1"), "a.txt", "byte offset 2"),
    "UTF-16": ("text".encode("utf-16"), "a.txt", "a zero byte at offset 3"),
    "truncated character": ("né".encode()[:-1], "a.txt", "byte offset 1"),
    "surrogate": (b"\xed\xa0\x80", "a.txt", "byte offset 0"),
    "NUL": (b"text\0more", "a.txt", "zero byte at offset 4"),
    "controls": (bytes(range(1, 32)) * 3, "a.txt", "binary file"),
    "a PNG": (b"\x89PNG\r\n\x1a\n", "a.txt", "byte offset 0"),
    "too large": (b"x" * 100_001, "a.txt", "at most 0.1 MB are read, it has 0.1 MB"),
    "bomb": (gzip.compress(bytes(30_000_000)), "a.txt.gz", "unpacked"),
    "bomb of spaces": (gzip.compress(b" " * 200_000), "a.txt.gz", "unpacked, the file has more"),
    "gzip cut off": (gzip.compress(LONG)[:-9], "a.gz", "damaged or was cut off"),
    "gzip garbage": (b"\x1f\x8b" + b"x" * 50, "a.gz", "damaged"),
    "gzip wrong sum": (gzip.compress(LONG)[:-8] + bytes(8), "a.gz", "damaged"),
    "gzip of nothing": (gzip.compress(b""), "a.gz", "is empty"),
    "gzip of Latin-1": (gzip.compress(b"na\xefve"), "a.gz", "byte offset 2"),
    "lines without text": (b'{"text": "a"}\n{"words": "b"}', "a.jsonl", "line 2: a JSON object"),
    "lines of numbers": (b"1\n", "a.jsonl", "line 1"),
    "text is a number": (b'{"text": 1}', "a.jsonl", "line 1"),
    "lines of nonsense": (b'{"text": "a"}\nnonsense', "a.jsonl", "line 2"),
    "half a character": (b'{"text": "\\ud800"}', "a.jsonl", "line 1"),
    "deep line": (b"[" * 90_000, "a.jsonl", "line 1"),
    "lines of nothing": (b'{"text": ""}\n\n', "a.jsonl", "is empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_malformed_texts_get_one_sentence(case: str, tmp_path: Path) -> None:
    data, name, words = BAD[case]
    path = tmp_path / name
    path.write_bytes(data)
    for source in (data, path):
        with pytest.raises(BadInput, match=words) as caught:
            read_text(source, name=name, limit=100_000)
        assert str(caught.value).startswith("text: ") and "\n" not in str(caught.value)


def test_places_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path, tmp_path / "absent", tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(BadInput, match="is not a file"):
            read_text(source, field="book")


def test_texts_come_in(tmp_path: Path) -> None:
    assert read_text(b"\xef\xbb\xbfone\r\ntwo\rthree") == "one\ntwo\nthree"
    assert read_text(gzip.compress("größer".encode())) == "größer"
    lines = b'{"text": "a\\u2028b"}\n\n{"id": 1, "text": "c"}\n'
    assert read_text(lines, name="x.jsonl") == "a\u2028b\n\nc"
    assert read_text(gzip.compress(lines), name="X.JSONL.GZ") == "a\u2028b\n\nc"
    path = tmp_path / "x.jsonl"
    path.write_bytes(lines)
    assert read_text(path) == read_text(str(path)) == "a\u2028b\n\nc"
    assert len(read_text(gzip.compress(LONG))) == len(LONG)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_text_or_a_sentence(data: bytes) -> None:
    for name in ("a.txt", "a.jsonl"):
        try:
            text = read_text(data, name=name)
        except BadInput as error:
            assert error.field == "text"
        else:
            assert text.strip() and "\0" not in text
