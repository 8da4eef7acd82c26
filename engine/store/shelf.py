"""A place that several machines see, by URL: whole objects under names, nothing else.

Reading, writing and deleting whole objects is all that is asked of it, so that a folder
(``file:///shared/engram``) and an object store (``s3://bucket/prefix``) serve alike. The file
systems are fsspec's; each kind of URL needs its package, and finds its credentials, as fsspec does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.core.errors import BadInput, EngramError

VARIABLE = "ENGRAM_STORE_URL"


class ShelfGoneError(EngramError):
    """The shared place cannot be read or written now."""


class Shelf:
    """Objects below ``url``. Cheap to make; the first use opens it.

    Readers see an object whole or not at all. Names are the engine's own, never a visitor's.
    Every method but ``label`` raises ShelfGoneError when the place cannot be reached and BadInput
    for a URL that no installed file system can open.
    """

    def __init__(self, url: str):
        self.url = url

    @property
    def label(self) -> str:
        """The URL as it may be shown: without what may be a name and password."""
        scheme, mark, rest = self.url.partition("://")
        return f"{scheme}{mark}{rest.rpartition('@')[2]}"

    def check(self) -> None:
        """Raise BadInput unless some installed file system opens the URL; nothing is read."""
        _ = self._opened

    def has(self, name: str) -> bool:
        """Whether there is an object called ``name``."""
        with self._told("read"):
            return bool(self._files.exists(self._path(name)))

    def read(self, name: str) -> bytes | None:
        """The bytes of an object, or None when there is none."""
        with self._told("read"):
            try:
                return bytes(self._files.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Publish ``data`` as ``name``; an older object of that name is replaced."""
        with self._told("written"), self._whole(name) as path:
            self._files.pipe_file(path, data)

    def fetch(self, name: str, to: Path) -> bool:
        """Copy an object into the file ``to``; False when there is none."""
        with self._told("read"):
            try:
                self._files.get_file(self._path(name), str(to))
            except FileNotFoundError:
                return False
        return True

    def publish(self, name: str, file: Path) -> None:
        """Publish the content of ``file`` as ``name``."""
        with self._told("written"), self._whole(name) as path:
            self._files.put_file(str(file), path)

    def delete(self, name: str) -> None:
        """Remove an object; nothing happens when there is none."""
        with self._told("written"):
            try:
                self._files.rm_file(self._path(name))
            except FileNotFoundError:
                return

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        import fsspec

        try:
            files, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise BadInput(VARIABLE, f"{self.label!r} cannot be opened ({error})") from None
        return files, root.rstrip("/")

    @property
    def _files(self) -> Any:
        return self._opened[0]

    def _path(self, name: str) -> str:
        return f"{self._opened[1]}/{name}"

    @contextmanager
    def _whole(self, name: str) -> Iterator[str]:
        """Where to write: object stores publish whole objects, folders need a rename for it."""
        files, path = self._files, self._path(name)
        protocol = files.protocol
        if "file" not in (protocol if isinstance(protocol, tuple) else (protocol,)):
            yield path
            return
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
        temporary = f"{path}.tmp-{secrets.token_hex(4)}"
        try:
            yield temporary
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except EngramError:
            raise
        # Each kind of store has errors of its own; all of them mean the same here.
        except Exception as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise ShelfGoneError(
                f"the shared store {self.label} could not be {done} ({reason}); try again soon"
            ) from error
