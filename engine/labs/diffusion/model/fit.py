"""Whether the opened parts of a pipeline belong together and can be computed with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import DDIMScheduler

from engine.core import BadInput

# A text of many short words, longer than any prompt may be.
LONG = "a red circle " * 400
MOST_PIXELS = 2048
MOST_FACTOR = 1000


def check_fit(unet: Any, text: Any, vae: Any, patch: int) -> None:
    """Raise BadInput where U-Net, text encoder and pictures differ in their sizes."""
    config = unet.config
    if config["cross_attention_dim"] != text.config.hidden_size:
        raise BadInput("model", "its text encoder does not fit the U-Net's cross-attention")
    channels = config["in_channels"]
    wanted = vae.config["latent_channels"] if vae is not None else 3 * patch**2
    if channels != wanted or config["out_channels"] != wanted:
        raise BadInput("model", f"its U-Net has {channels} channels, {wanted} are needed")
    larger = patch if vae is None else 2 ** (len(vae.config["block_out_channels"]) - 1)
    if config["sample_size"] * larger > MOST_PIXELS:
        raise BadInput(
            "model",
            f"its pictures may be at most {MOST_PIXELS} pixels wide "
            f"(got {config['sample_size'] * larger})",
        )
    factor = 1.0 if vae is None else vae.config["scaling_factor"]
    if type(factor) not in (int, float) or not 0 < factor <= MOST_FACTOR:
        raise BadInput(
            "model",
            f"vae/config.json: scaling_factor must be above 0 and at most {MOST_FACTOR} "
            f"(got {str(factor)[:40]})",
        )


def check_shapes(kind: str, bare: torch.nn.Module, held: Mapping[str, tuple[int, ...]]) -> None:
    """Raise BadInput where weight files hold another shape than the config describes.

    ``bare`` is the network without its numbers, ``held`` the shapes (any) by tensor name.
    """
    # Some files of the text encoder leave out the first part of its names, or add one.
    described = {
        name.removeprefix("text_model."): tuple(values.shape)
        for name, values in bare.named_parameters()
    }
    for name, shape in held.items():
        wanted = described.get(name.removeprefix("text_model."), shape)
        if shape != wanted:
            raise BadInput(
                "model",
                f"{kind}/config.json describes {name[:80]!r} of shape {wanted}, "
                f"its weight files hold {shape}",
            )


def check_tokenizer(tokenizer: Any, text: Any) -> None:
    """Raise BadInput for a tokenizer whose tokens the text encoder has no embeddings for."""
    known = text.get_input_embeddings().num_embeddings
    length, most = tokenizer.model_max_length, text.config.max_position_embeddings
    if type(length) is not int or not 2 <= length <= most:
        raise BadInput(
            "model",
            f"tokenizer_config.json: model_max_length must be from 2 to {most}, as many tokens as "
            f"the text encoder reads (got {str(length)[:20]})",
        )
    if tokenizer.pad_token_id is None:
        raise BadInput(
            "model", "tokenizer_config.json: pad_token must be one of the tokenizer's tokens"
        )
    highest = max(tokenizer.get_vocab().values(), default=-1)
    if not 0 <= highest < known:
        raise BadInput(
            "model",
            f"its tokens must have ids from 0 to {known - 1}, as the text encoder has embeddings "
            f"for (got up to {highest})",
        )
    try:
        # Start and end are added by a template of their own, which may name any id.
        rows = tokenizer(["", LONG], padding="max_length", max_length=length, truncation=True)
        ids = [id_ for row in rows["input_ids"] for id_ in row]
    except Exception:
        ids = []
    if len(ids) != 2 * length or not all(0 <= id_ < known for id_ in ids):
        raise BadInput(
            "model",
            f"its tokenizer does not bring every prompt to {length} tokens "
            f"with ids from 0 to {known - 1}",
        )


def check_schedule(scheduler: DDIMScheduler) -> None:
    """Raise BadInput for a noise schedule with shares of signal outside 0 to 1.

    A share of 0 is that of the last step in schedules that end in pure noise.
    """
    shares = scheduler.alphas_cumprod
    if not bool(((shares >= 0) & (shares < 1)).all()):
        raise BadInput(
            "model",
            "scheduler/scheduler_config.json: the betas must leave a share of signal "
            "from 0 to below 1 at every step",
        )


def check_finite(network: torch.nn.Module) -> None:
    """Raise BadInput for weights that hold NaN or infinity."""
    for name, values in network.named_parameters():
        if not values.sum().isfinite():
            raise BadInput("model", f"its weights hold NaN or infinity in {name[:80]}")
