"""The store: runs, results and inputs below one home folder."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from engine.core.errors import BadInput
from engine.core.settings import home_folder, log_file
from engine.store.checkpoints import Checkpoints
from engine.store.database import Database
from engine.store.hosts import Hosts
from engine.store.inputs import Inputs
from engine.store.memories import Memories
from engine.store.reports import Reports
from engine.store.results import Results
from engine.store.runs import Runs
from engine.store.shelf import VARIABLE, Shelf


class Store:
    """What is kept between visits. Cheap to open, safe to share between threads.

    ``url`` names a place that other machines see, too. Results, inputs and checkpoints are then
    kept there, with ``home`` as their cache; runs and kept memories belong to ``home`` alone.
    """

    def __init__(self, home: Path, url: str = ""):
        self.home = home
        self.shelf = Shelf(url) if url else None
        self.database = Database(home / "runs.sqlite")
        self.runs = Runs(self.database)
        self.hosts = Hosts(self.database)
        self.results = Results(home / "results", self.shelf)
        self.inputs = Inputs(home / "inputs", self.shelf)
        self.checkpoints = Checkpoints(home / "checkpoints", self.shelf)
        self.memories = Memories(home / "memories")
        self.reports = Reports(home / "reports")

    @staticmethod
    def open(home: Path | str | None = None, url: str | None = None) -> Store:
        """The store at ``home``, else at ``ENGRAM_HOME``, else in the user's data folder.

        ``url`` is ``ENGRAM_STORE_URL`` unless it is given.
        """
        shared = os.environ.get(VARIABLE, "").strip() if url is None else url
        return _open(home_folder() if home is None else Path(home).resolve(), shared)

    @property
    def log_file(self) -> Path:
        """Where jobs and commands write what only a maintainer wants to read."""
        return log_file(self.home)

    def close(self) -> None:
        """Close this thread's database connection (it opens again when needed)."""
        self.database.close()


@functools.lru_cache(maxsize=64)
def _open(home: Path, url: str) -> Store:
    try:
        (home / "results").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            "ENGRAM_HOME", f"{str(home)[:200]!r} cannot hold results ({error.strerror})"
        ) from None
    return Store(home, url)
