"""What visitors keep and change: files behind addresses that nobody can guess.

A result is named by its content and never changes; a kept file is named by chance and does. Who has
the address has the file: there is no list of them, for nobody.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import LimitExceeded, NotFound
from engine.core.settings import MB, number
from engine.store.folder import why

KEY = re.compile(r"[0-9a-f]{32}")
ENDING = ".memory"
# What SQLite lays beside a file in use.
BESIDE = ("", "-wal", "-shm", "-journal")
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Limits:
    """How much may be kept: from ``ENGRAM_MEMORIES`` and its kin, read once per question.

    ``days`` since the last use; 0 is for ever, the default where the visitor owns the machine.
    """

    count: int
    one_mb: float
    all_mb: float
    days: float

    @staticmethod
    def read() -> Limits:
        """The limits as they are set now."""
        own = os.environ.get("ENGRAM_LOCAL") == "1"
        return Limits(
            count=int(number("ENGRAM_MEMORIES", 500)),
            one_mb=number("ENGRAM_MEMORY_MB", 64),
            all_mb=number("ENGRAM_MEMORIES_MB", 2048),
            days=number("ENGRAM_MEMORY_DAYS", 0 if own else 90, least=0),
        )


class Memories:
    """The folder ``memories/`` of a store: ``<32hex>.memory`` and ``<32hex>.json`` per file."""

    def __init__(self, folder: Path):
        self.folder = folder

    def keep(self, data: bytes, label: str, **about: str) -> str:
        """Keep ``data`` and return its key, 128 bits of chance.

        ``label`` is what people see and ``about`` what the page wants to know again; neither ever
        becomes a path. Raises LimitExceeded for a file that is too large, and where the server
        keeps as much as it may: what others keep is not thrown out for it.
        """
        limits = Limits.read()
        if len(data) > limits.one_mb * MB:
            raise LimitExceeded(
                f"a kept memory may have {limits.one_mb:g} MB, this one has {len(data) / MB:.1f} MB"
            )
        self.sweep(limits)
        sizes = [size for _, size in self._all()]
        if len(sizes) >= limits.count or sum(sizes) + len(data) > limits.all_mb * MB:
            raise LimitExceeded(
                "this server keeps as many memories as it may; download this one instead"
            )
        key = secrets.token_hex(16)
        self._write(f"{key}.json", json.dumps({"label": label[:200], **about}).encode())
        self._write(f"{key}{ENDING}", data)
        return key

    def path(self, key: str) -> Path:
        """Where a kept file lies; its time without use begins anew. Raises NotFound."""
        path = self._path(key)
        if not path.is_file():
            raise NotFound("this memory is not kept here (any more)")
        with contextlib.suppress(OSError):  # a read-only store still serves
            os.utime(path)
        return path

    def about(self, key: str) -> dict[str, str]:
        """Its label and what was written with it; raises NotFound."""
        path = self.path(key).with_suffix(".json")
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError):
            found = {}
        return {"label": "memory", **{str(k): str(v) for k, v in dict(found).items()}}

    def describe(self, key: str, **about: str) -> None:
        """Change what is written with a kept file; raises NotFound."""
        now = self.about(key)
        self._write(f"{key}.json", json.dumps({**now, **about}).encode())

    def check_room(self, key: str) -> None:
        """Raise LimitExceeded where a kept file is as large as one may be."""
        limit = Limits.read().one_mb
        size = sum(part.stat().st_size for part in self._parts(self.path(key)) if part.is_file())
        if size > limit * MB:
            raise LimitExceeded(f"this memory has the {limit:g} MB that one may have")

    def delete(self, key: str) -> None:
        """Remove a kept file; nothing happens when there is none."""
        path = self._path(key)
        for part in (*self._parts(path), path.with_suffix(".json")):
            part.unlink(missing_ok=True)

    def sweep(self, limits: Limits | None = None) -> None:
        """Remove what nobody used for longer than ``ENGRAM_MEMORY_DAYS``."""
        days = (limits or Limits.read()).days
        if days:
            for path, _ in self._all():
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > days * DAY_SECONDS:
                        self.delete(path.stem)

    def _all(self) -> list[tuple[Path, int]]:
        found = []
        for path in self.folder.glob(f"*{ENDING}"):
            with contextlib.suppress(OSError):  # removed by somebody else meanwhile
                if KEY.fullmatch(path.stem):
                    found.append((path, path.stat().st_size))
        return found

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise NotFound("this memory is not kept here (any more)")
        return self.folder / f"{key}{ENDING}"

    @staticmethod
    def _parts(path: Path) -> tuple[Path, ...]:
        return tuple(path.with_name(f"{path.name}{part}") for part in BESIDE)

    def _write(self, name: str, data: bytes) -> None:
        temporary = self.folder / f"tmp-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_bytes(data)
            temporary.replace(self.folder / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise LimitExceeded(f"the memory could not be kept: {why(error)}") from error
