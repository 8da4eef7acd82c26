"""One log file per home, for maintainers: tracebacks go there and nowhere else."""

from __future__ import annotations

import logging
from pathlib import Path

LOG_BYTES = 5_000_000


def log_to(path: Path) -> None:
    """Send the engine's log records of this process to ``path`` (appended, never rotated here)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    )
    logger = logging.getLogger("engine")
    for old in logger.handlers[:]:
        if isinstance(old, logging.FileHandler):
            logger.removeHandler(old)
            old.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def rotate(path: Path) -> None:
    """Keep one older log; called where no other process is likely to write."""
    for file in (path, path.with_name("jobs.out")):
        if file.exists() and file.stat().st_size > LOG_BYTES:
            file.replace(file.with_name(f"{file.name}.1"))
