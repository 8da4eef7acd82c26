"""The way in: a file, an upload, a folder or a zip of mixed files as documents."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.archive import MAX_PACKED, is_zip, read_zip
from engine.io.paths import local_path, read_file
from engine.labs.memory_graph.ingest.chat import read_chat
from engine.labs.memory_graph.ingest.document import FIELD, Document, Documents, Found, one_line
from engine.labs.memory_graph.ingest.graphml import read_graphml
from engine.labs.memory_graph.ingest.markdown import read_markdown
from engine.labs.memory_graph.ingest.plain import read_paper, read_plain

Reader = Callable[[bytes, str, Found], None]
MOST_FILES = 20_000
DEEPEST = 40
MOST_BYTES = 512 * MB
READERS: dict[str, Reader] = {
    **dict.fromkeys((".md", ".markdown", ".mdown"), read_markdown),
    **dict.fromkeys((".txt", ".text", ".rst", ".org", ".html", ".htm", ".log"), read_plain),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), read_chat),
    ".graphml": read_graphml,
    ".pdf": read_paper,
}


def read_documents(
    data_or_path: bytes | str | Path,
    name: str = "",
    *,
    keep_rest: bool = False,
    today: date | None = None,
) -> Documents:
    """Everything that a file, an upload or a local folder says, in passages with provenance.

    ``data_or_path`` is an upload's bytes or a local path (a text is a path); ``name`` is what
    provenance calls it, and its ending tells the kind. A folder and a zip are read file by file, in
    order of their names: a file that cannot be read is skipped with its reason. ``keep_rest`` also
    keeps the rest of a JSON file with malformed lines. A text that is there already is dropped and
    counted. Links lead to titles. ``today`` (UTC) is what a date in the future is judged by; such
    dates are kept and told. Raises BadInput("documents"): a single file's fault, or nothing left.
    """
    found = Found(keep_rest)
    if isinstance(data_or_path, bytes):
        name = _label(name or "upload")
        if is_zip(data_or_path):
            _read_zip(data_or_path, name, found)
        else:
            _read_file(data_or_path, name, found)
    else:
        path = local_path(data_or_path, field=FIELD)
        if path.is_dir():
            _read_folder(path, found)
        elif path.is_file():
            _read_path(path, _label(name or path.name), found)
        else:
            raise BadInput(FIELD, f"{str(data_or_path)[:200]!r} is neither a file nor a folder")
    if not found.documents:
        why = f"; {found.skipped[0]}" if found.skipped else ""
        raise BadInput(FIELD, f"nothing here can be read{why}")
    kept = _resolved(_distinct(found.documents))
    _tell_future(kept, found, today or datetime.now(UTC).date())
    return Documents(
        tuple(kept),
        tuple(found.skipped),
        found.skipped_count,
        len(found.documents) - len(kept),
        tuple(found.notices),
    )


def _read_path(path: Path, name: str, found: Found) -> None:
    data = read_file(path, field=FIELD, limit=MAX_PACKED)
    if is_zip(data):
        _read_zip(data, name, found)
    else:
        _read_file(data, name, found)


def _read_file(data: bytes, name: str, found: Found) -> None:
    if not data.strip():
        raise BadInput(FIELD, "the file is empty")
    (_reader(name) or _guess(data))(data, name, found)


def _read_zip(data: bytes, name: str, found: Found) -> None:
    unread: list[str] = []

    def wanted(member: str) -> bool:
        if _hidden(member):
            return False
        if _reader(member) is None or member.lower().endswith(".gz"):
            unread.append(member)
            return False
        return True

    for member, content in read_zip(data, field=FIELD, wanted=wanted):
        _try(partial(_read_file, content), f"{name}/{member}", found)
    for member in unread:
        found.skip(_label(f"{name}/{member}"), _no_reader(member))


def _read_folder(folder: Path, found: Found) -> None:
    total = 0
    for number, path in enumerate(_files(folder, found)):
        name = path.relative_to(folder).as_posix()
        if number >= MOST_FILES:
            raise BadInput(FIELD, f"the folder holds more than {MOST_FILES:,} files")
        try:
            state = path.lstat()
        except OSError as error:
            found.skip(_label(name), f"it cannot be read ({error.strerror})")
            continue
        if not stat.S_ISREG(state.st_mode):
            found.skip(_label(name), "a link or a device is not followed")
        elif _reader(name) is None and path.suffix.lower() != ".zip":
            found.skip(_label(name), _no_reader(name))
        else:
            total += state.st_size
            if total > MOST_BYTES:
                raise BadInput(FIELD, f"at most {MOST_BYTES / MB:g} MB of a folder are read")
            _try(partial(_read_path, path), name, found)


def _files(folder: Path, found: Found) -> Iterator[Path]:
    """What lies below ``folder``, by name; hidden ones (.obsidian, .git) are no documents."""

    def untold(error: OSError) -> None:
        found.skip(_label(Path(error.filename).name), f"it cannot be read ({error.strerror})")

    for place, folders, files in os.walk(folder, onerror=untold):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted([*files, *links]):
            if not name.startswith("."):
                yield Path(place, name)
        if len(Path(place).relative_to(folder).parts) >= DEEPEST and folders:
            found.skip(_label(Path(place).name), f"folders below {DEEPEST} others are not read")
            folders.clear()


def _try(read: Callable[[str, Found], None], name: str, found: Found) -> None:
    """One file of many: what was read of it counts only if all of it can be."""
    label = _label(name)
    own = Found(found.keep_rest)
    try:
        read(label, own)
    except BadInput as error:
        found.skip(label, error.reason)
    else:
        found.merge(own)


def _reader(name: str) -> Reader | None:
    """Who reads a file of this name; gzip of texts is unpacked on the way."""
    return READERS.get(PurePosixPath(name.lower().removesuffix(".gz")).suffix)


def _guess(data: bytes) -> Reader:
    """Who reads bytes whose name says nothing."""
    start = _opening(data).lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in start[:1024]:
        return read_paper
    if start.startswith((b"{", b'[{"', b"[\n")):
        return read_chat
    return read_graphml if b"<graphml" in start else read_plain


def _opening(data: bytes) -> bytes:
    """The first 2 000 bytes, unpacked where they are gzip."""
    if not data.startswith(b"\x1f\x8b"):
        return data[:2000]
    try:
        return zlib.decompressobj(31).decompress(data, 2000)
    except zlib.error:
        return b""  # whoever reads it says what is wrong


def _no_reader(name: str) -> str:
    kind = PurePosixPath(name).suffix[:20] or "no ending"
    if kind.lower() in (".zip", ".gz"):
        return "an archive inside an archive is not opened"
    return f"files with {kind} are not read" if kind == "no ending" else f"{kind} is not read"


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _label(name: str) -> str:
    """A file's name as provenance shows it: never used to open anything."""
    return one_line(name.replace("\\", "/"), 200) or "unnamed"


def _distinct(documents: list[Document]) -> list[Document]:
    """The first of equal texts. People say "yes" twice: turns are equal with speaker and day."""
    seen: set[bytes] = set()
    kept = []
    for document in documents:
        spoken = (document.title, document.when, document.scope) if document.spoken else ()
        words = " ".join(document.text.split())
        key = hashlib.sha256(repr((words, spoken)).encode()).digest()
        if key not in seen:
            seen.add(key)
            kept.append(document)
    return kept


def _resolved(documents: list[Document]) -> list[Document]:
    """Links lead to titles: a note's other names, its file's first of all, become its title."""
    titles = {document.title.casefold(): document.title for document in reversed(documents)}
    for document in documents:
        for name in document.aliases:
            titles.setdefault(name.casefold(), document.title)

    def title_of(link: str) -> str:
        return titles.get(link.casefold(), link)

    return [
        replace(document, links=tuple(dict.fromkeys(map(title_of, document.links))))
        for document in documents
    ]


def _tell_future(documents: list[Document], found: Found, today: date) -> None:
    late = [document for document in documents if (document.when or "") > today.isoformat()]
    if late:
        first = late[0]
        count = f"{len(late)} passages have dates" if len(late) > 1 else "one passage has a date"
        found.notices.insert(0, f"{count} in the future (first {first.when} in {first.source})")
