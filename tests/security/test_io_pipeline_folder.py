"""What the door for pipeline folders refuses, each in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.core import BadInput
from engine.io.pipeline_folder import check_pipeline_folder
from engine.labs.diffusion.model.load import load_pipeline
from tests.diffusion_models import save_latent, save_patches

UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("pipelines") / "good")


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "model"))


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def index(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    return lambda folder: edit(folder / "model_index.json", change)


def config(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    return lambda folder: edit(folder / "unet" / "config.json", change)


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], object]:
    def apply(folder: Path) -> None:
        tensors = load_file(folder / UNET)
        change(tensors)
        save_file(tensors, folder / UNET)

    return apply


def pickled(folder: Path) -> None:
    (folder / UNET).unlink()
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04")


def cut_off(folder: Path) -> None:
    data = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes(data[: len(data) // 2])


def linked(folder: Path) -> None:
    shutil.move(folder / UNET, folder.parent / "outside.safetensors")
    (folder / UNET).symlink_to(folder.parent / "outside.safetensors")


def linked_part(folder: Path) -> None:
    shutil.move(folder / "unet", folder.parent / "outside")
    (folder / "unet").symlink_to(folder.parent / "outside")


def sharded(folder: Path) -> None:
    (folder / UNET).unlink()
    listing = {"weight_map": {"x": "../../outside.safetensors"}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps(listing)
    )


def text_without_words(folder: Path) -> None:
    path = folder / "text_encoder" / "model.safetensors"
    tensors = load_file(path)
    save_file({k: v for k, v in tensors.items() if "token_embedding" not in k}, path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / "model_index.json").unlink(), "no model_index.json"),
        (lambda f: (f / "model_index.json").write_text("{"), "not valid JSON"),
        (lambda f: (f / "model_index.json").write_text("[]"), "not a JSON object"),
        (index(lambda i: i.pop("unet")), "the pipeline has no U-Net"),
        (index(lambda i: i.update(unet=[None, None])), "the pipeline has no U-Net"),
        (index(lambda i: i.update(unet="x")), "unet must be a library and a class"),
        (index(lambda i: i.update(unet=["diffusers", "UNet2DModel"])), "its unet is a UNet2DMode"),
        (index(lambda i: i.update(unet=["evil", "UNet2DConditionModel"])), "never imported"),
        (index(lambda i: i.pop("text_encoder")), "no text encoder"),
        (index(lambda i: i.update(tokenizer=["transformers", "T5Tokenizer"])), "its tokenizer is"),
        (index(lambda i: i.update(custom_pipelines={"x": 1})), "code of its own"),
        (config(lambda c: c.update(auto_map={"x": "y"})), "code of its own"),
        (config(lambda c: c.update(block_out_channels=[10**9, 64])), "block_out_channels is at"),
        (config(lambda c: c.update(layers_per_block=10**6)), "layers_per_block is at most"),
        (pickled, "a format that can run code"),
        (lambda f: (f / UNET).unlink(), "its unet has no weights"),
        (cut_off, "the file was cut off"),
        (linked, "a link that leaves the folder"),
        (linked_part, "'unet' is a link that leaves the folder"),
        (sharded, "no weight_map of plain file names"),
        (lambda f: shutil.rmtree(f / "tokenizer"), "the folder tokenizer"),
    ],
)
def test_a_spoilt_folder_is_refused_before_it_is_loaded(
    spoil: Callable[[Path], object], words: str, folder: Path
) -> None:
    spoil(folder)
    with pytest.raises(BadInput, match=words) as refused:
        check_pipeline_folder(folder)
    assert refused.value.field.startswith("model")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (index(lambda i: i.pop("_engram")), "no VAE, and nothing says that it needs none"),
        (index(lambda i: i["_engram"].update(patch=0)), "patch must be a whole number"),
        (index(lambda i: i["_engram"].update(data_seed=-1)), "data_seed must be a whole number"),
        (config(lambda c: c.update(block_out_channels=[4800, 6400])), "describes .* parameters"),
        (
            config(
                lambda c: c.update(
                    down_block_types=["DownBlock2D"] * 2,
                    up_block_types=["UpBlock2D"] * 2,
                    mid_block_type="UNetMidBlock2D",
                )
            ),
            "its U-Net has no transformer blocks",
        ),
        (config(lambda c: c.update(norm_num_groups=7)), "cannot be opened by diffusers"),
        (weights(lambda w: w["conv_in.weight"].fill_(float("nan"))), "NaN or infinity in conv_in"),
        (
            weights(lambda w: w.update({"conv_in.weight": torch.zeros(2)})),
            r"describes 'conv_in.weight' of shape \(48, 48, 3, 3\), its weight files hold \(2,\)",
        ),
        (weights(lambda w: w.pop("conv_in.weight")), "its weights lack conv_in.weight"),
        (text_without_words, "its weights lack .*token_embedding.weight"),
    ],
)
def test_a_folder_that_does_not_fit_together_is_refused(
    spoil: Callable[[Path], object], words: str, folder: Path
) -> None:
    spoil(folder)
    with pytest.raises(BadInput, match=words):
        load_pipeline(str(folder))


def test_a_vae_without_weights_is_refused(tmp_path: Path) -> None:
    folder = save_latent(tmp_path / "model")
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(BadInput, match="its vae has no weights"):
        check_pipeline_folder(folder)


def test_a_snapshot_of_the_hub_may_link_into_its_blobs(good: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "cache" / "snapshots" / "0123abcd"
    shutil.copytree(good, snapshot)
    blobs = tmp_path / "cache" / "blobs"
    blobs.mkdir()
    shutil.move(snapshot / UNET, blobs / "weights")
    (snapshot / UNET).symlink_to(blobs / "weights")
    assert check_pipeline_folder(snapshot).path == snapshot.resolve()


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("https://example.org/model", "neither a folder here nor a hub id"),
        ("someone/some-model", "would have to be downloaded, which is off here"),
        ("../nothing", "neither a folder here nor a hub id"),
        ("a\0b", "cannot be a path here"),
    ],
)
def test_what_is_neither_a_folder_nor_an_id_is_refused(
    ref: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENGRAM_ALLOW_DOWNLOADS", raising=False)
    with pytest.raises(BadInput, match=words):
        load_pipeline(ref)
