"""Reports that visitors collect: figures with words, behind addresses that nobody can guess.

A report is a folder named by chance: ``report.json`` and a file for each figure, named by its
content. Who has the address has the report: there is no list of them, for nobody. A browser
with a name finds the report that it collects: ``visits/<hash of the name>`` holds its key.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.core.digest import digest_bytes, is_digest
from engine.core.errors import LimitExceeded, NotFound
from engine.core.settings import MB, number
from engine.store.folder import why

KEY = re.compile(r"[0-9a-f]{32}")
DOCUMENT = "report.json"
VISITS = "visits"
MOST_ENTRIES = 40
DAY_SECONDS = 86_400
GONE = "this report is not kept here (any more)"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Origin(_Kept):
    """A result that was read for a figure: its provenance, with its settings among it."""

    lab: str
    experiment: str
    digest: str
    provenance: dict[str, Any] = {}


class Entry(_Kept):
    """A figure of a report; ``figure`` is the address of its JSON within the report.

    ``origins`` are the results that the page had read when it drew the figure, the last one last.
    """

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    figure: str = Field(pattern=r"^[0-9a-f]{16}$")
    title: str = Field(max_length=300)
    alt: str = Field(max_length=4000)
    note: str = Field("", max_length=8000)
    link: str = Field("", max_length=8000)
    page: str = Field("", max_length=80)
    origins: tuple[Origin, ...] = ()


class Document(_Kept):
    """The words of a report and its figures in order."""

    title: str = Field("Report", max_length=300)
    intro: str = Field("", max_length=8000)
    entries: tuple[Entry, ...] = Field((), max_length=MOST_ENTRIES)


class Reports:
    """The folder ``reports/`` of a store."""

    def __init__(self, folder: Path):
        self.folder = folder

    def create(self) -> str:
        """A new, empty report; gives its key, 128 bits of chance. Raises LimitExceeded."""
        self.sweep()
        used = sum(self._size(folder) for folder in self._all())
        if used > number("ENGRAM_REPORTS_MB", 1024) * MB:
            raise LimitExceeded(
                "this server keeps as many reports as it may; take the report of the page instead"
            )
        key = secrets.token_hex(16)
        self.save(key, Document(), new=True)
        return key

    def hold(self, visit: str, key: str | None) -> None:
        """Make ``key`` the report that the browser named ``visit`` collects; None: none.

        Raises NotFound for a key that cannot be and LimitExceeded when the disk is full or cannot
        be written.
        """
        name = digest_bytes(visit.encode())
        if key is None:
            try:
                (self.folder / VISITS / name).unlink(missing_ok=True)
            except OSError as error:
                raise LimitExceeded(f"the report could not be left: {why(error)}") from error
        else:
            self._write(self.folder / VISITS, name, self._path(key).name.encode())

    def held(self, visit: str) -> str | None:
        """The key of the report that the browser collects; None without one that is still kept."""
        try:
            key = (self.folder / VISITS / digest_bytes(visit.encode())).read_text("ascii")
        except (OSError, ValueError):
            return None
        return key if self._is_kept(key) else None

    def load(self, key: str) -> Document:
        """The words and the order; its time without use begins anew. Raises NotFound."""
        path = self._path(key) / DOCUMENT
        try:
            document = Document.model_validate_json(path.read_bytes())
        except OSError:
            raise NotFound(GONE) from None
        except ValidationError:
            raise NotFound("this report was damaged on disk") from None
        with contextlib.suppress(OSError):  # a read-only store still serves
            os.utime(path)
        return document

    def save(self, key: str, document: Document, *, new: bool = False) -> None:
        """Replace the words and the order; figures that are no longer named go.

        Raises NotFound for a report that is not there, LimitExceeded when the disk is full.
        """
        folder = self._path(key)
        if not new and not (folder / DOCUMENT).is_file():
            raise NotFound(GONE)
        self._write(folder, DOCUMENT, document.model_dump_json().encode())
        named = {entry.figure for entry in document.entries}
        for path in folder.glob("*.json"):
            if is_digest(path.stem) and path.stem not in named:
                path.unlink(missing_ok=True)

    def add(self, key: str, entry: Entry, figure: str) -> Document:
        """Lay ``figure`` (JSON) at the end as ``entry``, whose address of it is filled in.

        Raises LimitExceeded above 40 figures or ``ENGRAM_REPORT_MB`` (64) in all.
        """
        document = self.load(key)
        if len(document.entries) >= MOST_ENTRIES:
            raise LimitExceeded(f"a report may have {MOST_ENTRIES} figures")
        data = figure.encode()
        limit = number("ENGRAM_REPORT_MB", 64)
        if self._size(self._path(key)) + len(data) > limit * MB:
            raise LimitExceeded(f"the figures of a report may have {limit:g} MB together")
        address = digest_bytes(data)
        self._write(self._path(key), f"{address}.json", data)
        placed = entry.model_copy(update={"figure": address})
        document = document.model_copy(update={"entries": (*document.entries, placed)})
        self.save(key, document)
        return document

    def figure(self, key: str, entry: Entry) -> dict[str, Any]:
        """A figure as plotly's JSON; raises NotFound where it is damaged or gone."""
        try:
            data = (self._path(key) / f"{entry.figure}.json").read_bytes()
            if digest_bytes(data) == entry.figure:
                return json.loads(data)
        except (OSError, ValueError):
            pass
        raise NotFound(f"the figure {entry.title!r} is not kept here (any more)")

    def delete(self, key: str) -> None:
        """Remove a report; nothing happens when there is none.

        Raises LimitExceeded where the store cannot be written.
        """
        folder = self._path(key)
        try:
            (folder / DOCUMENT).unlink(missing_ok=True)  # what is left then is no report any more
        except OSError as error:
            raise LimitExceeded(f"the report could not be deleted: {why(error)}") from error
        shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what nobody opened for ``ENGRAM_REPORT_DAYS`` (90; 0 on one's own machine)."""
        own = os.environ.get("ENGRAM_LOCAL") == "1"
        days = number("ENGRAM_REPORT_DAYS", 0 if own else 90, least=0)
        for folder in self._all():
            whole = (folder / DOCUMENT).is_file()
            with contextlib.suppress(OSError):
                age = time.time() - (folder / DOCUMENT if whole else folder).stat().st_mtime
                # One without its words was being written or deleted when its process ended.
                if age > (days if whole else 1) * DAY_SECONDS and (days or not whole):
                    shutil.rmtree(folder, ignore_errors=True)
        for path in (self.folder / VISITS).glob("*"):
            with contextlib.suppress(OSError, ValueError):
                # Asked for each, and not of a list: a report may be begun meanwhile.
                if is_digest(path.name) and not self._is_kept(path.read_text("ascii")):
                    path.unlink()

    def _is_kept(self, key: str) -> bool:
        return bool(KEY.fullmatch(key)) and (self.folder / key / DOCUMENT).is_file()

    def _all(self) -> list[Path]:
        return [path for path in self.folder.glob("*") if KEY.fullmatch(path.name)]

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise NotFound(GONE)
        return self.folder / key

    @staticmethod
    def _size(folder: Path) -> int:
        total = 0
        for path in folder.glob("*.json"):
            with contextlib.suppress(OSError):  # removed by somebody else meanwhile
                total += path.stat().st_size
        return total

    @staticmethod
    def _write(folder: Path, name: str, data: bytes) -> None:
        temporary = folder / f"tmp-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_bytes(data)
            temporary.replace(folder / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise LimitExceeded(f"the report could not be kept: {why(error)}") from error
