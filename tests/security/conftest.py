"""A store and runners of their own for tests of faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runtime.limits import Limits
from engine.runtime.local import LocalRunner
from engine.store import Store
from tests.security.small_runs import LIMITS, REFERENCE, Build


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs start without torch."""
    monkeypatch.setenv("ENGRAM_PRELOAD", "")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "home")


@pytest.fixture
def build(store: Store) -> Iterator[Build]:
    built: list[LocalRunner] = []

    def one(limits: Limits = LIMITS) -> LocalRunner:
        built.append(LocalRunner(store, labs=[REFERENCE], limits=limits))
        built[-1].start()
        return built[-1]

    yield one
    for runner in built:
        runner.stop()
