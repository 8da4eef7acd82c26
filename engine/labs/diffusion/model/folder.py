"""From networks to a pipeline folder that diffusers loads.

The layout is that of ``StableDiffusionPipeline`` without a VAE: with ``vae=None`` diffusers opens
it and returns latents, which are the picture's patches (``pixel_shuffle`` makes it whole).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import torch
from diffusers import __version__
from safetensors.torch import load_file
from transformers.utils import logging

from engine.io.pipeline_folder import INDEX
from engine.labs.diffusion.model.architecture import (
    PATCH,
    Networks,
    build_networks,
    build_scheduler,
)
from engine.labs.diffusion.model.words import build_tokenizer

logging.disable_progress_bar()
OURS = "_engram"
"""Our own entry of the index, which diffusers skips: patch size and the training data's seed."""


def save_pipeline(networks: Networks, folder: Path, data_seed: int, copies: bool) -> None:
    """Write both networks in fp16 with tokenizer, schedule and index into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(networks.unet).half().save_pretrained(folder / "unet")
    copy.deepcopy(networks.text).half().save_pretrained(folder / "text_encoder")
    build_scheduler().save_pretrained(folder / "scheduler")
    build_tokenizer().save_pretrained(folder / "tokenizer")
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": __version__,
        OURS: {"patch": PATCH, "data_seed": data_seed, "copies": copies},
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def load_snapshot(snapshot: Path, preset: str) -> Networks:
    """The networks of a training's snapshot, with its fp16 values."""
    networks = build_networks(preset, seed=0)
    saved = load_file(snapshot)
    with torch.no_grad():
        for name, parameter in networks.named_parameters().items():
            parameter.copy_(saved[name])
    return networks
