"""Reading a .npz file from somebody else: the zip's index is judged before a member is unpacked.

And writing one that is read here whatever is in it.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.npy import FLOATS, read_npy
from engine.io.paths import local_path

MAX_BYTES = 1_000 * MB
MAX_MEMBERS = 64
MAX_RATIO = 100


def load_npz(
    source: Path | str | bytes,
    *,
    field: str = "vectors",
    max_bytes: int = MAX_BYTES,
    dtypes: Sequence[str] = (*FLOATS, "int8"),
    scalars: bool = False,
) -> dict[str, np.ndarray]:
    """Every array of a .npz file or upload by name, each checked as ``read_npy`` checks one.

    With ``scalars`` an array may be a single number without axes. At most 64 arrays and
    ``max_bytes`` unpacked, none packed tighter than 100 to 1 (over 1 MB). Raises BadInput(field):
    no zip, a damaged, encrypted, oversized or foreign member, NaN.
    """
    if isinstance(source, bytes):
        return _read(BytesIO(source), field, max_bytes, dtypes, scalars)
    path = local_path(source, field=field)
    if not path.is_file():
        raise BadInput(field, f"there is no file {path.name!r}")
    try:
        with path.open("rb") as file:
            return _read(file, field, max_bytes, dtypes, scalars)
    except OSError as error:
        raise BadInput(field, f"{path.name!r} cannot be read ({error.strerror})") from None


def pack_npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """A .npz file of ``arrays`` that ``load_npz`` accepts: what is very repetitive is not packed.

    Raises ValueError for arrays of objects.
    """
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, array in arrays.items():
            member = BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            data = member.getvalue()
            tight = len(data) > MB and len(data) > MAX_RATIO / 2 * len(zlib.compress(data))
            method = zipfile.ZIP_STORED if tight else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), data, method)
    return made.getvalue()


def _read(
    file: BinaryIO, field: str, max_bytes: int, dtypes: Sequence[str], scalars: bool
) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check(members, field, max_bytes)
            return {
                member.filename.removesuffix(".npy"): _member(
                    archive, member, field, dtypes, scalars
                )
                for member in members
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(field, "is not a .npz file, or it is damaged or was cut off") from None


def _check(members: list[zipfile.ZipInfo], field: str, max_bytes: int) -> None:
    if not 1 <= len(members) <= MAX_MEMBERS:
        raise BadInput(field, f"must hold 1 to {MAX_MEMBERS} arrays, not {len(members)}")
    if len({member.filename for member in members}) != len(members):
        raise BadInput(field, "holds two arrays of one name")
    for member in members:
        shown = repr(member.filename[:40])
        if not member.filename.endswith(".npy") or member.is_dir():
            raise BadInput(field, f"holds {shown}, which is no .npy array")
        if member.flag_bits & 1:
            raise BadInput(field, f"{shown} is encrypted")
        if member.file_size > max(MAX_RATIO * member.compress_size, MB):
            raise BadInput(field, f"{shown} is packed tighter than {MAX_RATIO} to 1")
    total = sum(member.file_size for member in members)
    if total > max_bytes:
        raise BadInput(
            field, f"unpacked it has {total / MB:.3g} MB; at most {max_bytes / MB:g} MB are read"
        )


def _member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    field: str,
    dtypes: Sequence[str],
    scalars: bool,
) -> np.ndarray:
    with archive.open(member) as stream:
        # Never more than the index declared, which was judged.
        data = stream.read(member.file_size)
    name = member.filename.removesuffix(".npy")[:40]
    try:
        return read_npy(
            BytesIO(data), len(data), field=field, dtypes=dtypes, least_axes=0 if scalars else 1
        )
    except BadInput as error:
        raise BadInput(field, f"array {name!r} {error.reason}") from None
