"""Train the attribute judge: ``python -m engine.labs.diffusion.training.judge``.

It sees fresh clean scenes of all combinations, with a little blur and noise as samples have them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from engine.core.seeds import rng
from engine.labs.diffusion.judge.network import SHIPPED, Judge, accuracy, to_pixels
from engine.labs.diffusion.pictures.scenes import ATTRIBUTES, Scene, all_scenes

STEPS, BATCH, RATE, SEED = 1500, 64, 2e-3, 0
TESTED = 1000


def drawn(purpose: str, count: int, seed: int = SEED) -> tuple[np.ndarray, list[Scene]]:
    """``count`` fresh scenes for one purpose and their pictures, uint8 (count, 32, 32, 3)."""
    generator = rng(seed, "judge", purpose)
    known = all_scenes()
    scenes = [known[int(index)] for index in generator.integers(len(known), size=count)]
    return np.stack([scene.draw(generator) for scene in scenes]), scenes


def loss(judge: Judge, pixels: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of all heads; ``labels`` (n, attributes)."""
    logits = judge(pixels)
    parts = [F.cross_entropy(logits[name], labels[:, i]) for i, name in enumerate(ATTRIBUTES)]
    return torch.stack(parts).mean()


def worsened(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the pictures blurred, all with noise: a generated scene is never quite clean."""
    blurred = F.avg_pool2d(F.pad(pixels, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    soft = torch.rand(len(pixels), 1, 1, 1, generator=generator) < 0.5
    spread = 0.15 * torch.rand(len(pixels), 1, 1, 1, generator=generator)
    noise = torch.randn(pixels.shape, generator=generator)
    return torch.where(soft, blurred, pixels) + spread * noise


def train(steps: int = STEPS, seed: int = SEED) -> Judge:
    """A judge trained on fresh pictures."""
    torch.manual_seed(seed)
    judge = Judge()
    optimiser = torch.optim.AdamW(judge.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    generator = torch.Generator().manual_seed(seed)
    images, scenes = drawn("train", min(steps * BATCH, 12_000), seed)
    pixels, labels = to_pixels(images), torch.tensor([scene.labels for scene in scenes])
    for _ in range(steps):
        at = torch.randint(len(pixels), (BATCH,), generator=generator)
        optimiser.zero_grad(set_to_none=True)
        loss(judge, worsened(pixels[at], generator), labels[at]).backward()
        optimiser.step()
        schedule.step()
    return judge.eval().requires_grad_(False)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, test on fresh scenes and write the shipped judge with its card."""
    torch.set_num_threads(1)
    start = time.process_time()
    judge = train()
    seconds = time.process_time() - start
    images, scenes = drawn("test", TESTED)
    SHIPPED.parent.mkdir(parents=True, exist_ok=True)
    halves = {name: value.half().contiguous() for name, value in judge.state_dict().items()}
    save_file(halves, SHIPPED)
    card = {
        "steps": STEPS,
        "batch": BATCH,
        "seed": SEED,
        "cpu_seconds": round(seconds),
        "parameters": sum(parameter.numel() for parameter in judge.parameters()),
        "tested_scenes": TESTED,
        "accuracy": accuracy(judge, images, scenes),
    }
    text = json.dumps(card, indent=1) + "\n"
    (SHIPPED.parent / "card.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
