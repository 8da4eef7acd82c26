"""Results by digest: atomic to write, checked when read, oldest use evicted first."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import psutil

from engine.core.digest import is_digest
from engine.core.errors import BadInput, EngramError
from engine.core.result import Result
from engine.core.settings import MB, number
from engine.store.folder import MANIFEST, Corrupted, load_folder, read_manifest, save_folder
from engine.store.shared_results import SharedResults
from engine.store.shelf import Shelf, ShelfGoneError

log = logging.getLogger(__name__)

T = TypeVar("T")
GONE_SECONDS = 5.0


class Results:
    """The folder ``results/`` of a store, one sub-folder per digest.

    Where the store has a shelf, that holds the results and this folder those used last. Reading
    goes on with what is here when the shelf cannot be reached; writing fails.
    """

    def __init__(self, folder: Path, shelf: Shelf | None = None):
        self.folder = folder
        self.shared = None if shelf is None else SharedResults(shelf)
        self._ask_again = float("-inf")

    def load(self, digest: str) -> Result | None:
        """The stored result, or None; a corrupted one is moved aside, logged, and None."""
        folder = self._path(digest)
        self._fetch(digest)
        try:
            result, _ = load_folder(folder)
        except FileNotFoundError:
            self._quarantine_partial(digest, folder)
            return None
        except Corrupted as error:
            self._quarantine(digest, folder, error)
            return None
        self._touch(folder)
        return result

    def has(self, digest: str) -> bool:
        """Whether a result lies there (it is only checked when it is loaded)."""
        return self.is_here(digest) or self._shared(lambda shared: shared.has(digest), False)

    def is_here(self, digest: str) -> bool:
        """Whether a result lies in this folder: nothing but a look at the disk."""
        return (self._path(digest) / MANIFEST).is_file()

    def is_published(self, digest: str) -> bool:
        """Whether other machines find a result; raises ShelfGoneError."""
        return self.is_here(digest) if self.shared is None else self.shared.has(digest)

    def manifest(self, digest: str) -> dict[str, Any] | None:
        """Where the result came from: lab, experiment, config, versions, seed, seconds."""
        folder = self._path(digest)
        try:
            return read_manifest(folder)
        except FileNotFoundError:
            return self._shared(lambda shared: shared.manifest(digest), None)
        except Corrupted as error:
            self._quarantine(digest, folder, error)
            return None

    def save(self, digest: str, result: Result, manifest: Mapping[str, Any]) -> None:
        """Publish ``result`` under ``digest``: readers see all of it or nothing.

        Equal digests mean equal results, so one that is already there stays.
        Raises LimitExceeded when the disk is full and ShelfGoneError when the shelf refuses it.
        """
        self._path(digest)
        temporary = self._temporary()
        save_folder(temporary, result, {**manifest, "digest": digest})
        if self.shared is not None:
            try:
                self.shared.publish(digest, temporary)
            except EngramError:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
        self._adopt(digest, temporary)

    def share(self, digest: str) -> None:
        """Make sure that the shelf has a result that is here; raises ShelfGoneError."""
        if self.shared is not None and self.is_here(digest):
            self.shared.publish(digest, self._path(digest))

    def delete(self, digest: str) -> None:
        """Forget a result, here and on the shelf; nothing happens when there is none."""
        self._discard(self._path(digest))
        if self.shared is not None:
            self.shared.delete(digest)

    def evict(self, keep: str = "") -> None:
        """Remove the results used longest ago until ``ENGRAM_STORE_MB`` (2048) is respected."""
        budget = number("ENGRAM_STORE_MB", 2048) * MB
        entries = []
        for folder in self.folder.iterdir():
            if is_digest(folder.name):
                try:
                    used = (folder / MANIFEST).stat().st_mtime
                    size = sum(file.stat().st_size for file in folder.iterdir())
                except OSError:  # removed by somebody else meanwhile
                    continue
                entries.append((used, size, folder))
        total = sum(size for _, size, _ in entries)
        for _, size, folder in sorted(entries, key=lambda entry: entry[0]):
            if total <= budget:
                break
            if folder.name != keep:
                log.info("evicting result %s (%d bytes)", folder.name, size)
                self._discard(folder)
                total -= size

    def sweep(self) -> None:
        """Remove what dead processes left half-written."""
        if not self.folder.is_dir():
            return
        for folder in self.folder.glob("tmp-*"):
            parts = folder.name.split("-")
            writer = int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else 0
            try:
                old = time.time() - folder.stat().st_mtime > 86400
            except OSError:
                continue
            if old or not psutil.pid_exists(writer):
                shutil.rmtree(folder, ignore_errors=True)

    def _path(self, digest: str) -> Path:
        if not is_digest(digest):
            raise BadInput("digest", "16 lower-case hexadecimal digits are required")
        return self.folder / digest

    def _temporary(self) -> Path:
        return self.folder / f"tmp-{os.getpid()}-{secrets.token_hex(4)}"

    def _adopt(self, digest: str, temporary: Path) -> None:
        """Give a complete folder its final name, unless there is one."""
        final = self._path(digest)
        if not self.is_here(digest):
            self._discard(final)  # what a damaged disk may have left
        try:
            temporary.rename(final)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            if not self.is_here(digest):
                raise
        self.evict(keep=digest)

    def _shared(self, ask: Callable[[SharedResults], T], otherwise: T) -> T:
        """What the shelf answers.

        One that cannot be reached may take long to say so: for some seconds it is not asked again.
        """
        if self.shared is None or time.monotonic() < self._ask_again:
            return otherwise
        try:
            return ask(self.shared)
        except ShelfGoneError as error:
            log.warning("%s", error)
            self._ask_again = time.monotonic() + GONE_SECONDS
        except Corrupted as error:
            log.error("a result on the shelf is damaged: %s", error)
        return otherwise

    def _fetch(self, digest: str) -> None:
        """Bring a result from the shelf, if it is there and not here."""
        if self.shared is None or self.is_here(digest):
            return
        temporary = self._temporary()
        try:
            if self._shared(lambda shared: shared.fetch(digest, temporary), False):
                self._adopt(digest, temporary)
                return
        except OSError as error:  # no room here: the result stays where it is
            log.warning("result %s: %s", digest, error)
        shutil.rmtree(temporary, ignore_errors=True)

    def _touch(self, folder: Path) -> None:
        try:
            os.utime(folder / MANIFEST)
        except OSError:  # a read-only store still serves
            log.debug("no time stamp for %s", folder.name)

    def _discard(self, folder: Path) -> None:
        # Renamed first, so that no reader meets a half-removed folder.
        doomed = self._temporary()
        try:
            folder.rename(doomed)
        except FileNotFoundError:
            return
        shutil.rmtree(doomed, ignore_errors=True)

    def _quarantine_partial(self, digest: str, folder: Path) -> None:
        # Folders appear whole and vanish whole, so one that lacks a file was damaged.
        if folder.is_dir():
            self._quarantine(digest, folder, Corrupted("a file of the result is missing"))

    def _quarantine(self, digest: str, folder: Path, error: Exception) -> None:
        aside = self.folder.parent / "quarantine" / f"{digest}-{secrets.token_hex(4)}"
        try:
            aside.parent.mkdir(exist_ok=True)
            folder.rename(aside)
        except FileNotFoundError:
            return
        except OSError:  # a read-only store: the result stays where it is, unread
            log.error("result %s is damaged and cannot be moved: %s", digest, error)
            return
        log.error("result %s was moved to quarantine: %s", digest, error)
