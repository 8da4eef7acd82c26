"""The door for PDF files: their text, page by page, through pypdf."""

from __future__ import annotations

import logging
import time
from io import BytesIO
from typing import Any

from engine.core.errors import BadInput
from engine.core.settings import MB

MAX_BYTES = 64 * MB
MAX_PAGES = 2_000
MAX_CHARACTERS = 5_000_000
# What a page draws, unpacked; a page of dense print has some 50 kB.
MAX_PAGE_BYTES = 4 * MB
# Judged at every step of drawing: a file made to be slow stops here, a page takes milliseconds.
MAX_SECONDS = 120


def read_pdf(
    data: bytes,
    *,
    field: str = "pdf",
    max_pages: int = MAX_PAGES,
    max_characters: int = MAX_CHARACTERS,
) -> list[tuple[int, str]]:
    """(page from 1, text) of every page that has text; line ends as ``\\n``.

    Raises BadInput(field): over 64 MB, 2000 pages, 5 million characters or 120 seconds, encrypted,
    broken, or without any text (pictures of pages).
    """
    if len(data) > MAX_BYTES:
        raise BadInput(
            field, f"at most {MAX_BYTES / MB:g} MB are read, it has {len(data) / MB:.3g} MB"
        )
    # Writers may put up to a kilobyte before the header (PDF 1.7, annex H, note 13).
    if b"%PDF-" not in data[:1024]:
        raise BadInput(field, "this is no PDF file")
    try:
        return _pages(data, field, max_pages, max_characters)
    except BadInput:
        raise
    # pypdf meets damage with whatever its parser trips over (KeyError, TypeError, zlib.error...).
    except Exception:
        raise BadInput(field, "the PDF file is damaged or was cut off") from None


def _pages(data: bytes, field: str, max_pages: int, max_characters: int) -> list[tuple[int, str]]:
    # Only who reads a PDF pays for the import.
    from pypdf import PdfReader

    # It tells the log of every oddity that it mends; a hostile file would fill a disk with that.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    started = time.monotonic()

    def in_time(*_: Any) -> None:
        if time.monotonic() - started > MAX_SECONDS:
            raise BadInput(field, f"reading it takes more than {MAX_SECONDS} seconds")

    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted:
        raise BadInput(field, "the PDF file is encrypted; save it without a password")
    count = len(reader.pages)
    if count > max_pages:
        raise BadInput(field, f"it has {count:,} pages; at most {max_pages:,} are read")
    found: list[tuple[int, str]] = []
    characters = 0
    for number, page in enumerate(reader.pages, start=1):
        contents = page.get_contents()
        if contents is not None and len(contents.get_data()) > MAX_PAGE_BYTES:
            raise BadInput(
                field, f"page {number} unpacks to more than {MAX_PAGE_BYTES / MB:g} MB of drawing"
            )
        in_time()
        text = page.extract_text(visitor_operand_before=in_time)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        characters += len(text)
        if characters > max_characters:
            raise BadInput(field, f"it has more than {max_characters:,} characters of text")
        if text.strip():
            found.append((number, text))
    if not found:
        raise BadInput(
            field, "the PDF file has no text, only pictures; run text recognition (OCR) on it first"
        )
    return found
