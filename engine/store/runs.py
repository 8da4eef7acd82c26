"""Runs as rows: what was asked for, by whom, how far it is and how it ended."""

from __future__ import annotations

import json
import math
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine.core.errors import EngramError, LimitExceeded, NotFound
from engine.store.database import Database

State = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
LIVE = ("queued", "running")
WAITS = "waits: "


@dataclass(frozen=True)
class RunRow:
    """One run as it is in the database now.

    Times are Unix seconds; ``pid_started`` is as ``hosts.process_started`` tells it.
    """

    id: str
    lab: str
    experiment: str
    version: int
    digest: str
    config: dict[str, Any]
    state: State
    done: float
    total: float
    created: float
    started: float | None
    ended: float | None
    error: str | None
    visitor: str
    tag: str
    priority: int
    attempts: int
    cancel_asked: float | None
    pid: int | None
    pid_started: float | None
    machine: str | None
    heartbeat: float | None

    @property
    def live(self) -> bool:
        """Queued or running."""
        return self.state in LIVE


@dataclass(frozen=True)
class Request:
    """What a visitor asks for: everything a row needs before it runs."""

    lab: str
    experiment: str
    version: int
    digest: str
    config: str
    visitor: str = "local"
    priority: int = 0


class Runs:
    """The tables runs, metrics and events of a store."""

    def __init__(self, database: Database):
        self.database = database

    # Reading

    def get(self, run_id: str) -> RunRow:
        """The run with this id; raises NotFound."""
        row = self._one("SELECT * FROM runs WHERE id = ?", run_id)
        if row is None:
            raise NotFound(f"there is no run {run_id[:40]!r}")
        return row

    def find(self, digest: str) -> RunRow | None:
        """The live run of ``digest``, else its newest one, else None."""
        return self._one(
            "SELECT * FROM runs WHERE digest = ?"
            " ORDER BY state IN ('queued', 'running') DESC, created DESC LIMIT 1",
            digest,
        )

    def list(self, limit: int = 50, offset: int = 0) -> Sequence[RunRow]:
        """Runs, newest first."""
        return self._all(
            "SELECT * FROM runs ORDER BY created DESC, id LIMIT ? OFFSET ?", limit, offset
        )

    def live(self) -> Sequence[RunRow]:
        """Running and queued runs in the order in which they are taken."""
        return self._all(
            "SELECT * FROM runs WHERE state IN ('queued', 'running')"
            " ORDER BY state = 'running' DESC, priority DESC, created, id"
        )

    def count(self) -> int:
        """How many runs there are."""
        return self._execute("SELECT count(*) FROM runs").fetchone()[0]

    def ahead(self, run_id: str) -> int:
        """How many queued runs will be taken before this one (0 for one that is not queued)."""
        queue = [row.id for row in self.live() if row.state == "queued"]
        return queue.index(run_id) if run_id in queue else 0

    def points(
        self, run_id: str, after: float = float("-inf")
    ) -> Sequence[tuple[str, float, float | None]]:
        """Live metrics beyond step ``after`` as (name, step, value); None is not a number."""
        rows = self._execute(
            "SELECT name, step, value FROM metrics WHERE run = ? AND step > ?"
            " ORDER BY name, step",
            run_id, after,
        )  # fmt: skip
        return [(name, step, value) for name, step, value in rows]

    def metrics(self, run_id: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Live metrics by name: (steps, values), both float64 of one length, steps rising."""
        series: dict[str, tuple[list[float], list[float]]] = {}
        for name, step, value in self.points(run_id):
            steps, values = series.setdefault(name, ([], []))
            steps.append(step)
            values.append(float("nan") if value is None else value)
        return {
            name: (np.array(steps), np.array(values)) for name, (steps, values) in series.items()
        }

    def events(self, run_id: str) -> Sequence[tuple[float, str]]:
        """What happened to a run: (Unix seconds, sentence), oldest first."""
        rows = self._execute("SELECT at, text FROM events WHERE run = ? ORDER BY rowid", run_id)
        return [(at, text) for at, text in rows]

    def reason(self, run_id: str) -> str:
        """Why a queued run waits, beyond the runs ahead of it; "" where nothing was told."""
        row = self._execute(
            "SELECT text FROM events WHERE run = ? ORDER BY rowid DESC LIMIT 1", run_id
        ).fetchone()
        return row[0].removeprefix(WAITS) if row and row[0].startswith(WAITS) else ""

    # Asking

    def submit(
        self,
        request: Request,
        *,
        has_result: Callable[[str], bool],
        visitor_limit: int,
        queue_limit: int,
        since: float = math.inf,
    ) -> str:
        """The run that will give, gives or gave this digest: an old one where there is one.

        One transaction, so that two visitors who ask at once share one run. A finished run counts
        only while ``has_result(digest)``, or where it ended after ``since`` (Unix seconds): what
        ``has_result`` tells may be as old as that. Raises LimitExceeded when the visitor or
        everybody together has too many runs waiting.
        """
        with self.database.transaction() as connection:
            row = connection.execute(
                "SELECT id, state, ended FROM runs WHERE digest = ?"
                " AND state IN ('queued', 'running', 'done')"
                " ORDER BY state IN ('queued', 'running') DESC, created DESC LIMIT 1",
                (request.digest,),
            ).fetchone()
            stored = has_result(request.digest)
            if row is not None and (row["state"] in LIVE or stored or row["ended"] >= since):
                return row["id"]
            if not stored:
                self._check_limits(connection, request.visitor, visitor_limit, queue_limit)
            return self._insert(connection, request, "done" if stored else "queued")

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop: a queued one stops at once, a running one when it next looks."""
        now = time.time()
        with self.database.transaction() as connection:
            row = connection.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise NotFound(f"there is no run {run_id[:40]!r}")
            if row["state"] == "queued":
                connection.execute(
                    "UPDATE runs SET state = 'cancelled', ended = ? WHERE id = ?", (now, run_id)
                )
                self._event(connection, run_id, "cancelled while it waited")
            elif row["state"] == "running":
                connection.execute(
                    "UPDATE runs SET cancel_asked = coalesce(cancel_asked, ?) WHERE id = ?",
                    (now, run_id),
                )

    def tag(self, run_id: str, tag: str) -> None:
        """Give a run a name of the visitor's choice (at most 80 characters)."""
        self._execute("UPDATE runs SET tag = ? WHERE id = ?", tag.strip()[:80], run_id)

    def delete(self, run_id: str) -> None:
        """Forget a finished run, not its result; raises EngramError for a live one."""
        with self.database.transaction() as connection:
            row = connection.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is not None and row["state"] in LIVE:
                raise EngramError("a run that waits or runs cannot be deleted; cancel it first")
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    # Running (called by the host and by the job)

    def take(self, at_most: int) -> RunRow | None:
        """Mark the next queued run as running and return it; None when nothing may start."""
        with self.database.transaction() as connection:
            running = connection.execute(
                "SELECT count(*) FROM runs WHERE state = 'running'"
            ).fetchone()[0]
            if running >= at_most:
                return None
            now = time.time()
            row = connection.execute(
                "UPDATE runs SET state = 'running', started = ?, heartbeat = ?, pid = NULL,"
                " attempts = attempts + 1, done = 0, total = 0, cancel_asked = NULL"
                " WHERE id = (SELECT id FROM runs WHERE state = 'queued'"
                "             ORDER BY priority DESC, created, id LIMIT 1) RETURNING *",
                (now, now),
            ).fetchall()
            if not row:
                return None
            connection.execute("DELETE FROM metrics WHERE run = ?", (row[0]["id"],))
            self._event(connection, row[0]["id"], f"attempt {row[0]['attempts']} starts")
            return _row(row[0])

    def hold(self, reason: str) -> None:
        """Tell all queued runs why none is taken now; the same reason is not told twice."""
        text = f"{WAITS}{reason}"
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO events SELECT id, ?, ? FROM runs WHERE state = 'queued' AND ? !="
                " (SELECT text FROM events WHERE run = runs.id ORDER BY rowid DESC LIMIT 1)",
                (time.time(), text, text),
            )

    def own(
        self,
        run_id: str,
        attempt: int,
        machine: str,
        pid: int | None = None,
        pid_started: float | None = None,
    ) -> None:
        """Note where a run is computed, and by which process where that is known."""
        self._execute(
            "UPDATE runs SET machine = ?, pid = ?, pid_started = ?"
            " WHERE id = ? AND attempts = ? AND state = 'running'",
            machine, pid, pid_started, run_id, attempt,
        )  # fmt: skip

    def beat(
        self,
        run_id: str,
        attempt: int,
        done: float,
        total: float,
        metrics: Sequence[tuple[str, float, float | None]],
    ) -> tuple[bool, bool]:
        """A sign of life with progress and (name, step, value) rows.

        Returns (whether this attempt still owns the run, whether it should stop).
        """
        with self.database.transaction() as connection:
            row = connection.execute(
                "UPDATE runs SET heartbeat = ?, done = ?, total = ?"
                " WHERE id = ? AND attempts = ? AND state = 'running' RETURNING cancel_asked",
                (time.time(), done, total, run_id, attempt),
            ).fetchall()
            if not row:
                return False, True
            connection.executemany(
                "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)",
                [(run_id, *entry) for entry in metrics],
            )
            return True, row[0]["cancel_asked"] is not None

    def end(
        self, run_id: str, attempt: int, state: State, error: str | None = None, event: str = ""
    ) -> bool:
        """Close an attempt; False when it no longer owned the run."""
        with self.database.transaction() as connection:
            cursor = connection.execute(
                "UPDATE runs SET state = ?, ended = ?, error = ?, pid = NULL"
                " WHERE id = ? AND attempts = ? AND state = 'running'",
                (state, time.time(), error, run_id, attempt),
            )
            if cursor.rowcount:
                self._event(connection, run_id, event or error or state)
            return bool(cursor.rowcount)

    def requeue(self, run_id: str, attempt: int, event: str, *, counts: bool = True) -> bool:
        """Put a running attempt back into the queue; ``counts=False`` gives its attempt back."""
        with self.database.transaction() as connection:
            cursor = connection.execute(
                "UPDATE runs SET pid = NULL, started = NULL, done = 0,"
                " state = CASE WHEN cancel_asked IS NULL THEN 'queued' ELSE 'cancelled' END,"
                " attempts = attempts - ? WHERE id = ? AND attempts = ? AND state = 'running'",
                (0 if counts else 1, run_id, attempt),
            )
            if cursor.rowcount:
                self._event(connection, run_id, event)
            return bool(cursor.rowcount)

    def again(self, run_id: str, attempt: int, event: str) -> bool:
        """Count a further attempt of a run that somebody else has begun anew already."""
        with self.database.transaction() as connection:
            cursor = connection.execute(
                "UPDATE runs SET attempts = attempts + 1, done = 0, total = 0, heartbeat = ?"
                " WHERE id = ? AND attempts = ? AND state = 'running'",
                (time.time(), run_id, attempt),
            )
            if cursor.rowcount:
                connection.execute("DELETE FROM metrics WHERE run = ?", (run_id,))
                self._event(connection, run_id, event)
            return bool(cursor.rowcount)

    # Internals

    def _check_limits(
        self, connection: sqlite3.Connection, visitor: str, visitor_limit: int, queue_limit: int
    ) -> None:
        mine, queued = connection.execute(
            "SELECT coalesce(sum(visitor = ?), 0), coalesce(sum(state = 'queued'), 0)"
            " FROM runs WHERE state IN ('queued', 'running')",
            (visitor,),
        ).fetchone()
        if mine >= visitor_limit:
            raise LimitExceeded(
                f"you already have {mine} runs waiting or running (at most {visitor_limit}); "
                "let one finish or cancel one"
            )
        if queued >= queue_limit:
            raise LimitExceeded(
                f"{queued} runs are waiting already (at most {queue_limit}); try again soon"
            )

    def _insert(self, connection: sqlite3.Connection, request: Request, state: State) -> str:
        run_id, now = secrets.token_hex(6), time.time()
        finished = now if state == "done" else None
        connection.execute(
            "INSERT INTO runs (id, lab, experiment, version, digest, config, state, priority,"
            " done, total, created, started, ended, visitor)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id, request.lab, request.experiment, request.version, request.digest,
                request.config, state, request.priority, int(state == "done"),
                int(state == "done"), now, finished, finished, request.visitor[:80],
            ),
        )  # fmt: skip
        text = "found in the store" if state == "done" else "queued"
        self._event(connection, run_id, text)
        return run_id

    @staticmethod
    def _event(connection: sqlite3.Connection, run_id: str, text: str) -> None:
        connection.execute("INSERT INTO events VALUES (?, ?, ?)", (run_id, time.time(), text))

    def _execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self.database.connection().execute(sql, values)

    def _one(self, sql: str, *values: Any) -> RunRow | None:
        row = self._execute(sql, *values).fetchone()
        return None if row is None else _row(row)

    def _all(self, sql: str, *values: Any) -> Sequence[RunRow]:
        return [_row(row) for row in self._execute(sql, *values).fetchall()]


def _row(row: Mapping[str, Any] | sqlite3.Row) -> RunRow:
    values = dict(row)
    values["config"] = json.loads(values["config"])
    return RunRow(**values)
