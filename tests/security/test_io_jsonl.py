"""JSON lines from strangers: every bad line is named, every bomb refused before it unpacks."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.io.jsonl import read_rows

GOOD = b'{"n": 1}\n{"n": 2}\n'


def numbered(row: dict[str, Any], place: str) -> tuple[int, str]:
    if not isinstance(row.get("n"), int):
        raise BadInput("rows", 'a number "n" is required')
    return row["n"], place


def read(source: Path | bytes, **options: Any) -> Any:
    return read_rows(source, numbered, field="rows", **options)


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        gzip.compress(GOOD, mtime=0),
        b'[{"n": 1}, {"n": 2}]',
        b'{"docs": [{"n": 1}, {"n": 2}], "more": 3}',
        b'{\n "docs": [\n  {"n": 1},\n  {"n": 2}\n ]\n}\n',
    ],
)
def test_the_same_rows_in_every_form(data: bytes) -> None:
    assert [n for n, _ in read(data, inside="docs").items] == [1, 2]


def test_places_count_lines_from_one_and_empty_lines_too() -> None:
    assert read(b'\n{"n": 1}\n\n{"n": 2}').items == ((1, "line 2"), (2, "line 4"))
    assert read(b'[{"n": 5}]').items == ((5, "entry 1"),)


BAD = {
    "empty": b"",
    "spaces": b" \n\n",
    "zero bytes": b'{"n": 1}\n\0\0',
    "binary": bytes(range(256)) * 4,
    "not JSON": b'{"n": 1}\n{"n": 2,}\n',
    "cut off": b'{"n": 1}\n{"n": ',
    "a list a line": b'{"n": 1}\n[1, 2]\n',
    "a number a line": b'{"n": 1}\n7\n',
    "not UTF-8": b'{"n": 1}\n{"n": 2, "t": "\xff\xfe"}\n',
    "UTF-16": '{"n": 1}\n'.encode("utf-16"),
    "half a character": b'{"n": 1}\n{"n": 2, "t": "\\ud800"}\n',
    "NaN": b'{"n": 1}\n{"n": NaN}\n',
    "deep": b'{"n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "refused by the reader": b'{"n": 1}\n{"n": "two"}\n',
    "damaged gzip": gzip.compress(GOOD)[:-9],
    "bomb": gzip.compress(b" " * 50_000_000),
    "nested bomb": gzip.compress(gzip.compress(b" " * 50_000_000)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_sentence(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(BAD[name])
    assert caught.value.field == "rows"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", ["not JSON", "cut off", "a list a line", "not UTF-8", "NaN"])
def test_the_bad_line_is_named_and_the_rest_kept_on_request(name: str) -> None:
    with pytest.raises(BadInput, match="line 2: "):
        read(BAD[name])
    rows = read(BAD[name], keep_rest=True)
    assert rows.items == ((1, "line 1"),)
    assert rows.left_out == 1
    assert rows.sentences[0].startswith("line 2: ")


def test_nothing_usable_is_an_error_even_then() -> None:
    with pytest.raises(BadInput, match="no usable entry; line 1: "):
        read(b"hello\nworld\n", keep_rest=True)


def test_many_bad_lines_are_counted_and_a_few_told() -> None:
    rows = read(GOOD + b"x\n" * 1000, keep_rest=True)
    assert rows.left_out == 1000
    assert len(rows.sentences) == 20


def test_sizes_are_capped_packed_and_unpacked(tmp_path: Path) -> None:
    lines = b"".join(b'{"n": %d}\n' % n for n in range(2000))
    assert len(read(gzip.compress(lines), limit=len(lines)).items) == 2000
    for data in (lines, gzip.compress(lines)):
        with pytest.raises(BadInput, match=r"at most|more than"):
            read(data, limit=len(lines) - 1)
        path = tmp_path / "rows.jsonl"
        path.write_bytes(data)
        with pytest.raises(BadInput, match=r"at most|more than"):
            read(path, limit=len(lines) - 1)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", ""):
        with pytest.raises(BadInput, match="is not a file"):
            read(tmp_path / name)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers(-9, 9)), min_size=1))
def test_every_object_comes_back(rows: list[dict[str, Any]]) -> None:
    data = "\n".join(json.dumps(row) for row in rows).encode()
    found = read_rows(data, lambda row, place: row, field="rows", inside="no such key")
    assert list(found.items) == rows


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200))
def test_any_bytes_give_rows_or_a_sentence(data: bytes) -> None:
    try:
        read(data, inside="docs", keep_rest=True)
    except BadInput as error:
        assert error.field == "rows"
