"""What an attempt keeps for the next one: one file of arrays per digest."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from engine.core.errors import LimitExceeded
from engine.core.settings import MB
from engine.store.shelf import Shelf, ShelfGoneError

log = logging.getLogger(__name__)


class Checkpoints:
    """The folder ``checkpoints/`` of a store, and of its shelf where it has one.

    The next attempt may run on another machine, so the shelf's copy is the one that counts.
    """

    def __init__(self, folder: Path, shelf: Shelf | None = None):
        self.folder = folder
        self.shelf = shelf

    def save(self, digest: str, arrays: Mapping[str, np.ndarray], most_mb: float) -> None:
        """Keep ``arrays``; raises LimitExceeded when they are too large or do not fit."""
        size = sum(array.nbytes for array in arrays.values())
        if size > most_mb * MB:
            raise LimitExceeded(
                f"the checkpoint has {size / MB:.0f} MB, at most {most_mb:g} MB are kept"
            )
        path = self._path(digest)
        temporary = path.with_name(f"tmp-{os.getpid()}")
        self.folder.mkdir(exist_ok=True)
        try:
            save_file(
                {name: np.asarray(array, order="C") for name, array in arrays.items()}, temporary
            )
            temporary.replace(path)
        except (OSError, SafetensorError) as error:
            temporary.unlink(missing_ok=True)
            raise LimitExceeded("the checkpoint could not be written: the disk is full") from error
        if self.shelf is not None:
            self.shelf.publish(self._name(digest), path)

    def load(self, digest: str) -> dict[str, np.ndarray] | None:
        """What an earlier attempt saved, or None (also when it cannot be read)."""
        try:
            data = self._read(digest)
            return None if data is None else load(data)
        except (OSError, SafetensorError, ShelfGoneError) as error:
            log.warning("the checkpoint of %s cannot be read, starting over: %s", digest, error)
            return None

    def forget(self, digest: str) -> None:
        """Remove the checkpoint of a run that ended."""
        self._path(digest).unlink(missing_ok=True)
        if self.shelf is not None:
            try:
                self.shelf.delete(self._name(digest))
            except ShelfGoneError as error:
                log.warning("the checkpoint of %s stays: %s", digest, error)

    def _read(self, digest: str) -> bytes | None:
        if self.shelf is not None:
            return self.shelf.read(self._name(digest))
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.safetensors"

    @staticmethod
    def _name(digest: str) -> str:
        return f"checkpoints/{digest}.safetensors"
