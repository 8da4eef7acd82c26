"""Several uploads packed as one."""

from __future__ import annotations

import pytest

from engine.core import BadInput
from engine.io.archive import read_zip
from engine.io.pack import pack_files


def test_the_same_files_give_the_same_bytes_in_any_order() -> None:
    files = [("b.md", b"two"), ("a.md", b"one")]
    assert pack_files(files) == pack_files(files[::-1])
    assert list(read_zip(pack_files(files))) == [("a.md", b"one"), ("b.md", b"two")]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\notes\\day.md", "C_/notes/day.md"),
        ("/root/./x.md", "root/x.md"),
        ("..", "unnamed"),
        ("a" * 300 + ".md", "a" * 197 + ".md"),
    ],
)
def test_names_stay_labels(name: str, kept: str) -> None:
    assert [label for label, _ in read_zip(pack_files([(name, b"words")]))] == [kept]


def test_repeated_names_are_numbered() -> None:
    packed = pack_files([("note.md", b"one"), ("Note.md", b"two"), ("note.md", b"three")])
    names = [name for name, _ in read_zip(packed)]
    assert len({name.casefold() for name in names}) == 3


def test_nothing_is_no_archive() -> None:
    with pytest.raises(BadInput, match="files"):
        pack_files([])
