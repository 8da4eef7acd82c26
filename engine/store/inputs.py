"""What visitors bring: addressed by content, so that no file name of theirs is ever trusted."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from pathlib import Path

from engine.core.digest import digest_bytes
from engine.core.errors import BadInput, LimitExceeded, NotFound
from engine.core.settings import MB, number
from engine.store.folder import why
from engine.store.shelf import Shelf

REFERENCE = re.compile(r"input:([0-9a-f]{16})")


class Inputs:
    """The folder ``inputs/`` of a store: ``<16hex>.bin`` and ``<16hex>.json`` per input.

    Where the store has a shelf, every input is put there, too, and fetched from there when it is
    not here.
    """

    def __init__(self, folder: Path, shelf: Shelf | None = None):
        self.folder = folder
        self.shelf = shelf

    def put(self, data: bytes, name: str) -> str:
        """Keep ``data`` and return its reference "input:<16hex>".

        ``name`` is what people see; it never becomes a path. Raises LimitExceeded above
        ``ENGRAM_INPUT_MB`` (64) for one input or when the disk is full. The inputs used longest
        ago go when all of them together exceed ``ENGRAM_INPUTS_MB`` (512). Raises ShelfGoneError
        when there is a shelf and it cannot be written.
        """
        limit = number("ENGRAM_INPUT_MB", 64)
        if len(data) > limit * MB:
            raise LimitExceeded(
                f"an input may have {limit:g} MB, this one has {len(data) / MB:.1f} MB"
            )
        address = digest_bytes(data)
        label = json.dumps({"name": name[:200]}).encode()
        if self.shelf is not None:
            self.shelf.write(f"inputs/{address}.json", label)
            self.shelf.write(f"inputs/{address}.bin", data)
        self._write(f"{address}.json", label)
        self._write(f"{address}.bin", data)
        self._evict(keep=address)
        return f"input:{address}"

    def get(self, ref: str) -> bytes:
        """The bytes of an input; raises BadInput for a malformed reference, NotFound otherwise."""
        address = self._address(ref)
        path = self.folder / f"{address}.bin"
        data = self._read(path.name)
        if data is not None and digest_bytes(data) != address:
            path.unlink(missing_ok=True)
            data = None if self.shelf is None else self._read(path.name)
            if data is None or digest_bytes(data) != address:
                path.unlink(missing_ok=True)
                raise NotFound(f"{ref} was damaged on disk; bring the file again")
        if data is None:
            raise NotFound(f"{ref} is not kept here (any more); bring the file again")
        with contextlib.suppress(OSError):  # a read-only store still serves
            os.utime(path)
        return data

    def name(self, ref: str) -> str:
        """The name under which an input was brought; raises like ``get``."""
        text = self._read(f"{self._address(ref)}.json")
        try:
            return str(json.loads(text or b"")["name"])
        except (ValueError, KeyError):
            raise NotFound(f"{ref} is not kept here (any more); bring the file again") from None

    def _address(self, ref: str) -> str:
        match = REFERENCE.fullmatch(ref)
        if match is None:
            raise BadInput("input", 'a reference looks like "input:" and 16 hexadecimal digits')
        return match[1]

    def _read(self, name: str) -> bytes | None:
        """A file of this folder, fetched from the shelf when it is not here; None is nowhere."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            data = None if self.shelf is None else self.shelf.read(f"inputs/{name}")
        if data is not None:
            self._write(name, data)
        return data

    def _write(self, name: str, data: bytes) -> None:
        temporary = self.folder / f"tmp-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(self.folder / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise LimitExceeded(f"the input could not be kept: {why(error)}") from error

    def _evict(self, keep: str) -> None:
        budget = number("ENGRAM_INPUTS_MB", 512) * MB
        entries = []
        for path in self.folder.glob("*.bin"):
            with contextlib.suppress(FileNotFoundError):  # removed by somebody else meanwhile
                state = path.stat()
                entries.append((state.st_mtime, state.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries, key=lambda entry: entry[0]):
            if total <= budget:
                break
            if path.stem != keep:
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)
                total -= size
