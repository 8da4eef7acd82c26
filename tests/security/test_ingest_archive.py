"""Zip archives from strangers: refused by their index, unpacked in memory only."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.io import archive
from engine.io.archive import read_zip

LINK = 0o120777 << 16
PIPE = 0o010644 << 16


def packed(*members: tuple[str, bytes], attributes: int = 0, method: int = 8) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if attributes:
                info.create_system, info.external_attr = 3, attributes
            file.writestr(info, data)
    return target.getvalue()


def renamed(data: bytes, before: bytes, after: bytes) -> bytes:
    """Names of the same length that zipfile would not write."""
    assert len(before) == len(after)
    return data.replace(before, after)


def flagged(data: bytes, flag: int) -> bytes:
    """With a flag set in the local header and in the index."""
    out = bytearray(data)
    out[data.index(b"PK\x03\x04") + 6] |= flag
    out[data.index(b"PK\x01\x02") + 8] |= flag
    return bytes(out)


def declared(data: bytes, size: int) -> bytes:
    """With another unpacked size in the local header and in the index."""
    out = bytearray(data)
    struct.pack_into("<I", out, data.index(b"PK\x03\x04") + 22, size)
    struct.pack_into("<I", out, data.index(b"PK\x01\x02") + 24, size)
    return bytes(out)


def counted(data: bytes, count: int, index: int) -> bytes:
    """With another number of members and size of the index at the end."""
    out = bytearray(data)
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HHI", out, end + 8, count, count, index)
    return bytes(out)


def zip64(data: bytes) -> bytes:
    end = data.rindex(b"PK\x05\x06")
    return data[:end] + b"PK\x06\x07" + bytes(16) + data[end:]


ONE = packed(("a.txt", b"hello"))
TWO = packed(("a.txt", b"hello"), ("b.txt", b"world"))
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a zip archive"),
    "a text": (b"hello" * 100, "not a zip archive"),
    "cut off": (TWO[:-30], "not a zip archive"),
    "head only": (ONE[:10], "not a zip archive"),
    "broken index": (TWO.replace(b"PK\x01\x02", b"PK\x09\x09"), "not a zip archive"),
    "broken bytes": (ONE.replace(b"PK\x03\x04", b"PK\x03\x09"), "damaged"),
    "wrong checksum": (packed(("a", b"hello"), method=0).replace(b"hello", b"hallo"), "damaged"),
    "up": (packed(("../a.txt", b"x")), "leaves the folder"),
    "up in the middle": (packed(("a/../../b.txt", b"x")), "leaves the folder"),
    "up by backslash": (packed(("..\\a.txt", b"x")), "leaves the folder"),
    "absolute": (packed(("/etc/passwd", b"x")), "is absolute"),
    "absolute by backslash": (packed(("\\a.txt", b"x")), "is absolute"),
    "host": (packed(("//host/a", b"x")), "is absolute"),
    "drive": (packed(("C:/a.txt", b"x")), "is absolute"),
    "drive and name": (packed(("c:a.txt", b"x")), "is absolute"),
    "zero byte": (renamed(ONE, b"a.txt", b"a\0txt"), "none that a file can have"),
    "long name": (packed(("a" * 2000, b"x")), "none that a file can have"),
    "link": (packed(("a", b"/etc/passwd"), attributes=LINK), "a link or a device"),
    "pipe": (packed(("a", b""), attributes=PIPE), "a link or a device"),
    "twice": (renamed(TWO, b"b.txt", b"a.txt"), "two members of the name"),
    "encrypted": (flagged(ONE, 1), "encrypted"),
    "strongly encrypted": (flagged(ONE, 0x40), "encrypted"),
    "another method": (packed(("a", b"x" * 99), method=zipfile.ZIP_LZMA), "another method"),
    "bomb": (packed(("a", bytes(50_000_000))), "packed tighter than 100 to 1"),
    "bomb that lies": (declared(packed(("a", bytes(50_000_000))), 900), "damaged"),
    "large member": (declared(ONE, 65_000_000), "more than 64 MB"),
    "less than it says": (declared(ONE, 900), "damaged"),
    "zip inside": (packed(("a.txt", ONE)), "an archive inside the archive"),
    "gzip inside": (packed(("a.txt", b"\x1f\x8b\x08")), "an archive inside the archive"),
    "many declared": (counted(ONE, 60_000, 60), "60,000 members"),
    "huge index": (counted(ONE, 1, 1_000_000_000), "members"),
    "zip64": (zip64(ONE), "zip64"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_archives_get_one_sentence(name: str) -> None:
    data, words = BAD[name]
    with pytest.raises(BadInput, match=words) as caught:
        list(read_zip(data, field="notes"))
    assert caught.value.field == "notes"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_files_come_with_their_names_and_folders_do_not() -> None:
    data = packed(("notes/", b""), ("notes/ä.md", b"x" * 5000), ("b.txt", b""))
    assert list(read_zip(data)) == [("notes/ä.md", b"x" * 5000), ("b.txt", b"")]


def test_what_is_not_wanted_is_not_unpacked() -> None:
    data = packed(("a.txt", b"hello"), ("inner.zip", ONE))
    read = read_zip(data, wanted=lambda name: name.endswith(".txt"))
    assert list(read) == [("a.txt", b"hello")]


def test_a_bad_name_is_refused_wanted_or_not() -> None:
    with pytest.raises(BadInput, match="leaves the folder"):
        read_zip(packed(("../a.txt", b"x")), wanted=lambda name: False)


def test_counts_and_sums_are_capped() -> None:
    with pytest.raises(BadInput, match="holds 2 members; at most 1 are read"):
        read_zip(TWO, max_members=1)
    with pytest.raises(BadInput, match="more than 9e-06 MB"):
        read_zip(TWO, max_bytes=9)
    assert len(list(read_zip(TWO, max_members=2, max_bytes=10))) == 2


def test_an_upload_of_any_size_is_judged_before_it_is_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(archive, "MAX_PACKED", 10)
    (tmp_path / "a.zip").write_bytes(ONE)
    for source in (ONE, tmp_path / "a.zip"):
        with pytest.raises(BadInput, match="at most"):
            read_zip(source)


def test_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(TWO)
    monkeypatch.chdir(tmp_path)
    assert len(list(read_zip("a.zip"))) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    with pytest.raises(BadInput, match="is not a file"):
        read_zip(tmp_path)


def either_way(read: Callable[[], object]) -> None:
    try:
        read()
    except BadInput as error:
        assert "\n" not in str(error)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_give_files_or_a_sentence(data: bytes) -> None:
    either_way(lambda: list(read_zip(data)))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(TWO) - 1), st.integers(0, 255)), max_size=6))
def test_any_damage_gives_files_or_a_sentence(changes: list[tuple[int, int]]) -> None:
    data = bytearray(TWO)
    for place, value in changes:
        data[place] = value
    either_way(lambda: list(read_zip(bytes(data))))
