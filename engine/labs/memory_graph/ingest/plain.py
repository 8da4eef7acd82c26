"""Plain text, and the pages of a PDF, as documents."""

from __future__ import annotations

from pathlib import PurePosixPath

from engine.io.pdf import read_pdf
from engine.io.text import read_text
from engine.labs.memory_graph.ingest.dates import iso_date
from engine.labs.memory_graph.ingest.document import FIELD, Document, Found, clean, one_line
from engine.labs.memory_graph.ingest.split import split


def stem(name: str) -> str:
    """The name of a note: its file's, without folders and ending."""
    return one_line(PurePosixPath(name.removesuffix(".gz")).stem) or "untitled"


def lines_of(name: str, first: int, last: int) -> str:
    """Provenance: ``name``, and the lines of it that a passage came from."""
    return f"{name}, line {first}" if first == last else f"{name}, lines {first}-{last}"


def read_plain(data: bytes, name: str, found: Found) -> None:
    """A UTF-8 text (gzip too) of at most 20 MB, titled and dated by its file's name.

    Raises BadInput("documents"): what ``read_text`` refuses.
    """
    text = read_text(data, name="", field=FIELD)
    title, when = stem(name), iso_date(stem(name))
    for piece in split(clean(text)):
        source = lines_of(name, piece.first, piece.last)
        found.add(Document(title, piece.text, when, source))


def read_paper(data: bytes, name: str, found: Found) -> None:
    """The text of a PDF, page by page; raises BadInput("documents"): what ``read_pdf`` refuses."""
    title, when = stem(name), iso_date(stem(name))
    for number, text in read_pdf(data, field=FIELD):
        for piece in split(clean(text)):
            found.add(Document(title, piece.text, when, f"{name}, page {number}"))
