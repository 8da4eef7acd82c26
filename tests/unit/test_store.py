"""Results, inputs and runs are kept, checked and forgotten as promised."""

from __future__ import annotations

import json
import lzma
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, EngramError, Field, LimitExceeded, NotFound, Result
from engine.store import Store, lookup, save_shipped, shipped_manifest
from engine.store.database import MIGRATIONS, Database
from engine.store.folder import (
    MANIFEST,
    PACKED,
    SMALL_MANIFEST,
    TENSORS,
    Corrupted,
    load_folder,
    read_manifest,
    save_folder,
    shrink_manifest,
)
from engine.store.runs import Request
from tests.conformance.runner_lab import LAB, Steps

A, B, C = "a" * 16, "b" * 16, "c" * 16


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "home")


def small(value: float = 1.0) -> Result:
    return Result(
        {"x": Field(np.full((2, 3), value, np.float32), ("row", "column"), "V")}, {"m": 1}
    )


def request(digest: str = A, **changes: object) -> Request:
    return Request("lab", "experiment", 1, digest, '{"a":1}', **changes)  # type: ignore[arg-type]


def submit(store: Store, digest: str = A, visitor_limit: int = 9, queue_limit: int = 9) -> str:
    return store.runs.submit(
        request(digest),
        has_result=store.results.has,
        visitor_limit=visitor_limit,
        queue_limit=queue_limit,
    )


def test_a_result_comes_back_as_it_was(store: Store) -> None:
    result = Result(
        {
            "half": Field(np.array([[0.5, -1], [65504, np.nan]], np.float16), ("a", "b"), "pJ"),
            "mask": Field(np.array([True, False]), ("n",)),
            "count": Field(np.arange(6, dtype=np.int64)[::2], ("n",)),
            "swapped": Field(np.array([1.5, 2.5], dtype=">f4"), ("n",)),
            "scalar": Field(np.array(3.25), ()),
            "empty": Field(np.zeros((0, 4), np.uint8), ("n", "c")),
            "transposed": Field(np.arange(6.0).reshape(2, 3).T, ("c", "r")),
        },
        {"loss": float("nan"), "best": np.float32(0.5), "name": "x", "none": None, "yes": True},
        {"tokens": ["a", "é\n", "<b>"], "table": np.arange(2)},
    )
    store.results.save(A, result, {"lab": "lab", "seed": 3})
    loaded = store.results.load(A)
    assert loaded is not None and list(loaded.fields) == list(result.fields)
    for name, field in result.fields.items():
        assert loaded[name].axes == field.axes and loaded[name].unit == field.unit
        assert loaded.array(name).dtype == field.array.dtype.newbyteorder("=")
        assert loaded.array(name).shape == field.array.shape
        np.testing.assert_array_equal(loaded.array(name), field.array)
        assert not loaded.array(name).flags.writeable
    assert np.isnan(loaded.metrics["loss"]) and loaded.metrics["best"] == 0.5
    assert loaded.notes == {"tokens": ["a", "é\n", "<b>"], "table": [0, 1]}
    manifest = store.results.manifest(A)
    assert manifest is not None and (manifest["seed"], manifest["digest"]) == (3, A)


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.results.load(A) is None and store.results.manifest(A) is None
    store.results.delete(A)


@pytest.mark.parametrize(
    "digest", ["", "..", "A" * 16, "a" * 15, "../" + "a" * 13, "a" * 16 + "\n"]
)
def test_only_digests_become_paths(store: Store, digest: str) -> None:
    for method in (store.results.load, store.results.manifest, store.results.delete):
        with pytest.raises(BadInput, match="16 lower-case hexadecimal"):
            method(digest)


def _flip(folder: Path) -> None:
    data = bytearray((folder / TENSORS).read_bytes())
    data[-1] ^= 1
    (folder / TENSORS).write_bytes(data)


def _truncate(folder: Path) -> None:
    (folder / TENSORS).write_bytes((folder / TENSORS).read_bytes()[:-4])


def _no_tensors(folder: Path) -> None:
    (folder / TENSORS).unlink()


def _no_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def _no_json(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": 1, "fie')


def _other_format(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": 99}')


def _other_shape(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["fields"]["x"]["shape"] = [3, 2]
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "damage",
    [_flip, _truncate, _no_tensors, _no_manifest, _no_json, _other_format, _other_shape],
)
def test_a_damaged_result_is_moved_aside(
    store: Store, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    store.results.save(A, small(), {})
    damage(store.results.folder / A)  # type: ignore[operator]
    assert store.results.load(A) is None
    assert "quarantine" in caplog.text
    assert [path.name[:16] for path in (store.home / "quarantine").iterdir()] == [A]
    store.results.save(A, small(2.0), {})
    again = store.results.load(A)
    assert again is not None and again.array("x")[0, 0] == 2.0


def test_the_first_of_two_equal_results_stays(store: Store) -> None:
    store.results.save(A, small(1.0), {})
    store.results.save(A, small(2.0), {})
    loaded = store.results.load(A)
    assert loaded is not None and loaded.array("x")[0, 0] == 1.0
    assert [path.name for path in store.results.folder.iterdir()] == [A]


def test_the_result_used_longest_ago_goes_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = Result({"x": Field(np.zeros(400_000, np.uint8), ("n",))})
    monkeypatch.setenv("ENGRAM_STORE_MB", "1")
    store.results.save(A, big, {})
    store.results.save(B, big, {})
    for age, digest in ((200, A), (100, B)):
        path = store.results.folder / digest / MANIFEST
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    store.results.load(A)  # now B was used longest ago
    store.results.save(C, big, {})
    assert sorted(path.name for path in store.results.folder.iterdir()) == [A, C]


def test_what_dead_writers_left_is_swept(store: Store) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        (store.results.folder / f"tmp-{pid}-00000000").mkdir()
    store.results.sweep()
    assert [path.name for path in store.results.folder.iterdir()] == [f"tmp-{os.getpid()}-00000000"]


def test_a_result_that_is_no_result_is_refused_whole(store: Store) -> None:
    with pytest.raises(TypeError, match="survive JSON"):
        store.results.save(A, Result(notes={"bad": object()}), {})
    with pytest.raises(EngramError, match="__metadata__"):
        store.results.save(A, Result({"__metadata__": Field(np.zeros(1), ("n",))}), {})
    assert list(store.results.folder.iterdir()) == []


def test_shipped_results_come_first(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path / "shipped"))
    experiment, config = LAB.experiments[0], Steps()
    digest = experiment.digest(LAB.name, config)
    assert lookup(LAB, experiment, config, store) is None
    store.results.save(digest, small(1.0), {})
    stored = lookup(LAB, experiment, config, store)
    assert stored is not None and stored.array("x")[0, 0] == 1.0
    for value in (2.0, 3.0):
        folder = save_shipped(LAB, experiment, config, small(value), {"seconds": value})
        shipped = lookup(LAB, experiment, config, store)
        assert shipped is not None and shipped.array("x")[0, 0] == value
    assert folder == tmp_path / "shipped" / LAB.name / digest
    manifest = shipped_manifest(LAB.name, digest)
    assert manifest is not None and manifest["seconds"] == 3.0


@pytest.mark.parametrize(
    "content",
    [b"", b"not xz", lzma.compress(b'{"format": 1}')[:-9], lzma.compress(b"[1]"),
     lzma.compress(b" " * 70_000_000 + b'{"format": 1}')],
    ids=["empty", "no xz", "truncated", "no manifest", "too long"],
)  # fmt: skip
def test_a_spoilt_manifest_of_a_shipped_result_is_told(tmp_path: Path, content: bytes) -> None:
    save_folder(tmp_path / "r", Result({}, {"m": 1.5}), {"lab": "t"}, packed=True)
    shrink_manifest(tmp_path / "r")
    assert load_folder(tmp_path / "r")[0].metrics == {"m": 1.5}
    (tmp_path / "r" / SMALL_MANIFEST).write_bytes(content)
    with pytest.raises(Corrupted):
        read_manifest(tmp_path / "r")


def test_a_packed_result_is_the_same_and_a_spoilt_one_is_told(tmp_path: Path) -> None:
    array = np.arange(3000, dtype=np.float32).reshape(30, 100)
    result = Result({"x": Field(array, ("row", "column"))}, {"m": 1.5}, {"n": ["a"]})
    save_folder(tmp_path / "r", result, {"lab": "t"}, packed=True)
    assert {path.name for path in (tmp_path / "r").iterdir()} == {MANIFEST, PACKED}
    back, manifest = load_folder(tmp_path / "r")
    np.testing.assert_array_equal(back.array("x"), array)
    assert (back.metrics, back.notes, manifest["lab"]) == ({"m": 1.5}, {"n": ["a"]}, "t")
    # What unpacks to more than the manifest says is cut there, and its checksum fails.
    bomb = (10).to_bytes(8, "little") + lzma.compress(b"0" * 10_000_000)
    (tmp_path / "r" / PACKED).write_bytes(bomb)
    with pytest.raises(Corrupted, match="cannot be read"):
        load_folder(tmp_path / "r")
    (tmp_path / "r" / PACKED).write_bytes(b"not packed")
    with pytest.raises(Corrupted, match="cannot be read"):
        load_folder(tmp_path / "r")


def test_inputs_are_addressed_by_content(store: Store) -> None:
    ref = store.inputs.put(b"words", "../../etc/passwd")
    assert ref == store.inputs.put(b"words", "other.txt")
    assert store.inputs.get(ref) == b"words" and store.inputs.name(ref) == "other.txt"
    assert sorted(path.suffix for path in store.inputs.folder.iterdir()) == [".bin", ".json"]
    with pytest.raises(NotFound, match="bring the file again"):
        store.inputs.get("input:" + "0" * 16)
    for bad in ("input:../x", "input:", "x", "input:" + "0" * 17, "input:" + "0" * 16 + "\n"):
        with pytest.raises(BadInput):
            store.inputs.get(bad)
    (store.inputs.folder / f"{ref[6:]}.bin").write_bytes(b"other words")
    with pytest.raises(NotFound, match="damaged"):
        store.inputs.get(ref)


def test_inputs_have_limits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_INPUT_MB", "1")
    monkeypatch.setenv("ENGRAM_INPUTS_MB", "1")
    with pytest.raises(LimitExceeded, match=r"an input may have 1 MB, this one has 2\.0 MB"):
        store.inputs.put(bytes(2_000_000), "big")
    old = store.inputs.put(bytes(600_000), "old")
    os.utime(store.inputs.folder / f"{old[6:]}.bin", (1, 1))
    new = store.inputs.put(bytes(600_001), "new")
    assert len(store.inputs.get(new)) == 600_001
    with pytest.raises(NotFound):
        store.inputs.get(old)


def test_a_live_digest_is_asked_for_once(store: Store) -> None:
    first = submit(store)
    assert submit(store) == first and store.runs.find(A) == store.runs.get(first)
    store.runs.cancel(first)
    second = submit(store)
    assert second != first
    with pytest.raises(sqlite3.IntegrityError):  # the index holds even against the code
        store.database.connection().execute(
            "UPDATE runs SET state = 'queued' WHERE id = ?", (first,)
        )


def test_a_stored_result_needs_no_run(store: Store) -> None:
    store.results.save(A, small(), {})
    row = store.runs.get(submit(store, visitor_limit=0, queue_limit=0))
    assert row.state == "done" and row.attempts == 0
    assert submit(store) == row.id
    store.results.delete(A)
    assert store.runs.get(submit(store)).state == "queued"


def test_an_attempt_that_was_replaced_changes_nothing(store: Store) -> None:
    run_id = submit(store)
    assert store.runs.take(1) is not None
    assert store.runs.take(1) is None
    assert store.runs.requeue(run_id, 1, "lost")
    second = store.runs.take(1)
    assert second is not None and second.attempts == 2
    assert store.runs.beat(run_id, 1, 9, 9, [("x", 1.0, 1.0)]) == (False, True)
    assert not store.runs.end(run_id, 1, "done")
    assert not store.runs.requeue(run_id, 1, "lost")
    assert store.runs.get(run_id).state == "running" and store.runs.metrics(run_id) == {}
    assert store.runs.beat(run_id, 2, 1, 9, []) == (True, False)
    store.runs.cancel(run_id)
    assert store.runs.beat(run_id, 2, 2, 9, []) == (True, True)
    assert store.runs.requeue(run_id, 2, "lost")
    assert store.runs.get(run_id).state == "cancelled"  # not started again against a wish


def test_runs_are_listed_tagged_and_deleted(store: Store) -> None:
    ids = [submit(store, digest) for digest in (A, B, C)]
    assert [row.id for row in store.runs.list(2)] == ids[:0:-1]
    assert [row.id for row in store.runs.list(2, 2)] == ids[:1]
    store.runs.tag(ids[0], "<img src=x onerror=alert(1)>" * 9)
    assert len(store.runs.get(ids[0]).tag) == 80
    with pytest.raises(EngramError, match="cancel it first"):
        store.runs.delete(ids[0])
    store.runs.cancel(ids[0])
    store.runs.delete(ids[0])
    with pytest.raises(NotFound):
        store.runs.get(ids[0])
    assert store.runs.events(ids[0]) == [] and store.runs.count() == 2


def test_threads_have_connections_of_their_own(store: Store) -> None:
    seen = [store.database.connection()]
    thread = threading.Thread(target=lambda: seen.append(store.database.connection()))
    thread.start()
    thread.join()
    assert seen[0] is not seen[1] and store.database.connection() is seen[0]


def test_the_database_is_migrated_once_and_kept_from_newer_ones(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    connection = Database(path).connection()
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "user_version")
    values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert values == ["wal", 1, 1, 10_000, len(MIGRATIONS)]
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(EngramError, match="newer Engram Lab"):
        Database(path).connection()


def test_a_store_is_found_by_the_environment(own_home: Path, tmp_path: Path) -> None:
    assert Store.open().home == own_home.resolve()
    assert Store.open(tmp_path).home == tmp_path.resolve()
    assert Store.open() is Store.open()


@pytest.mark.parametrize("text", ["many", "-1", "0", "nan", "inf"])
def test_a_malformed_limit_is_named(
    store: Store, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_STORE_MB", text)
    with pytest.raises(BadInput, match="ENGRAM_STORE_MB"):
        store.results.evict()


def test_a_damaged_list_of_runs_is_said_and_results_stay(tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite").write_bytes(b"no database at all, and long enough to be read" * 20)
    store = Store.open(tmp_path)
    with pytest.raises(EngramError, match=r"runs\.sqlite cannot be used"):
        store.runs.list()
    assert store.results.load("0" * 16) is None
    (tmp_path / "runs.sqlite").unlink()
    assert store.runs.list() == []
