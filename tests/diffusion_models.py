"""Untrained diffusion pipelines for tests: like the embedded models, and like published ones."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

from engine.labs.diffusion.model.architecture import Networks, build_networks
from engine.labs.diffusion.model.folder import save_pipeline
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline


def save_patches(folder: Path, seed: int = 0) -> Path:
    """A pipeline like the fast embedded model, with random weights that all do something."""
    networks = build_networks("fast", seed)
    _stir(networks, seed)
    save_pipeline(networks, folder, data_seed=0, copies=True)
    return folder


def patches(folder: Path, seed: int = 0) -> Pipeline:
    """The same, opened."""
    return load_pipeline(str(save_patches(folder, seed)))


def save_latent(folder: Path, prediction: str = "epsilon") -> Path:
    """A pipeline with a VAE that predicts noise, as Stable Diffusion does, with random weights."""
    save_patches(folder)
    torch.manual_seed(1)
    UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=64,
        attention_head_dim=2,
        norm_num_groups=8,
    ).save_pretrained(folder / "unet")
    AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        latent_channels=4,
    ).save_pretrained(folder / "vae")
    DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type=prediction,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    ).save_pretrained(folder / "scheduler")
    path = folder / "model_index.json"
    index = json.loads(path.read_text())
    index.pop("_engram")
    path.write_text(json.dumps({**index, "vae": ["diffusers", "AutoencoderKL"]}))
    return folder


def _stir(networks: Networks, seed: int) -> None:
    """Random biases and scales, so that no layer starts as an identity or a zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in networks.named_parameters().values():
            if parameter.ndim == 1:
                parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
