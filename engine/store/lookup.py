"""Finding a result without computing it: shipped with the project first, then the store."""

from __future__ import annotations

import functools
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.core.assets import ASSETS
from engine.core.config import Config
from engine.core.registry import Experiment, Lab
from engine.core.result import Result
from engine.store.folder import (
    Corrupted,
    load_folder,
    read_manifest,
    save_folder,
    shrink_manifest,
)
from engine.store.store import Store

log = logging.getLogger(__name__)


def shipped_folder() -> Path:
    """``ENGRAM_SHIPPED``, else ``results`` among the shipped assets."""
    chosen = os.environ.get("ENGRAM_SHIPPED", "").strip()
    return Path(chosen) if chosen else ASSETS / "results"


def lookup(
    lab: Lab, experiment: Experiment, config: Config, store: Store | None = None
) -> Result | None:
    """The result of ``config`` if it ships with the project or lies in the store, else None."""
    digest = experiment.digest(lab.name, config)
    shipped = load_shipped(lab.name, digest)
    if shipped is not None:
        return shipped
    return (store or Store.open()).results.load(digest)


def load_shipped(lab_name: str, digest: str) -> Result | None:
    """A result that ships with the project, or None; the ones used last stay in memory."""
    folder = shipped_folder() / lab_name / digest
    try:
        return _load(folder)
    except FileNotFoundError:
        return None
    except Corrupted as error:
        log.error("shipped result %s: %s", digest, error)
        return None


def shipped_manifest(lab_name: str, digest: str) -> dict[str, Any] | None:
    """Where a shipped result came from, or None."""
    try:
        return read_manifest(shipped_folder() / lab_name / digest)
    except (FileNotFoundError, Corrupted):
        return None


def save_shipped(
    lab: Lab, experiment: Experiment, config: Config, result: Result, manifest: Mapping[str, Any]
) -> Path:
    """Write a result where results that ship with the project lie; replaces an older one."""
    digest = experiment.digest(lab.name, config)
    folder = shipped_folder() / lab.name / digest
    temporary = folder.with_name(f"tmp-{digest}")
    shutil.rmtree(temporary, ignore_errors=True)
    save_folder(temporary, result, {**manifest, "digest": digest}, packed=True)
    shrink_manifest(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
    _load.cache_clear()
    return folder


@functools.lru_cache(maxsize=16)
def _load(folder: Path) -> Result:
    return load_folder(folder)[0]
