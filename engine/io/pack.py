"""Several uploads as one: a zip with the same bytes for the same files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from io import BytesIO

from engine.core.errors import BadInput
from engine.io.archive import MAX_MEMBERS

LONGEST_NAME = 200
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of the format; a real date would change the address


def pack_files(files: Iterable[tuple[str, bytes]], *, field: str = "documents") -> bytes:
    """A zip of (name, bytes), not compressed, in the order of the names.

    Names are labels: what would leave a folder is taken out of them, and a repeated one gets a
    number. Raises BadInput(field) for none or more than an archive may hold.
    """
    rows = sorted(files)
    if not 1 <= len(rows) <= MAX_MEMBERS:
        raise BadInput(field, f"bring 1 to {MAX_MEMBERS:,} files (got {len(rows):,})")
    taken: set[str] = set()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in rows:
            label = unused = _label(name)
            number = 1
            while unused.casefold() in taken:
                number += 1
                unused = f"{number}-{label}"
            taken.add(unused.casefold())
            archive.writestr(zipfile.ZipInfo(unused, _FIRST_DAY), data)
    return packed.getvalue()


def _label(name: str) -> str:
    """``name`` without drives, roots and ways up; the end of a long one, where its kind stands."""
    parts = [
        part.strip()
        for part in name.replace("\\", "/").replace(":", "_").replace("\0", "").split("/")
    ]
    kept = "/".join(part for part in parts if part not in ("", ".", ".."))
    return kept[-LONGEST_NAME:].lstrip("/") or "unnamed"
