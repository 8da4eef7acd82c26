"""The networks of the embedded models: a U-Net over 4x4 patches and a small text encoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from engine.core import BadInput
from engine.labs.diffusion.model import words

PATCH = 4
"""Pixels along a side of a patch: 32x32x3 pictures are 8x8 with 48 channels to the U-Net."""

# Transformer layers a block: 3 gives 21 feed-forward layers, 1 gives 7.
PRESETS = {"full": 3, "fast": 1}


@dataclass(frozen=True, eq=False)
class Networks:
    """What is trained together: ``unet`` predicts the picture, ``text`` encodes the prompt."""

    unet: UNet2DConditionModel
    text: CLIPTextModel

    def named_parameters(self) -> dict[str, torch.nn.Parameter]:
        """Every weight of both networks by a name that starts with the network's."""
        return {
            f"{part}.{name}": parameter
            for part in ("unet", "text")
            for name, parameter in getattr(self, part).named_parameters()
        }


def build_networks(preset: str, seed: int) -> Networks:
    """Freshly initialised networks; raises BadInput for an unknown preset."""
    if preset not in PRESETS:
        raise BadInput("preset", f"must be one of {', '.join(PRESETS)} (got {preset!r})")
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=32 // PATCH,
        in_channels=3 * PATCH**2,
        out_channels=3 * PATCH**2,
        block_out_channels=(48, 64),
        down_block_types=("CrossAttnDownBlock2D",) * 2,
        up_block_types=("CrossAttnUpBlock2D",) * 2,
        layers_per_block=1,
        transformer_layers_per_block=PRESETS[preset],
        cross_attention_dim=64,
        attention_head_dim=4,  # the number of heads, in spite of its name
        norm_num_groups=16,
    )
    pieces = words.vocabulary()
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(pieces),
            hidden_size=64,
            intermediate_size=256,
            projection_dim=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=words.LENGTH,
            pad_token_id=pieces.index(words.PAD),
            bos_token_id=pieces.index(words.START),
            eos_token_id=pieces.index(words.END),
        )
    )
    # CLIP starts all words almost alike, for a large vocabulary and long training. Here words that
    # matter late, such as places, would be lost in the encoder before the U-Net asks for them.
    torch.nn.init.normal_(text.get_input_embeddings().weight)
    return Networks(unet, text)


def build_scheduler() -> DDIMScheduler:
    """The cosine schedule of training and sampling; the U-Net predicts the clean picture."""
    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="sample",
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        # Without effect on trailing steps; pipelines of diffusers warn about any other number.
        steps_offset=1,
    )


def to_latents(images: Tensor) -> Tensor:
    """Patches of pictures: uint8 (n, 32, 32, 3) to float32 (n, 48, 8, 8) from -1 to 1."""
    pixels = images.movedim(-1, 1).float() / 127.5 - 1
    return torch.nn.functional.pixel_unshuffle(pixels, PATCH)


def to_images(latents: Tensor) -> Tensor:
    """The reverse of ``to_latents``: (n, 48, 8, 8) to uint8 (n, 32, 32, 3)."""
    pixels = torch.nn.functional.pixel_shuffle(latents, PATCH)
    return ((pixels + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(1, -1)
