"""Which process runs the jobs of a store: at most one at a time, noted in the database."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import psutil

from engine.store.database import Database

STALE_SECONDS = 30.0


def machine() -> str:
    """A name for this machine: process ids mean something only together with it."""
    return socket.gethostname()


def process_started(pid: int) -> float | None:
    """When a living process of this machine started, or None.

    On Linux in seconds since boot, which a clock that is set does not change; elsewhere in Unix
    seconds.
    """
    if sys.platform.startswith("linux"):
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The name in parentheses may hold anything; the state is third, the start twenty-second.
        state, *numbers = text.rpartition(")")[2].split()
        return None if state in "ZX" else int(numbers[18]) / os.sysconf("SC_CLK_TCK")
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(
    where: str | None, pid: int | None, started: float | None, heartbeat: float | None
) -> bool:
    """Whether the process that wrote a row still works on it.

    A process id alone may have been given to a stranger since, so the start time must agree;
    on another machine only the heartbeat can tell. One from the future was written before the
    clock was set back, by a process that may be gone.
    """
    if heartbeat is None or abs(time.time() - heartbeat) > STALE_SECONDS:
        return False
    if where != machine():
        return True
    return is_same_process(pid, started)


def is_same_process(pid: int | None, started: float | None) -> bool:
    """Whether ``pid`` still is the process that began at ``started`` on this machine."""
    if pid is None or started is None:
        return False
    now = process_started(pid)
    return now is not None and abs(now - started) < 1.0


def is_stopped(pid: int) -> bool:
    """Whether a process of this machine was stopped (SIGSTOP), so that it does nothing at all."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return False


class Hosts:
    """The one-row table ``host``."""

    def __init__(self, database: Database):
        self.database = database

    def alive(self) -> bool:
        """Whether some process runs this store's jobs now."""
        row = self.database.connection().execute("SELECT * FROM host").fetchone()
        return row is not None and is_alive(
            row["machine"], row["pid"], row["pid_started"], row["heartbeat"]
        )

    def claim(self) -> bool:
        """Become the host; False when another living process is."""
        with self.database.transaction() as connection:
            if self.alive():
                return False
            connection.execute(
                "INSERT OR REPLACE INTO host VALUES (1, ?, ?, ?, ?)",
                (machine(), os.getpid(), process_started(os.getpid()), time.time()),
            )
        return True

    def beat(self) -> bool:
        """A sign of life; False when another process has taken over."""
        cursor = self.database.connection().execute(
            "UPDATE host SET heartbeat = ? WHERE machine = ? AND pid = ?",
            (time.time(), machine(), os.getpid()),
        )
        return bool(cursor.rowcount)

    def leave(self) -> None:
        """No longer be the host."""
        self.database.connection().execute(
            "DELETE FROM host WHERE machine = ? AND pid = ?", (machine(), os.getpid())
        )
