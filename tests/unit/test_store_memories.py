"""What visitors keep: addresses nobody can guess, limits, and nothing of others' thrown out."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.core.errors import BadInput, LimitExceeded, NotFound
from engine.store import Store
from engine.store.memories import Limits, Memories


@pytest.fixture
def memories(tmp_path: Path) -> Memories:
    return Memories(tmp_path / "memories")


def test_a_kept_file_is_found_by_its_key_alone(memories: Memories) -> None:
    key, other = memories.keep(b"one", "Mine", drawn="diary"), memories.keep(b"one", "Mine")
    assert key != other and len(key) == 32
    assert memories.path(key).read_bytes() == b"one"
    assert memories.about(key) == {"label": "Mine", "drawn": "diary"}
    memories.describe(key, drawn="input:1")
    assert memories.about(key) == {"label": "Mine", "drawn": "input:1"}


@pytest.mark.parametrize(
    "key", ["", "../x", "0" * 31, "0" * 32, "G" * 32, "0" * 32 + "\n", "*" * 32]
)
def test_another_key_finds_nothing(memories: Memories, key: str) -> None:
    memories.keep(b"one", "Mine")
    for ask in (memories.path, memories.about, memories.check_room):
        with pytest.raises(NotFound):
            ask(key)


def test_a_deleted_one_leaves_nothing(memories: Memories) -> None:
    key = memories.keep(b"one", "Mine")
    memories.path(key).with_name(f"{key}.memory-wal").write_bytes(b"log")
    memories.delete(key)
    assert not list(memories.folder.iterdir())
    memories.delete(key)


def test_limits_refuse_the_new_and_keep_the_old(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_MEMORY_MB", "1")
    monkeypatch.setenv("ENGRAM_MEMORIES_MB", "2")
    first = memories.keep(b"x" * 900_000, "first")
    with pytest.raises(LimitExceeded, match=r"1 MB, this one has 1\.5 MB"):
        memories.keep(b"x" * 1_500_000, "large")
    memories.keep(b"x" * 900_000, "second")
    with pytest.raises(LimitExceeded, match="download this one"):
        memories.keep(b"x" * 900_000, "third")
    assert memories.path(first).is_file()
    with memories.path(first).open("ab") as file:
        file.write(b"x" * 200_000)
    with pytest.raises(LimitExceeded, match="one may have"):
        memories.check_room(first)


def test_what_nobody_uses_goes_after_its_days(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENGRAM_LOCAL", raising=False)
    old, used = memories.keep(b"old", "old"), memories.keep(b"used", "used")
    long_ago = time.time() - 91 * 86_400
    for key in (old, used):
        os.utime(memories.folder / f"{key}.memory", (long_ago, long_ago))
    memories.path(used)  # used today
    memories.keep(b"new", "new")
    with pytest.raises(NotFound):
        memories.path(old)
    assert memories.path(used).is_file()


def test_on_ones_own_machine_nothing_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_LOCAL", "1")
    assert Limits.read().days == 0
    monkeypatch.setenv("ENGRAM_MEMORY_DAYS", "7")
    assert Limits.read().days == 7
    monkeypatch.setenv("ENGRAM_MEMORY_DAYS", "soon")
    with pytest.raises(BadInput, match="ENGRAM_MEMORY_DAYS"):
        Limits.read()


def test_the_store_has_a_place_for_them(own_home: Path) -> None:
    assert Store.open().memories.folder == own_home / "memories"
