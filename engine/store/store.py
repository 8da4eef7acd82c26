"""The store: runs, results and inputs below one home folder."""

from __future__ import annotations

import functools
from pathlib import Path

from engine.core.errors import BadInput
from engine.core.settings import home_folder, log_file
from engine.store.database import Database
from engine.store.hosts import Hosts
from engine.store.inputs import Inputs
from engine.store.memories import Memories
from engine.store.results import Results
from engine.store.runs import Runs


class Store:
    """What is kept between visits. Cheap to open, safe to share between threads."""

    def __init__(self, home: Path):
        self.home = home
        self.database = Database(home / "runs.sqlite")
        self.runs = Runs(self.database)
        self.hosts = Hosts(self.database)
        self.results = Results(home / "results")
        self.inputs = Inputs(home / "inputs")
        self.memories = Memories(home / "memories")

    @staticmethod
    def open(home: Path | str | None = None) -> Store:
        """The store at ``home``, else at ``ENGRAM_HOME``, else in the user's data folder."""
        return _open(home_folder() if home is None else Path(home).resolve())

    @property
    def log_file(self) -> Path:
        """Where jobs and commands write what only a maintainer wants to read."""
        return log_file(self.home)

    def close(self) -> None:
        """Close this thread's database connection (it opens again when needed)."""
        self.database.close()


@functools.lru_cache(maxsize=64)
def _open(home: Path) -> Store:
    try:
        (home / "results").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            "ENGRAM_HOME", f"{str(home)[:200]!r} cannot hold results ({error.strerror})"
        ) from None
    return Store(home)
