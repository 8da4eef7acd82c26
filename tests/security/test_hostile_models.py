"""Folders whose files are well-formed but do not belong together; paths that nobody can have."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.core import BadInput
from engine.io.npy import load_npy
from engine.io.text import read_text
from engine.labs.kv_cache.config import CaptureConfig
from engine.models.lm.load import load_model
from tests.lm_models import save_tiny

TEXT = "One line of words and one more.\n" * 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny"), TEXT)


def changed(folder: Path, place: Path, **config: Any) -> Path:
    copy = Path(shutil.copytree(folder, place / "copy"))
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**settings, **config}))
    return copy


@pytest.mark.parametrize(
    "config",
    [
        {"hidden_size": 131_072},
        {"vocab_size": 4_000_000},
        {"num_hidden_layers": 3},
        {"intermediate_size": 1_048_576},
    ],
    ids=str,
)
def test_a_config_larger_than_its_weights_is_refused_before_memory_is_taken(
    folder: Path, tmp_path: Path, config: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def allocate(*args: Any, **options: Any) -> None:
        pytest.fail("the weights were loaded")

    monkeypatch.setattr(
        "engine.models.lm.load.AutoModelForCausalLM.from_pretrained", allocate, raising=True
    )
    with pytest.raises(BadInput, match=r"describes [\d,]+ parameters, its weight files hold"):
        load_model(str(changed(folder, tmp_path, **config)))


def rewritten(folder: Path, place: Path, change: Any) -> Path:
    copy = changed(folder, place)
    tensors = load_file(copy / "model.safetensors")
    save_file(change(tensors), copy / "model.safetensors", metadata={"format": "pt"})
    return copy


def test_missing_weights_are_never_random_numbers(folder: Path, tmp_path: Path) -> None:
    def rename(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        gone = "model.layers.1.self_attn.k_proj.weight"
        tensors["spare"] = tensors.pop(gone)  # as many numbers as before
        return tensors

    with pytest.raises(BadInput, match=r"lack model\.layers\.1\.self_attn\.k_proj\.weight"):
        load_model(str(rewritten(folder, tmp_path, rename)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_must_be_finite(folder: Path, tmp_path: Path, value: float) -> None:
    def spoil(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        name = next(name for name in tensors if "k_proj.weight" in name)
        tensors[name] = tensors[name].copy()
        tensors[name][0, 0] = value
        return tensors

    with pytest.raises(BadInput, match="NaN or infinity in"):
        load_model(str(rewritten(folder, tmp_path, spoil)))


@pytest.mark.parametrize(
    "config", [{"sliding_window": "x", "use_sliding_window": True}, {"hidden_act": "<script>"},
               {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}],
    ids=str,
)  # fmt: skip
def test_strange_configs_get_one_sentence(
    folder: Path, tmp_path: Path, config: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match="model: "):
        load_model(str(changed(folder, tmp_path, **config)))


@pytest.mark.parametrize("path", ["~nobody-has-this-name/x", "a" * 300, "a\0b", "\ud800"])
def test_a_path_that_cannot_be_is_a_sentence(path: str) -> None:
    for read in (load_model, load_npy, read_text):
        with pytest.raises(BadInput):
            read(path)
    for name in ("model", "text"):
        with pytest.raises(BadInput, match=name):
            CaptureConfig.build({name: path}).grounded(lambda data, name: "input:0")


def test_a_name_that_is_also_a_folder_here_is_no_hub_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENGRAM_MODELS", raising=False)
    with pytest.raises(BadInput, match="model"):
        CaptureConfig(model="owner/name").admit(local=False)
    CaptureConfig(model="owner/other").admit(local=False)
