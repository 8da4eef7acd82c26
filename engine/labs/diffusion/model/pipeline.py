"""A text-to-image pipeline as the lab uses it: shared, never changed, safe between threads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import Any

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.func import functional_call

from engine.core import BadInput
from engine.labs.diffusion.model.attention import Attention, watched
from engine.labs.diffusion.prompt_files import LONGEST_PROMPT

Tap = Callable[[Tensor], None]
"""What a probe is given: the input of a module, as it is when the module is called."""

Weights = Mapping[str, Tensor]
"""Values to use in place of a network's own, by parameter name."""


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The parts of a pipeline in float32 and evaluation mode.

    ``patch`` is the side of a patch where the U-Net sees patches of pixels, and 0 where a VAE
    decodes. ``data_seed`` and ``copies`` tell what an embedded model was trained on.
    """

    name: str
    unet: UNet2DConditionModel
    text: nn.Module
    tokenizer: Any
    scheduler: DDIMScheduler
    vae: Any = None
    patch: int = 0
    data_seed: int | None = None
    copies: bool = True
    folder: Any = None
    lock: RLock = field(default_factory=RLock)

    @property
    def prediction(self) -> str:
        """What the U-Net predicts: "sample" (the picture), "epsilon" or "v_prediction"."""
        return self.scheduler.config["prediction_type"]

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of what is denoised."""
        config = self.unet.config
        return (config["in_channels"], config["sample_size"], config["sample_size"])

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of all weights of U-Net and text encoder: masks belong to them."""
        summary = hashlib.sha256()
        for part in (self.unet, self.text):
            for name, parameter in sorted(part.named_parameters()):
                summary.update(name.encode())
                summary.update(parameter.detach().float().contiguous().numpy().tobytes())
        return summary.hexdigest()[:16]

    def alpha(self, timestep: int) -> float:
        """The share of signal power at a time step (the cumulative product of the alphas)."""
        return float(self.scheduler.alphas_cumprod[timestep])

    def tokens(self, prompts: Sequence[str]) -> Tensor:
        """Token ids, (prompts, length); long prompts are cut as diffusers cuts them."""
        return self.tokenizer(
            list(prompts),
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )["input_ids"]

    @torch.no_grad()
    def encode(
        self,
        prompts: Sequence[str],
        weights: Weights | None = None,
        taps: Mapping[str, Tap] | None = None,
    ) -> Tensor:
        """States of the text encoder, (prompts, length, width)."""
        for prompt in prompts:
            if len(prompt) > LONGEST_PROMPT:
                raise BadInput("prompt", f"must have at most {LONGEST_PROMPT} characters")
        inputs = {"input_ids": self.tokens(prompts)}
        return self._call(self.text, (), inputs, weights, taps).last_hidden_state

    def predict(
        self,
        latents: Tensor,
        timestep: Tensor | int,
        states: Tensor,
        weights: Weights | None = None,
        taps: Mapping[str, Tap] | None = None,
        attention: Attention | None = None,
    ) -> Tensor:
        """The U-Net's prediction, shaped like ``latents`` (n, channels, height, width).

        ``states`` (n, length, width) are what ``encode`` gives. ``weights`` replace parameters for
        this call; ``taps`` see the inputs of modules of this call and of no other, ``attention``
        sees and changes its cross-attention.
        """
        with self.lock, watched(self.unet, attention):
            return self._call(self.unet, (latents, timestep, states), {}, weights, taps).sample

    def _call(
        self,
        network: nn.Module,
        inputs: tuple[Any, ...],
        named: dict[str, Any],
        weights: Weights | None,
        taps: Mapping[str, Tap] | None,
    ) -> Any:
        # Hooks and replaced weights are set on the shared network while it is called, so that
        # another thread's call would meet them: one call at a time.
        with self.lock, ExitStack() as stack:
            for name, tap in (taps or {}).items():
                handle = network.get_submodule(name).register_forward_pre_hook(_hook(tap))
                stack.callback(handle.remove)
            if weights:
                return functional_call(network, dict(weights), inputs, named, strict=False)
            return network(*inputs, **named)

    @torch.no_grad()
    def to_latents(self, images: Tensor) -> Tensor:
        """What the U-Net is to predict for pictures uint8 (n, height, width, 3)."""
        pixels = images.movedim(-1, 1).float() / 127.5 - 1
        if self.vae is None:
            return nn.functional.pixel_unshuffle(pixels, self.patch)
        return self.vae.encode(pixels).latent_dist.mean * self.vae.config["scaling_factor"]

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Pictures as uint8 (n, height, width, 3); raises BadInput for NaN or infinity."""
        if self.vae is None:
            pixels = nn.functional.pixel_shuffle(latents, self.patch)
        else:
            pixels = self.vae.decode(latents / self.vae.config["scaling_factor"]).sample
        if not pixels.isfinite().all():
            raise BadInput("model", "its decoded pictures are NaN or infinite")
        return ((pixels + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(1, -1)


def _hook(tap: Tap) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def see(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        tap(inputs[0].detach())

    return see
