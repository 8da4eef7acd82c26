"""A result as a folder: ``tensors.safetensors`` and ``manifest.json``.

The store and the results that ship with the project use the same format, hence one loader; the
tensors of the latter are packed, and their manifest is an xz file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import lzma
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from engine.core.errors import EngramError, LimitExceeded
from engine.core.packing import pack, unpack
from engine.core.result import Field, Result

TENSORS = "tensors.safetensors"
PACKED = f"{TENSORS}.packed"
MANIFEST = "manifest.json"
SMALL_MANIFEST = f"{MANIFEST}.xz"
MANIFEST_BYTES = 64_000_000  # what an xz file may hold
FORMAT = 1


class Corrupted(EngramError):
    """A result folder whose content is not what its manifest promises."""


def save_folder(
    folder: Path, result: Result, manifest: Mapping[str, Any], *, packed: bool = False
) -> None:
    """Write ``result`` into the new folder ``folder``; on any failure the folder is removed.

    ``packed`` makes the tensors smaller and slower to read, and the manifest one line. Raises
    LimitExceeded when the disk has no room.
    """
    try:
        folder.mkdir(parents=True)
        _write(folder, result, manifest, indent=None if packed else 1)
        if packed:
            (folder / PACKED).write_bytes(pack((folder / TENSORS).read_bytes()))
            (folder / TENSORS).unlink()
    except (OSError, SafetensorError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise LimitExceeded(f"the result could not be written: {why(error)}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def load_folder(folder: Path) -> tuple[Result, dict[str, Any]]:
    """The result and manifest of ``folder``.

    Raises FileNotFoundError when there is none and Corrupted when it cannot be trusted.
    """
    manifest = read_manifest(folder)
    data = _tensors(folder, manifest)
    try:
        if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
            raise Corrupted("the tensor file does not have the checksum in its manifest")
        arrays = load(data)
        fields = {}
        for name, entry in manifest["fields"].items():
            array = arrays[name]
            if list(array.shape) != entry["shape"] or array.dtype.name != entry["dtype"]:
                raise Corrupted(f"field {name!r} does not have the shape or type in its manifest")
            array.flags.writeable = False  # one loaded result may serve many visitors
            fields[name] = Field(array, tuple(entry["axes"]), entry["unit"])
        result = Result(fields, manifest["metrics"], manifest["notes"])
    except (SafetensorError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Corrupted(f"the result cannot be read ({type(error).__name__})") from error
    return result, manifest


def _tensors(folder: Path, manifest: Mapping[str, Any]) -> bytes:
    """The bytes of the tensor file, unpacked to at most the size that the manifest names."""
    try:
        packed = (folder / PACKED).read_bytes()
    except FileNotFoundError:
        return (folder / TENSORS).read_bytes()
    try:
        return unpack(packed, int(manifest["bytes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupted("the packed tensor file cannot be read") from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest alone; raises FileNotFoundError or Corrupted."""
    try:
        return parse_manifest((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        small = (folder / SMALL_MANIFEST).read_bytes()
    unpacker = lzma.LZMADecompressor()
    try:
        text = unpacker.decompress(small, MANIFEST_BYTES)
    except lzma.LZMAError as error:
        raise Corrupted("the packed manifest cannot be read") from error
    if not unpacker.eof:
        raise Corrupted(f"the packed manifest is cut, or holds over {MANIFEST_BYTES} bytes")
    return parse_manifest(text)


def shrink_manifest(folder: Path) -> None:
    """Put an xz file in the place of the manifest of ``folder``."""
    text = (folder / MANIFEST).read_bytes()
    (folder / SMALL_MANIFEST).write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    (folder / MANIFEST).unlink()


def parse_manifest(text: bytes) -> dict[str, Any]:
    """The manifest in ``text``; raises Corrupted."""
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise Corrupted("the manifest is not JSON") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Corrupted("the manifest has an unknown format")
    return manifest


def result_bytes(result: Result) -> int:
    """Bytes of all arrays, as they will lie on disk."""
    return sum(field.array.nbytes for field in result.fields.values())


def _write(
    folder: Path, result: Result, manifest: Mapping[str, Any], *, indent: int | None
) -> None:
    arrays = {name: _plain(name, field.array) for name, field in result.fields.items()}
    save_file(arrays, folder / TENSORS)
    with (folder / TENSORS).open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    document = {
        **manifest,
        "format": FORMAT,
        "sha256": checksum,
        "bytes": (folder / TENSORS).stat().st_size,
        "fields": {
            name: {
                "axes": list(field.axes),
                "unit": field.unit,
                "dtype": arrays[name].dtype.name,
                "shape": list(arrays[name].shape),
            }
            for name, field in result.fields.items()
        },
        "metrics": dict(result.metrics),
        "notes": result.notes,
    }
    # Metrics may be NaN or infinite: Python's JSON keeps them, and only this loader reads them.
    text = json.dumps(document, default=_json, ensure_ascii=False, indent=indent)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    if name == "__metadata__" or array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise EngramError(f"the run returned a field {name!r} of type {array.dtype}")
    # safetensors writes memory as it lies: little-endian and contiguous, or wrong.
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _json(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"a result's notes and metrics must survive JSON, not {type(value).__name__}")


def why(error: Exception) -> str:
    """Why a disk did not take what was written to it (safetensors tells it in words only)."""
    text = str(error)
    if getattr(error, "errno", None) == errno.ENOSPC or "os error 28" in text or "code: 28" in text:
        return "the disk is full"
    reason = getattr(error, "strerror", None) or "full, or a file size limit"
    return f"the disk refused it ({reason})"
