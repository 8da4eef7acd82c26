"""Model folders and model names that must not come in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from engine.core import BadInput
from engine.io.model_folder import check_model_folder, fingerprint
from engine.io.model_id import check_model_id, is_model_id

CONFIG = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 512}
WEIGHTS = save({"w": np.zeros((2, 2), np.float32)})
INDEX = "model.safetensors.index.json"


def folder(place: Path, weights: bytes | None = WEIGHTS, **config: Any) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.json").write_text(json.dumps({**CONFIG, **config}))
    if weights is not None:
        (place / "model.safetensors").write_bytes(weights)
    return place


def _sharded(place: Path, table: Any) -> None:
    (place / "model.safetensors").unlink()
    (place / INDEX).write_text(json.dumps({"weight_map": table}))


def _config(text: str | bytes) -> Callable[[Path], None]:
    data = text if isinstance(text, bytes) else text.encode()
    return lambda place: (place / "config.json").write_bytes(data) and None


def _changed(**changes: Any) -> Callable[[Path], None]:
    return _config(json.dumps({**CONFIG, **changes}))


def _only(name: str) -> Callable[[Path], None]:
    def damage(place: Path) -> None:
        (place / "model.safetensors").rename(place / name)

    return damage


def _link(name: str, target: str) -> Callable[[Path], None]:
    def damage(place: Path) -> None:
        (place / name).unlink(missing_ok=True)
        (place / name).symlink_to(target)

    return damage


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "no config": (lambda place: (place / "config.json").unlink(), "no config.json"),
    "config is no JSON": (_config("{"), "config.json is not valid JSON"),
    "config is not UTF-8": (_config(b"\xff\xfe"), "config.json is not valid JSON"),
    "config is deep": (_config("[" * 100_000), "config.json is not valid JSON"),
    "config is a list": (_config("[]"), "config.json is not a JSON object"),
    "config is huge": (_config(" " * 1_000_001), "config.json is larger than 1 MB"),
    "no type": (_config("{}"), "names no model_type"),
    "type is a path": (_changed(model_type="../x"), "names no model_type"),
    "own code": (_changed(auto_map={"AutoModel": "m.M"}), "code of its own"),
    "trusted code": (_changed(trust_remote_code=True), "code of its own"),
    "giant layer": (_changed(hidden_size=10**9), "hidden_size must be a whole number from 1 to"),
    "no layers": (_changed(num_hidden_layers=0), "num_hidden_layers must be"),
    "text as size": (_changed(vocab_size="many"), "vocab_size must be"),
    "boolean as size": (_changed(vocab_size=True), "vocab_size must be"),
    "tokenizer code": (
        lambda place: (place / "tokenizer_config.json").write_text('{"auto_map": {"a": "b"}}')
        and None,
        "tokenizer_config.json asks for code",
    ),
    "no weights": (lambda place: (place / "model.safetensors").unlink(), "no weights"),
    "pickled bin": (_only("pytorch_model.bin"), "can run code when loaded"),
    "pickled pt": (_only("model.pt"), "can run code when loaded"),
    "truncated": (
        lambda place: (place / "model.safetensors").write_bytes(WEIGHTS[:-1]) and None,
        r"model \(model.safetensors\): the file was cut off",
    ),
    "no tensors": (
        lambda place: (place / "model.safetensors").write_bytes(save({})) and None,
        "holds no tensors",
    ),
    "index leaves": (lambda place: _sharded(place, {"w": "../model.safetensors"}), "plain file"),
    "index absolute": (lambda place: _sharded(place, {"w": "/etc/passwd"}), "plain file names"),
    "index names a pickle": (lambda place: _sharded(place, {"w": "m.bin"}), "plain file names"),
    "index empty": (lambda place: _sharded(place, {}), "no weight_map"),
    "index list": (lambda place: _sharded(place, ["x"]), "no weight_map"),
    "shard missing": (lambda place: _sharded(place, {"w": "m-1.safetensors"}), "is missing"),
    "link out": (_link("tokenizer.json", "/etc/passwd"), "a link that leaves the folder"),
    "weights link out": (_link("model.safetensors", "/etc/passwd"), "a link that leaves"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_folders_get_one_sentence(name: str, tmp_path: Path) -> None:
    damage, words = BAD[name]
    place = folder(tmp_path / "model")
    damage(place)
    with pytest.raises(BadInput, match=words) as caught:
        check_model_folder(place)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("model")


def test_absent_and_oversized_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        check_model_folder(tmp_path / "absent")
    place = folder(tmp_path / "model", save({"w": np.zeros(500_000, np.float32)}))
    monkeypatch.setenv("ENGRAM_MODEL_MB", "1")
    with pytest.raises(BadInput, match="its weights have 2 MB, at most 1 MB"):
        check_model_folder(place)
    crowded = folder(tmp_path / "crowded")
    for number in range(501):
        (crowded / f"{number}.txt").touch()
    with pytest.raises(BadInput, match="more than 500 files"):
        check_model_folder(crowded)


def test_good_folders_pass(tmp_path: Path) -> None:
    whole = check_model_folder(folder(tmp_path / "whole"))
    assert whole.model_type == "llama" and [file.name for file in whole.weights] == [
        "model.safetensors"
    ]
    place = folder(tmp_path / "sharded", None)
    for number in (1, 2):
        (place / f"m-{number}.safetensors").write_bytes(WEIGHTS)
    names = {"a": "m-1.safetensors", "b": "m-2.safetensors"}
    (place / INDEX).write_text(json.dumps({"weight_map": names}))
    assert check_model_folder(place).weight_bytes == 2 * len(WEIGHTS)


def test_the_layout_of_a_hub_cache_passes_but_nothing_else_does(tmp_path: Path) -> None:
    root = tmp_path / "models--owner--name"
    place = folder(root / "snapshots" / "abc", None)
    (root / "blobs").mkdir()
    (root / "blobs" / "123").write_bytes(WEIGHTS)
    (place / "model.safetensors").symlink_to("../../blobs/123")
    assert check_model_folder(place).weight_bytes == len(WEIGHTS)
    (root / "secret").write_bytes(WEIGHTS)
    (place / "model.safetensors").unlink()
    (place / "model.safetensors").symlink_to("../../blobs/../secret")
    with pytest.raises(BadInput, match="leaves the folder"):
        check_model_folder(place)


@pytest.mark.shared
def test_real_models_pass(shared_data: Path) -> None:
    for name in ("stories260K-llama", "bitstories3M"):
        found = check_model_folder(shared_data / "models" / name)
        assert found.model_type and found.weight_bytes > 100_000


def test_a_fingerprint_follows_the_files(tmp_path: Path) -> None:
    one, two = folder(tmp_path / "one"), folder(tmp_path / "two")
    first = fingerprint(one)
    assert len(first) == 16 and first == fingerprint(two)
    os.utime(one / "config.json", (1, 1))
    (one / "README.md").write_text("words")
    assert fingerprint(one) == first
    (two / "model.safetensors").write_bytes(save({"w": np.ones((2, 2), np.float32)}))
    (one / "config.json").write_text(json.dumps({**CONFIG, "hidden_size": 65}))
    assert len({first, fingerprint(one), fingerprint(two)}) == 3


def test_a_large_file_is_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.io.model_folder.WHOLE_BYTES", 1000)
    place = folder(tmp_path / "model", bytes(1_000_000))
    first = fingerprint(place)
    assert fingerprint(place) == first
    data = bytearray(1_000_000)
    data[-1] = 1
    (place / "model.safetensors").write_bytes(data)
    assert fingerprint(place) != first


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "/name", "owner/", "a/b/c", "https://host/x", "../etc", "./x", "a/..", "-a/b",
        "a b/c", "a/b\n", "a/b?x=1", "a\\b/c", "ä/b", "a" * 150 + "/" + "b" * 150,
    ],
)  # fmt: skip
def test_only_hub_ids_are_model_ids(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAM_ALLOW_DOWNLOADS", "1")
    assert not is_model_id(text)
    with pytest.raises(BadInput, match='form "owner/name"'):
        check_model_id(text)


def test_downloads_are_off_unless_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "0", "yes", "true"):
        monkeypatch.setenv("ENGRAM_ALLOW_DOWNLOADS", value)
        with pytest.raises(BadInput, match="set ENGRAM_ALLOW_DOWNLOADS=1"):
            check_model_id("owner/Model-1.5_x")
    monkeypatch.setenv("ENGRAM_ALLOW_DOWNLOADS", "1")
    assert check_model_id("owner/Model-1.5_x") == "owner/Model-1.5_x"
