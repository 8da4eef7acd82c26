"""The door for zip archives: judged by their index, unpacked in memory, never onto a disk."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.paths import local_path, read_file

MAX_PACKED = 128 * MB
MAX_BYTES = 256 * MB
MAX_MEMBER = 64 * MB
MAX_MEMBERS = 20_000
# zip reaches about 1000 to 1 on zeros and 10 to 1 on prose.
MAX_RATIO = 100
# The index needs 46 bytes and the name for each member.
MAX_INDEX = 16 * MB
CHUNK = 1 << 16
END_OF_INDEX = b"PK\x05\x06"
END_OF_INDEX_64 = b"PK\x06\x07"
NESTED = (
    b"PK\x03\x04", END_OF_INDEX, b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c",
    b"Rar!", b"\x28\xb5\x2f\xfd",
)  # fmt: skip
# What zipfile raises for bytes that are no archive, by where it trips.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, RuntimeError,
    ValueError,
)  # fmt: skip
DRIVE = re.compile(r"[A-Za-z]:")


def is_zip(data: bytes) -> bool:
    """Whether ``data`` starts as a zip archive does."""
    return data.startswith((b"PK\x03\x04", END_OF_INDEX))


def read_zip(
    source: Path | str | bytes,
    *,
    field: str = "archive",
    wanted: Callable[[str], bool] = lambda name: True,
    max_bytes: int = MAX_BYTES,
    max_members: int = MAX_MEMBERS,
) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every file in the archive that is ``wanted`` by its name, in its order.

    The index is judged before this returns, the bytes while they stream. Raises BadInput(field):
    no zip, damaged, encrypted, over 128 MB packed, ``max_members`` members, ``max_bytes`` or (one
    member) 64 MB unpacked, packed tighter than 100 to 1 (over 1 MB), a name that leaves the folder
    or appears twice, a link, an archive inside. Names serve as labels only: none reaches a disk.
    """
    if not isinstance(source, bytes):
        path = local_path(source, field=field)
        if not path.is_file():
            raise BadInput(field, f"{str(source)[:200]!r} is not a file")
        source = read_file(path, field=field, limit=MAX_PACKED)
    if len(source) > MAX_PACKED:
        raise BadInput(
            field, f"at most {MAX_PACKED / MB:g} MB are read, it has {len(source) / MB:.3g} MB"
        )
    _check_end(source, field, max_members)
    try:
        archive = zipfile.ZipFile(BytesIO(source))
    except DAMAGE:
        raise _damaged(field) from None
    members = archive.infolist()
    _check(members, field, max_bytes, max_members)
    chosen = [member for member in members if not member.is_dir() and wanted(member.filename)]
    return _stream(archive, chosen, field, max_bytes)


def _check_end(data: bytes, field: str, max_members: int) -> None:
    """Refuse an index that would fill the memory when it is read: zipfile reads all of it."""
    end = data.rfind(END_OF_INDEX)
    if end < 0 or len(data) - end < 22:
        raise _damaged(field)
    count = int.from_bytes(data[end + 10 : end + 12], "little")
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    if data[max(end - 20, 0) : end].startswith(END_OF_INDEX_64):
        raise BadInput(field, "is a zip64 archive; those are for sizes beyond what is read here")
    if count > max_members or size > MAX_INDEX:
        raise BadInput(field, f"holds {count:,} members; at most {max_members:,} are read")


def _check(members: list[zipfile.ZipInfo], field: str, max_bytes: int, max_members: int) -> None:
    if len(members) > max_members:
        raise BadInput(field, f"holds {len(members):,} members; at most {max_members:,} are read")
    seen: set[str] = set()
    for member in members:
        # zipfile drops what follows a zero byte; the whole name is what was meant.
        shown = repr(member.orig_filename[:60])
        _check_name(member.orig_filename, shown, field)
        if member.filename in seen:
            raise BadInput(field, f"holds two members of the name {shown}")
        seen.add(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadInput(field, f"{shown} is a link or a device; only files are read")
        if member.flag_bits & 0x41:
            raise BadInput(field, f"{shown} is encrypted; pack the files without a password")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadInput(field, f"{shown} is packed by another method than deflate")
        if member.file_size > MAX_MEMBER:
            raise BadInput(field, f"{shown} unpacks to more than {MAX_MEMBER / MB:g} MB")
        if member.file_size > max(MAX_RATIO * member.compress_size, MB):
            raise BadInput(field, f"{shown} is packed tighter than {MAX_RATIO} to 1")
    total = sum(member.file_size for member in members)
    if total > max_bytes:
        raise _too_large(field, max_bytes)


def _check_name(name: str, shown: str, field: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts:
        raise BadInput(field, f"the name {shown} leaves the folder")
    if not parts[0] or DRIVE.match(name):
        raise BadInput(field, f"the name {shown} is absolute; only names inside a folder are read")
    if "\0" in name or len(name) > 1_000:
        raise BadInput(field, f"the name {shown} is none that a file can have")


def _stream(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], field: str, max_bytes: int
) -> Iterator[tuple[str, bytes]]:
    total = 0
    with archive:
        for member in members:
            try:
                data = _unpack(archive, member, field)
            except BadInput:
                raise
            except DAMAGE:
                raise _damaged(field) from None
            total += len(data)
            if total > max_bytes:
                raise _too_large(field, max_bytes)
            if data.startswith(NESTED):
                shown = repr(member.filename[:60])
                raise BadInput(field, f"{shown} is an archive inside the archive; unpack it first")
            yield member.filename, data


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, field: str) -> bytes:
    parts, size = [], 0
    with archive.open(member) as stream:
        while part := stream.read(CHUNK):
            size += len(part)
            # The index may lie about the size, and this is where that shows.
            if size > member.file_size:
                raise _damaged(field)
            parts.append(part)
    if size != member.file_size:
        raise _damaged(field)
    return b"".join(parts)


def _too_large(field: str, max_bytes: int) -> BadInput:
    return BadInput(field, f"unpacked it has more than {max_bytes / MB:g} MB")


def _damaged(field: str) -> BadInput:
    return BadInput(field, "is not a zip archive, or it is damaged or was cut off")
