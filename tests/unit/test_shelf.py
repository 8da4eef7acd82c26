"""What several machines see: results, inputs and checkpoints of one URL."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import fsspec
import numpy as np
import pytest

from engine.core import BadInput, Field, NotFound, Result
from engine.store import Store
from engine.store.folder import MANIFEST, PACKED, save_folder
from engine.store.shelf import Shelf, ShelfGoneError

A, B = "a" * 16, "b" * 16


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder, and a store of whole objects without folders or renames."""
    return f"{request.param}://{tmp_path / 'shelf'}"


@pytest.fixture
def stores(url: str, tmp_path: Path) -> tuple[Store, Store]:
    """Two machines."""
    one, two = (Store.open(tmp_path / name, url) for name in ("one", "two"))
    return one, two


def small(value: float = 1.0) -> Result:
    return Result(
        {"x": Field(np.full((2, 3), value, np.float32), ("row", "column"), "V")}, {"m": 1}
    )


def objects(url: str) -> list[str]:
    files, root = fsspec.core.url_to_fs(url)
    return sorted(name.removeprefix(root) for name in files.find(root))


def overwrite(url: str, name: str, data: bytes) -> None:
    files, root = fsspec.core.url_to_fs(url)
    files.pipe_file(root + name, data)


def test_objects_are_written_read_and_removed(url: str, tmp_path: Path) -> None:
    shelf = Shelf(url)
    assert shelf.read("a/b") is None and not shelf.has("a/b")
    assert not shelf.fetch("a/b", tmp_path / "absent")
    shelf.write("a/b", b"one")
    shelf.write("a/b", b"two")
    assert shelf.has("a/b") and shelf.read("a/b") == b"two"
    (tmp_path / "file").write_bytes(b"three")
    shelf.publish("a/c", tmp_path / "file")
    assert shelf.fetch("a/c", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"three"
    assert objects(url) == ["/a/b", "/a/c"]  # and nothing that was only for writing
    shelf.delete("a/b")
    shelf.delete("a/b")
    assert not shelf.has("a/b")


def test_a_result_of_one_machine_is_there_on_the_other(
    stores: tuple[Store, Store], url: str
) -> None:
    one, two = stores
    one.results.save(A, small(2), {"lab": "lab"})
    assert two.results.has(A) and not two.results.has(B)
    manifest = two.results.manifest(A)
    assert manifest is not None and manifest["lab"] == "lab"
    result = two.results.load(A)
    assert result is not None and result.array("x")[0, 0] == 2
    two.results.delete(A)
    assert objects(url) == [] and not two.results.has(A)
    assert one.results.load(A) is not None  # what it had fetched stays its own


def test_a_packed_result_travels_as_it_is(stores: tuple[Store, Store], url: str) -> None:
    one, two = stores
    save_folder(one.results.folder / A, small(3), {"digest": A}, packed=True)
    one.results.share(A)
    manifest, tensors = sorted(objects(url), key=len)
    assert manifest.endswith(MANIFEST) and tensors.endswith(".safetensors.packed")
    result = two.results.load(A)
    assert result is not None and result.array("x")[0, 0] == 3
    assert (two.results.folder / A / PACKED).is_file()
    two.results.delete(A)
    assert objects(url) == []


def test_a_damaged_packed_result_is_removed(stores: tuple[Store, Store], url: str) -> None:
    one, two = stores
    save_folder(one.results.folder / A, small(), {"digest": A}, packed=True)
    one.results.share(A)
    overwrite(url, max(objects(url), key=len), b"no archive")
    assert two.results.load(A) is None
    assert objects(url) == []


def test_the_first_of_two_results_stays_on_the_shelf(stores: tuple[Store, Store]) -> None:
    one, two = stores
    one.results.save(A, small(1), {})
    two.results.save(A, small(2), {})
    one.results.evict()
    third = Store(two.home.with_name("three"), one.shelf.url if one.shelf else "")
    result = third.results.load(A)
    assert result is not None and result.array("x")[0, 0] == 1


@pytest.mark.parametrize("harm", ["manifest", "tensors", "missing", "other"])
def test_a_damaged_result_on_the_shelf_is_told_and_goes(
    stores: tuple[Store, Store], url: str, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = stores
    one.results.save(A, small(), {})
    manifest = next(name for name in objects(url) if name.endswith(MANIFEST))
    tensors = next(name for name in objects(url) if name.endswith(".safetensors"))
    if harm == "manifest":
        overwrite(url, manifest, b"{")
    elif harm == "tensors":
        overwrite(url, tensors, b"\0" * 64)
    elif harm == "missing":
        Shelf(url).delete(tensors.lstrip("/"))
    else:  # a manifest that was copied from elsewhere
        document = json.loads(Shelf(url).read(manifest.lstrip("/")) or b"")
        overwrite(url, manifest, json.dumps({**document, "digest": B}).encode())
    with caplog.at_level(logging.ERROR):
        assert two.results.load(A) is None
    assert "is damaged" in caplog.text
    assert not two.results.has(A) and two.results.load(A) is None
    two.results.save(A, small(3), {})  # computed again
    repaired = Store(two.home.with_name("three"), url).results.load(A)
    assert repaired is not None and repaired.array("x")[0, 0] == 3


def test_a_damaged_copy_here_is_fetched_again(stores: tuple[Store, Store]) -> None:
    one, _ = stores
    one.results.save(A, small(5), {})
    (one.home / "results" / A / MANIFEST).write_text("{")
    assert one.results.load(A) is None  # moved aside
    result = one.results.load(A)
    assert result is not None and result.array("x")[0, 0] == 5


def test_an_input_of_one_machine_is_read_on_the_other(
    stores: tuple[Store, Store], url: str
) -> None:
    one, two = stores
    address = one.inputs.put(b"words", "words.txt")
    assert two.inputs.get(address) == b"words" and two.inputs.name(address) == "words.txt"
    (two.home / "inputs" / f"{address[6:]}.bin").write_bytes(b"damaged")
    assert two.inputs.get(address) == b"words"  # fetched again
    (two.home / "inputs" / f"{address[6:]}.bin").unlink()
    overwrite(url, f"/inputs/{address[6:]}.bin", b"damaged")
    with pytest.raises(NotFound, match="damaged"):
        two.inputs.get(address)
    with pytest.raises(NotFound, match="bring the file again"):
        two.inputs.get("input:" + "0" * 16)


def test_a_checkpoint_moves_with_the_run(stores: tuple[Store, Store], url: str) -> None:
    one, two = stores
    one.checkpoints.save(A, {"at": np.array([3])}, 1)
    two.checkpoints.save(A, {"at": np.array([4])}, 1)
    latest = one.checkpoints.load(A)
    assert latest is not None and latest["at"] == 4
    one.checkpoints.forget(A)
    assert two.checkpoints.load(A) is None and objects(url) == []


def test_a_shelf_that_is_gone_is_told_when_written_and_missed_when_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(tmp_path / "home", f"file://{tmp_path / 'shelf'}")
    monkeypatch.setattr("engine.store.results.GONE_SECONDS", 0.0)
    store.results.save(A, small(), {})
    (tmp_path / "shelf").rename(tmp_path / "away")
    (tmp_path / "shelf").write_text("a file where the folder was")
    assert store.results.load(A) is not None  # here already
    assert store.results.load(B) is None and not store.results.has(B)
    with pytest.raises(ShelfGoneError, match=r"shared store file://.* could not be written"):
        store.results.save(B, small(), {})
    with pytest.raises(ShelfGoneError, match="could not be written"):
        store.inputs.put(b"words", "words.txt")
    assert store.checkpoints.load(A) is None
    assert not list((store.home / "results").glob("tmp-*"))
    (tmp_path / "shelf").unlink()
    (tmp_path / "away").rename(tmp_path / "shelf")
    store.results.save(B, small(), {})
    assert Store(tmp_path / "other", f"file://{tmp_path / 'shelf'}").results.has(B)


@pytest.mark.parametrize("url", ["nowhere://bucket/prefix", "s4://key:secret@host/bucket"])
def test_a_url_that_cannot_be_opened_is_named_without_its_secrets(url: str) -> None:
    with pytest.raises(BadInput, match="ENGRAM_STORE_URL") as caught:
        Shelf(url).has("x")
    assert "secret" not in str(caught.value)


def test_a_store_finds_its_shelf_by_the_environment(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Store.open().shelf is None
    monkeypatch.setenv("ENGRAM_STORE_URL", "memory://engram-by-environment")
    shelf = Store.open().shelf
    assert shelf is not None and shelf.url == "memory://engram-by-environment"
    assert Store.open(url="").shelf is None


def test_a_shelf_that_is_gone_is_not_asked_at_every_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks at every change; a store that hangs must not hold it up each time."""
    store = Store.open(tmp_path / "home", "memory://engram-asked-once")
    asked: list[str] = []

    def gone(files: object, path: str) -> bool:
        asked.append(path)
        raise TimeoutError

    monkeypatch.setattr(fsspec.implementations.memory.MemoryFileSystem, "exists", gone)
    assert [store.results.has(A) for _ in range(3)] == [False] * 3
    assert len(asked) == 1
    with pytest.raises(ShelfGoneError, match="TimeoutError"):  # whoever must know is told
        store.results.is_published(A)
