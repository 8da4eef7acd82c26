"""One piece of text with where it comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Document:
    """A text of one domain; two documents with equal text have equal keys."""

    domain: str
    source: str
    text: str

    @cached_property
    def key(self) -> str:
        """sha256 of the text: decides the held-out split and finds repeats."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()

    @cached_property
    def size(self) -> int:
        """Bytes in UTF-8."""
        return len(self.text.encode())
