"""The SQLite file of runs: one connection per thread, versioned migrations, short transactions."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.core.errors import EngramError

BUSY_SECONDS = 10
LASTING = (
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)

# Each entry lifts user_version by one; entries are appended, never edited.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        lab TEXT NOT NULL,
        experiment TEXT NOT NULL,
        version INTEGER NOT NULL,
        digest TEXT NOT NULL,
        config TEXT NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'lost')),
        priority INTEGER NOT NULL DEFAULT 0,
        done REAL NOT NULL DEFAULT 0,
        total REAL NOT NULL DEFAULT 0,
        created REAL NOT NULL,
        started REAL,
        ended REAL,
        error TEXT,
        visitor TEXT NOT NULL,
        tag TEXT NOT NULL DEFAULT '',
        attempts INTEGER NOT NULL DEFAULT 0,
        cancel_asked REAL,
        machine TEXT,
        pid INTEGER,
        pid_started REAL,
        heartbeat REAL
    );
    CREATE UNIQUE INDEX one_live_run_per_digest ON runs (digest)
        WHERE state IN ('queued', 'running');
    CREATE INDEX runs_by_state ON runs (state, priority DESC, created);
    CREATE INDEX runs_by_age ON runs (created DESC);
    CREATE INDEX runs_by_digest ON runs (digest, created DESC);
    CREATE TABLE metrics (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        step REAL NOT NULL,
        value REAL,
        PRIMARY KEY (run, name, step)
    ) WITHOUT ROWID;
    CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        text TEXT NOT NULL
    );
    CREATE INDEX events_by_run ON events (run, at);
    CREATE TABLE host (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        machine TEXT NOT NULL,
        pid INTEGER NOT NULL,
        pid_started REAL NOT NULL,
        heartbeat REAL NOT NULL
    );
    """,
)


class Database:
    """A SQLite file that many threads and processes share."""

    def __init__(self, path: Path):
        self.path = path
        self._local = threading.local()
        self._ready = False

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened when first asked for."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            try:
                connection = self._open()
            except sqlite3.DatabaseError as error:
                # The code's low byte is the kind; a busy or full disk passes and stays what it is.
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in LASTING:
                    raise
                raise EngramError(
                    f"the list of runs in {self.path} cannot be used ({error}): make the folder "
                    "writable, or move a damaged file away to begin a new list; results are kept"
                ) from error
            self._local.connection = connection
        return connection

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # isolation_level None: transactions are opened by `transaction`, never implicitly.
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            if not self._ready:
                self._migrate(connection)
                self._ready = True
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Close this thread's connection; it opens again when needed.

        A process must do so before it forks: an open connection does not survive a fork.
        """
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Take the write lock at once, commit at the end, roll back on any error."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            # A full disk rolls back by itself; then there is nothing left to roll back.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == len(MIGRATIONS):
            return
        _use_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = self._version(connection)
            if version > len(MIGRATIONS):
                raise EngramError(
                    f"the run database has version {version}, written by a newer Engram Lab; "
                    f"this one reads up to {len(MIGRATIONS)}"
                )
            for step in MIGRATIONS[version:]:
                for statement in step.split(";"):
                    if statement.strip():
                        connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite does not wait here when two processes begin at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.02)
