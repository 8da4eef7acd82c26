"""Results on a shelf: ``results/<digest>/`` with a manifest and the tensors that it names.

Tensors travel as they lie in the folder, packed or not.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from engine.store.folder import (
    MANIFEST,
    PACKED,
    TENSORS,
    Corrupted,
    load_folder,
    parse_manifest,
    read_manifest,
)
from engine.store.shelf import Shelf, ShelfGoneError

CHECKSUM = re.compile(r"[0-9a-f]{64}")


class SharedResults:
    """The results of a shelf.

    The manifest is written last and names its tensors by their checksum, so that of two machines
    that publish one digest at the same time either's result is whole.
    """

    def __init__(self, shelf: Shelf):
        self.shelf = shelf

    def has(self, digest: str) -> bool:
        """Whether a result is there; raises ShelfGoneError."""
        return self.shelf.has(f"results/{digest}/{MANIFEST}")

    def publish(self, digest: str, folder: Path) -> None:
        """Publish the complete result folder ``folder`` unless there is one.

        Raises ShelfGoneError.
        """
        if self.has(digest):
            return
        checksum = read_manifest(folder)["sha256"]
        file = PACKED if (folder / PACKED).is_file() else TENSORS
        self.shelf.publish(self._tensors(digest, checksum, file), folder / file)
        self.shelf.publish(f"results/{digest}/{MANIFEST}", folder / MANIFEST)

    def manifest(self, digest: str) -> dict[str, Any] | None:
        """The manifest of a result without its tensors; raises Corrupted and ShelfGoneError."""
        text = self.shelf.read(f"results/{digest}/{MANIFEST}")
        return None if text is None else _parsed(digest, text)

    def fetch(self, digest: str, folder: Path) -> bool:
        """Copy a result into the new folder ``folder`` and check it; False when there is none.

        A damaged one is removed, so that it will be computed again, and raises Corrupted. Raises
        ShelfGoneError.
        """
        text = self.shelf.read(f"results/{digest}/{MANIFEST}")
        if text is None:
            return False
        try:
            manifest = _parsed(digest, text)
            folder.mkdir(parents=True)
            if not any(
                self.shelf.fetch(self._tensors(digest, manifest["sha256"], file), folder / file)
                for file in (TENSORS, PACKED)
            ):
                raise Corrupted("the tensor file is missing")
            (folder / MANIFEST).write_bytes(text)
            load_folder(folder)
        except Corrupted:
            with contextlib.suppress(ShelfGoneError):
                self.delete(digest)
            raise
        return True

    def delete(self, digest: str) -> None:
        """Remove a result; raises ShelfGoneError."""
        text = self.shelf.read(f"results/{digest}/{MANIFEST}")
        if text is None:
            return
        self.shelf.delete(f"results/{digest}/{MANIFEST}")
        with contextlib.suppress(Corrupted):
            checksum = _parsed(digest, text)["sha256"]
            for file in (TENSORS, PACKED):
                self.shelf.delete(self._tensors(digest, checksum, file))

    @staticmethod
    def _tensors(digest: str, checksum: str, file: str) -> str:
        return f"results/{digest}/{file.replace('tensors', checksum[:16], 1)}"


def _parsed(digest: str, text: bytes) -> dict[str, Any]:
    """The manifest in ``text``; raises Corrupted when it is not that of ``digest``."""
    manifest = parse_manifest(text)
    if manifest.get("digest") != digest or not CHECKSUM.fullmatch(str(manifest.get("sha256"))):
        raise Corrupted("the manifest is that of another result")
    return manifest
