"""Hostile configs, weights and tokenizers of pipeline folders: one sentence each, and no hang."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.core import BadInput
from engine.io.pipeline_folder import check_pipeline_folder
from engine.io.scheduler_config import check_scheduler
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.sampler import sample
from tests.diffusion_models import save_latent, save_patches

UNET, TEXT = "unet/config.json", "text_encoder/config.json"
VAE, INDEX = "vae/config.json", "model_index.json"
SCHEDULE = "scheduler/scheduler_config.json"
TOKENS = "tokenizer/tokenizer_config.json"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("pipelines") / "good")


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "model"))


def edit(path: Path, changes: dict[str, Any]) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        (SCHEDULE, {"num_train_timesteps": 10**8}, "a whole number from 10 to 10000"),
        (UNET, {"layers_per_block": 200, "transformer_layers_per_block": 200}, "at most 200 are"),
        (UNET, {"transformer_layers_per_block": [[10**5], [10**5]]}, "is at most 200"),
        (UNET, {"reverse_transformer_layers_per_block": [10**5, 1]}, "is at most 200"),
        (UNET, {"reverse_transformer_layers_per_block": [[90], [90]]}, "at most 200 are built"),
        (UNET, {"layers_per_block": {"a": {"b": 10**5}}}, "layers_per_block is at most 200"),
        (UNET, {"layers_per_block": 1.5}, "layers_per_block must be whole numbers from 0 to 200"),
        (UNET, {"norm_eps": float("nan")}, "norm_eps is at most 1,000,000"),
        (UNET, {"anything": [0] * 201}, "anything is at most .* has at most 200 numbers"),
        (UNET, {"block_out_channels": "48"}, "block_out_channels must be 1 to 8 whole numbers"),
        (UNET, {"block_out_channels": [8] * 9}, "block_out_channels must be 1 to 8 whole numbers"),
        (UNET, {"sample_size": 7}, r"sample_size must be .* from 4 to 256 that 2 divides"),
        (UNET, {"sample_size": True}, r"from 4 to 256 that 2 divides \(got True\)"),
        (UNET, {"sample_size": 258}, r"from 4 to 256 that 2 divides \(got 258\)"),
        (UNET, {"sample_size": -8}, r"from 4 to 256 that 2 divides \(got -8\)"),
        (UNET, {"sample_size": None}, r"from 4 to 256 that 2 divides \(got None\)"),
        (UNET, {"quantization_config": {"quant_method": "x"}}, r"own \(quantization_config\)"),
        (TEXT, {"attn_implementation": "a/kernel"}, r"own \(attn_implementation\)"),
        (TEXT, {"_attn_implementation": "a/kernel"}, r"own \(_attn_implementation\)"),
        (TEXT, {"text_config": {"attn_implementation": "a/b"}}, r"own \(attn_implementation\)"),
        (TOKENS, {"auto_map": {"AutoTokenizer": ["x.y", None]}}, r"own \(auto_map\)"),
        (TOKENS, {"tokenizer_class": "BertTokenizer"}, "tokenizer_class must be one of CLIPTok"),
        (TOKENS, {"tokenizer_class": [1]}, "tokenizer_class must be one of CLIPTok"),
        (TOKENS, {"vocab_file": "/etc/passwd"}, r"names a file of its own \(vocab_file\)"),
    ],
)
def test_a_hostile_config_is_refused_by_its_files(
    file: str, changes: dict[str, Any], words: str, folder: Path
) -> None:
    edit(folder / file, changes)
    with pytest.raises(BadInput, match=words) as refused:
        check_pipeline_folder(folder)
    assert refused.value.field == "model"


def test_the_schedule_must_be_there(folder: Path) -> None:
    (folder / SCHEDULE).unlink()
    with pytest.raises(BadInput, match=r"the folder scheduler has no scheduler_config.json"):
        check_pipeline_folder(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_train_timesteps": 9}, r"num_train_timesteps must be .* from 10 to 10000 \(got 9\)"),
        ({"num_train_timesteps": "1000"}, "num_train_timesteps must be a whole number"),
        ({"num_train_timesteps": True}, "num_train_timesteps must be a whole number"),
        ({"prediction_type": "bogus"}, "must be one of epsilon, sample, v_prediction"),
        ({"timestep_spacing": ["leading"]}, "must be one of leading, trailing, linspace"),
        ({"beta_schedule": "sigmoid"}, "must be one of linear, scaled_linear, squaredcos_cap_v2"),
        ({"beta_start": float("nan")}, r"beta_start must be a number above 0 and below 1"),
        ({"beta_end": 1}, r"beta_end must be a number above 0 and below 1 \(got 1\)"),
        ({"beta_end": 10**400}, r"beta_end must be a number above 0 and below 1"),
        ({"trained_betas": [0.1, 0.2]}, "trained_betas must be null or 1000 numbers above 0"),
        ({"trained_betas": [0.0] * 1000}, "trained_betas must be null or 1000 numbers above 0"),
        ({"steps_offset": 5000}, r"steps_offset must be 0 or 1 \(got 5000\)"),
        ({"steps_offset": True}, "steps_offset must be 0 or 1"),
        ({"clip_sample": "no"}, "clip_sample must be true or false"),
        ({"dynamic_thresholding_ratio": 5}, "must be a number from 0 to 1"),
        ({"sample_max_value": 0}, "sample_max_value must be a number above 0"),
        ({"clip_sample_range": float("inf")}, "clip_sample_range must be a number above 0"),
    ],
)
def test_a_schedule_that_cannot_be_sampled_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        check_scheduler(changes)


def test_schedules_as_they_are_published_pass() -> None:
    check_scheduler({})
    check_scheduler(
        {
            "_class_name": "PNDMScheduler",
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "num_train_timesteps": 1000,
            "set_alpha_to_one": False,
            "skip_prk_steps": True,
            "steps_offset": 1,
            "trained_betas": None,
        }
    )


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.int64])
@pytest.mark.parametrize(
    "file", ["unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"]
)
def test_weights_that_are_no_floats_are_refused(
    file: str, dtype: torch.dtype, folder: Path
) -> None:
    tensors = load_file(folder / file)
    first = min(tensors)
    save_file({**tensors, first: tensors[first].to(dtype)}, folder / file)
    with pytest.raises(BadInput, match=r"has type (I8|BOOL|I64); allowed are F16, BF16, F32, F64"):
        check_pipeline_folder(folder)


def test_the_numbers_of_positions_may_be_whole(folder: Path) -> None:
    path = folder / "text_encoder/model.safetensors"
    positions = {"text_model.embeddings.position_ids": torch.arange(14)[None]}
    save_file({**load_file(path), **positions}, path)
    assert load_pipeline(str(folder)).encode(["a red circle"]).isfinite().all()


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        (TOKENS, {"model_max_length": 10**30}, "model_max_length must be from 2 to 14"),
        (TOKENS, {"model_max_length": 1}, "model_max_length must be from 2 to 14"),
        (TOKENS, {"model_max_length": -1}, "model_max_length must be from 2 to 14"),
        (TOKENS, {"pad_token": None}, "pad_token must be one of the tokenizer's tokens"),
        (TEXT, {"num_attention_heads": 0}, "text_encoder/config.json: what it describes cannot be"),
        (TEXT, {"hidden_act": "bogus"}, "cannot be opened by transformers"),
        (TEXT, {"num_hidden_layers": 200}, "text_encoder/config.json describes .* parameters"),
        (UNET, {"cross_attention_dim": 32}, r"attn2.to_k.weight' of shape \(48, 32\)"),
        (SCHEDULE, {"beta_schedule": "linear", "beta_start": 1e-12, "beta_end": 1e-12},
         "must leave a share of signal from 0 to below 1"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_get_our_own_sentence(
    file: str, changes: dict[str, Any], words: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    edit(folder / file, changes)
    with pytest.raises(BadInput, match=words) as refused:
        load_pipeline(str(folder))
    assert "\n" not in str(refused.value) and "REPORT" not in "".join(capfd.readouterr())


def test_tokens_need_embeddings(folder: Path) -> None:
    path = folder / "tokenizer/tokenizer.json"
    whole = json.loads(path.read_text())
    vocabulary = whole["model"]["vocab"]
    shifted = {word: at + 1000 if at > 3 else at for word, at in vocabulary.items()}
    path.write_text(json.dumps({**whole, "model": {**whole["model"], "vocab": shifted}}))
    with pytest.raises(BadInput, match="its tokens must have ids from 0 to 62"):
        load_pipeline(str(folder))
    for special in whole["post_processor"]["special_tokens"].values():
        special["ids"] = [5000]
    path.write_text(json.dumps(whole))
    with pytest.raises(BadInput, match="does not bring every prompt to 14 tokens with ids from 0"):
        load_pipeline(str(folder))


def test_a_decoder_makes_finite_pictures_of_a_sane_size(tmp_path: Path) -> None:
    folder = save_latent(tmp_path / "model")
    edit(folder / VAE, {"scaling_factor": 0})
    with pytest.raises(BadInput, match="scaling_factor must be above 0 and at most 1000"):
        load_pipeline(str(folder))
    edit(folder / VAE, {"scaling_factor": 1e-45})
    with pytest.raises(BadInput, match="model: its decoded pictures are NaN or infinite"):
        sample(load_pipeline(str(folder)), ["a red circle"], count=1)


def test_pictures_may_not_be_larger_than_can_be_drawn(folder: Path) -> None:
    edit(folder / UNET, {"in_channels": 768, "out_channels": 768, "sample_size": 256})
    edit(folder / INDEX, {"_engram": {"patch": 16, "data_seed": 0}})
    path = folder / "unet/diffusion_pytorch_model.safetensors"
    ends = {
        "conv_in.weight": torch.zeros(48, 768, 3, 3),
        "conv_out.weight": torch.zeros(768, 48, 3, 3),
        "conv_out.bias": torch.zeros(768),
    }
    save_file({**load_file(path), **ends}, path)
    with pytest.raises(BadInput, match=r"at most 2048 pixels wide \(got 4096\)"):
        load_pipeline(str(folder))


def test_weights_that_overflow_give_no_picture(folder: Path) -> None:
    path = folder / "unet/diffusion_pytorch_model.safetensors"
    tensors = {name: values.float() for name, values in load_file(path).items()}
    tensors["conv_out.weight"].fill_(1e34)
    save_file(tensors, path)
    with pytest.raises(BadInput, match="model: its pictures become NaN or infinite"):
        sample(load_pipeline(str(folder)), ["a red circle"], count=2)


@pytest.mark.parametrize(("spacing", "most"), [("leading", 19), ("trailing", 20)])
def test_no_more_steps_than_were_trained(spacing: str, most: int, folder: Path) -> None:
    changes = {"num_train_timesteps": 20, "timestep_spacing": spacing, "steps_offset": 1}
    edit(folder / SCHEDULE, changes)
    pipeline = load_pipeline(str(folder))
    with pytest.raises(BadInput, match=rf"steps: must be from 1 to {most} \(got {most + 1}\)"):
        sample(pipeline, ["a red circle"], count=most + 1)
    assert sample(pipeline, ["a red circle"], count=most).shape == (1, 32, 32, 3)


@pytest.mark.parametrize("ref", ["a--b/c", "a/b.", "a/b.git", "a/b..c", "a/" + "b" * 120])
def test_names_that_the_hub_does_not_know_are_refused(
    ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_ALLOW_DOWNLOADS", "1")
    with pytest.raises(BadInput, match=r"model: .* is no hub id"):
        load_pipeline(ref)
