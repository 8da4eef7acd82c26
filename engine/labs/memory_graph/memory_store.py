"""The file of a memory: SQLite with write-ahead logging and versioned migrations.

What a note brings is rows, so that a note more changes what it touches and nothing else: phrases
and their pieces, facts, synonyms, and the words that BM25 counts. SQLite rather than a graph or
vector store: one file without a server that survives a crash in the middle of a note, and whose
integer columns become the sparse matrices of a walk in a fraction of a second.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.core.errors import BadInput, EngramError
from engine.core.settings import MB
from engine.io.paths import local_path

FIELD = "memory"
BUSY_SECONDS = 10
# Every row of a file up to this size is checked as it is opened, in about half a second at most; in
# a larger one damage is told when it is met.
CHECKED_BYTES = 48 * MB
# "EMGR": what tells a memory from any other SQLite file.
MOST_NOTES = 100_000_000
APPLICATION = 0x454D4752
HEADER = b"SQLite format 3\0"
MEMORY = ":memory:"
HEAD = 100
# Where a file's head says whether it is read and written with a log, and what says that it is not.
WRITES_LOG, READS_LOG, NO_LOG = 18, 19, 1
WRITTEN_BY = slice(96, 100)

# Each entry lifts user_version by one; entries are appended, never edited.
MIGRATIONS = (
    """
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        dated TEXT NOT NULL,
        source TEXT NOT NULL,
        day INTEGER CHECK (day BETWEEN 1 AND 3652059),
        words INTEGER NOT NULL CHECK (words >= 0),
        extracted INTEGER NOT NULL,
        strength INTEGER NOT NULL DEFAULT 1 CHECK (strength >= 1),
        recalled INTEGER CHECK (recalled BETWEEN 1 AND 3652059),
        gone INTEGER CHECK (gone BETWEEN 1 AND 3652059)
    ) STRICT;
    CREATE TABLE phrases (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL CHECK (size >= 1)
    ) STRICT;
    CREATE TABLE facts (
        id INTEGER PRIMARY KEY,
        subject INTEGER NOT NULL REFERENCES phrases (id),
        relation TEXT NOT NULL,
        object INTEGER NOT NULL REFERENCES phrases (id),
        UNIQUE (subject, relation, object)
    ) STRICT;
    CREATE TABLE mentions (
        passage INTEGER NOT NULL REFERENCES passages (id),
        fact INTEGER NOT NULL REFERENCES facts (id),
        count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 100000),
        PRIMARY KEY (passage, fact)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE synonyms (
        phrase INTEGER NOT NULL REFERENCES phrases (id),
        other INTEGER NOT NULL REFERENCES phrases (id),
        cosine REAL NOT NULL CHECK (cosine > 0 AND cosine < 1.000001),
        PRIMARY KEY (phrase, other)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE grams (
        gram TEXT NOT NULL,
        phrase INTEGER NOT NULL REFERENCES phrases (id),
        count INTEGER NOT NULL CHECK (count >= 1),
        PRIMARY KEY (gram, phrase)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE postings (
        term TEXT NOT NULL,
        passage INTEGER NOT NULL REFERENCES passages (id),
        count INTEGER NOT NULL CHECK (count >= 1),
        PRIMARY KEY (term, passage)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE totals (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        passages INTEGER NOT NULL,
        words INTEGER NOT NULL
    ) STRICT;
    INSERT INTO totals VALUES (1, 0, 0);
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        passage INTEGER NOT NULL REFERENCES passages (id),
        dated TEXT NOT NULL,
        step INTEGER NOT NULL,
        field TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        cause TEXT NOT NULL,
        action TEXT NOT NULL
    ) STRICT;
    CREATE INDEX history_by_passage ON history (passage);
    """,
)


class MemoryFile:
    """One memory on disk, or in this process only where ``path`` is None.

    ``data`` are the bytes of a memory's file: the memory is then a copy of it in this process. Safe
    to share between threads, which take turns, and between processes. Raises BadInput("memory") for
    what is no memory, one of a newer version or a damaged one, and EngramError where the place
    cannot be used.
    """

    def __init__(self, path: Path | str | None, *, create: bool = True, data: bytes | None = None):
        self.path = None if path is None else local_path(path, field=FIELD)
        self.lock = threading.RLock()
        if self.path is not None:
            _check_place(self.path, create)
        if data is not None:
            _check_head(data[:HEAD], len(data), "the file")
        with self.sentences():
            self._connection = self._open(data)

    def close(self) -> None:
        """Close the file; the memory cannot be used any more."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone; SQLite's errors become sentences."""
        with self.lock, self.sentences():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: takes the write lock at once, commits at the end, undoes on any error."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk rolls back by itself; then there is nothing left to roll back.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def copied(self) -> bytes:
        """The whole memory as the bytes of one file, what lies in its log included."""
        with self.reading() as connection:
            data = bytearray(connection.serialize())
        # The copy has no log, so that it must not say that it has one; nor which SQLite wrote it,
        # so that the same notes are the same bytes.
        data[READS_LOG] = data[WRITES_LOG] = NO_LOG
        data[WRITTEN_BY] = bytes(4)
        return bytes(data)

    def version(self) -> tuple[int, int]:
        """Changes when anybody changed the memory: what was read from it is then out of date."""
        with self.reading() as connection:
            return (
                connection.execute("PRAGMA data_version").fetchone()[0],
                connection.total_changes,
            )

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Every error of SQLite as one sentence that names the file."""
        name = "the memory" if self.path is None else repr(self.path.name[:80])
        try:
            yield
        except UnicodeDecodeError as error:  # SQLite quotes what it cannot read
            raise BadInput(FIELD, f"{name} is damaged: a text is not UTF-8") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            told = " ".join(str(error).split())[:120]
            if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
                raise EngramError(
                    f"the memory {name} cannot be used where it lies ({told}): its folder must be "
                    "writable"
                ) from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise EngramError(f"the memory {name} is busy: another one writes to it") from error
            if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise EngramError(f"the memory {name} cannot be written ({told})") from error
            raise BadInput(FIELD, f"{name} is damaged or no memory ({told})") from error

    def _open(self, data: bytes | None) -> sqlite3.Connection:
        # isolation_level None: transactions are opened by `writing`, never implicitly.
        connection = sqlite3.connect(
            MEMORY if self.path is None else self.path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if data is not None:
                whole = bytearray(data)
                whole[READS_LOG] = whole[WRITES_LOG] = NO_LOG
                connection.deserialize(bytes(whole))
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._migrate(connection)
            _check_schema(connection)
            if self._size(data) <= CHECKED_BYTES:
                _check_rows(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _size(self, data: bytes | None) -> int:
        """Bytes that came from elsewhere."""
        if data is not None:
            return len(data)
        return 0 if self.path is None else self.path.stat().st_size

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if _version(connection) == len(MIGRATIONS):
            return
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection)
            for step in MIGRATIONS[version:]:
                for statement in step.split(";"):
                    if statement.strip():
                        connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def note_count(connection: sqlite3.Connection) -> int:
    """How many notes there are, ghosts included."""
    row = connection.execute("SELECT passages FROM totals").fetchone()
    if row is None:
        raise BadInput(FIELD, "the file is damaged: it has lost its count of notes")
    if not 0 <= row[0] <= MOST_NOTES:
        raise BadInput(FIELD, "the file is damaged: its count of notes cannot be")
    return int(row[0])


def _check_place(path: Path, create: bool) -> None:
    """What can be told before SQLite opens, and would create or rewrite, a file."""
    try:
        if not path.exists():
            if not create:
                raise BadInput(FIELD, f"there is no memory {str(path)[:200]!r}")
            path.parent.mkdir(parents=True, exist_ok=True)
            return
        if not path.is_file():  # a pipe or a device could block for ever
            raise BadInput(FIELD, f"{str(path)[:200]!r} is not a file")
        with path.open("rb") as file:
            head = file.read(HEAD)
        size = path.stat().st_size
        wal = path.with_name(f"{path.name}-wal")
        # With a log beside it, a file may rightly be shorter than it says, or still be empty.
        if wal.exists() and wal.stat().st_size:
            return
    except OSError as error:
        raise EngramError(
            f"the memory {str(path)[:200]!r} cannot be used where it lies ({error.strerror})"
        ) from None
    if not size and create:
        return
    _check_head(head, size, repr(path.name[:80]))


def _check_head(head: bytes, size: int, name: str) -> None:
    """Refuse what is no SQLite file, and one that is shorter than it says."""
    if len(head) < HEAD or not head.startswith(HEADER):
        raise BadInput(FIELD, f"{name} is not a memory")
    page = int.from_bytes(head[16:18]) or 1
    page = 65_536 if page == 1 else page
    if size < page * int.from_bytes(head[28:32]):
        raise BadInput(FIELD, f"{name} is cut off: some of its pages are missing")


def _version(connection: sqlite3.Connection) -> int:
    """The file's version, 0 for a new one; raises BadInput for what is not ours to migrate."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION and (tables or version):
        raise BadInput(FIELD, "this SQLite file is not a memory")
    if not 0 <= version <= len(MIGRATIONS):
        raise BadInput(
            FIELD,
            f"the file has version {version}, written by a newer Engram Lab; this one reads up to "
            f"{len(MIGRATIONS)}",
        )
    return version


def _check_rows(connection: sqlite3.Connection) -> None:
    """Pages, types and bounds of all rows, as the tables declare them."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        told = " ".join(str(found[0]).split())[-100:]
        raise BadInput(FIELD, f"the file is damaged ({told})")


def _check_schema(connection: sqlite3.Connection) -> None:
    """Refuse a file with other tables, or with triggers and views, which would run as we read."""
    fresh = sqlite3.connect(MEMORY)
    try:
        for step in MIGRATIONS:
            fresh.executescript(step)
        every = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        expected, found = (c.execute(every).fetchall() for c in (fresh, connection))
    finally:
        fresh.close()
    # SQLite may keep statistics of its own in tables that begin with its name.
    if expected != [row for row in found if not row[1].startswith("sqlite_stat")]:
        raise BadInput(FIELD, "the tables of this file are not those of a memory")
