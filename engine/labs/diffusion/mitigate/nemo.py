"""NeMo's search (Hintersdorf et al. 2024): block until first steps differ, then block less.

Differences from the paper: SSIM over 7x7 windows in the place of MS-SSIM, which needs larger
pictures; and the threshold is measured on the model at hand instead of 0.428.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from engine.labs.diffusion.copying import structure
from engine.labs.diffusion.mitigate.names import Strengths
from engine.labs.diffusion.mitigate.neurons import (
    Neurons,
    Usual,
    activations,
    block,
    candidates,
    count,
)
from engine.labs.diffusion.mitigate.treatment import first_time
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import STEPS, Cut, clean_picture, first_noise


@dataclass(frozen=True, eq=False)
class Bench:
    """The first step that a search looks at: ``noise`` (noises, channels, height, width)."""

    pipeline: Pipeline
    noise: Tensor
    time: int
    threshold: float = 0.0


@dataclass(frozen=True, eq=False)
class Found:
    """What a search ends with, for one prompt.

    ``theta`` and ``most`` are those of the first block that was enough, or the last tried;
    ``first`` is its size before refinement. Similarities are those to the unblocked model.
    """

    neurons: Neurons
    theta: float
    most: int
    first: int
    before: float
    after: float
    reached: bool


def build_bench(pipeline: Pipeline, *, noises: int, seed: int, steps: int = STEPS) -> Bench:
    """The first of ``steps`` steps from ``noises`` noises."""
    return Bench(pipeline, first_noise(pipeline, noises, seed), first_time(pipeline, steps))


def with_threshold(bench: Bench, ordinary: Sequence[str]) -> Bench:
    """The threshold: mean plus one standard deviation of ordinary prompts' own similarity."""
    states = bench.pipeline.encode(ordinary)
    own = []
    for one in states:
        pictures = differences(bench, one)
        own.append(most_similar(pictures, pictures))
    return replace(bench, threshold=float(np.mean(own) + np.std(own)))


@torch.no_grad()
def differences(bench: Bench, states: Tensor, cut: Cut | None = None) -> np.ndarray:
    """First-step noise differences of one prompt's ``states`` (length, width), as pictures.

    (noises, height, width, channels), each from 0 to 1: predicted noise minus the noise given.
    """
    pipeline, noise = bench.pipeline, bench.noise
    alpha = pipeline.alpha(bench.time)
    latents = noise * pipeline.scheduler.init_noise_sigma
    many = states.expand(len(noise), -1, -1)
    output = pipeline.predict(latents, bench.time, many, cut.unet if cut else None)
    clean = clean_picture(pipeline, output, latents, alpha)
    # (latents - sqrt(alpha) clean) / sqrt(1 - alpha) - noise, without the loss of digits between
    # two nearly equal numbers.
    shares = ((1 / (1 - alpha) ** 0.5 - 1) * latents, (alpha / (1 - alpha)) ** 0.5 * clean)
    pixels = shares[0] - shares[1]
    if pipeline.patch:
        pixels = nn.functional.pixel_shuffle(pixels, pipeline.patch)
    flat = pixels.flatten(1)
    low, high = flat.amin(1), flat.amax(1)
    scaled = (flat - low[:, None]) / (high - low).clamp(min=1e-12)[:, None]
    return scaled.view_as(pixels).movedim(1, -1).double().numpy()


def most_similar(first: np.ndarray, second: np.ndarray) -> float:
    """The largest SSIM of a picture of the one and a picture of the other from another noise."""
    pairs = [(i, j) for i, j in itertools.product(range(len(first)), repeat=2) if i != j]
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    return float(structure(first[left], second[right]).max())


def search(bench: Bench, prompt: str, others: Usual, strengths: Strengths) -> Found:
    """Neurons of one prompt: first ever more, then layers and neurons that are not needed less.

    theta falls by a step and one more of the strongest neurons a layer joins until the block is
    enough or theta is at its least; where it never is enough, nothing is taken back.
    """
    states = bench.pipeline.encode([prompt])[0]
    mine = {name: values[0] for name, values in activations(bench.pipeline, [prompt]).items()}
    plain = differences(bench, states)

    def similarity(neurons: Neurons) -> float:
        blocked = differences(bench, states, block(bench.pipeline, neurons))
        return most_similar(plain, blocked)

    before = most_similar(plain, plain)
    theta, most = strengths.theta, 0
    while True:
        neurons = candidates(mine, others, theta=theta, most=most)
        after = similarity(neurons)
        if after < bench.threshold or theta - strengths.theta_step < strengths.theta_least - 1e-9:
            break
        theta, most = theta - strengths.theta_step, most + 1
    first, reached = count(neurons), after < bench.threshold
    if reached:
        for fewer in (_without_layers, _without_neurons):
            for change in fewer(neurons):
                tried = {name: mask & ~change.get(name, False) for name, mask in neurons.items()}
                level = similarity(tried)
                if level < bench.threshold:
                    neurons, after = tried, level
    return Found(neurons, theta, most, first, before, after, reached)


def _without_layers(neurons: Neurons) -> list[Neurons]:
    return [{name: mask} for name, mask in neurons.items() if mask.any()]


def _without_neurons(neurons: Neurons) -> list[Neurons]:
    changes = []
    for name, mask in neurons.items():
        for at in torch.nonzero(mask).flatten().tolist():
            one = torch.zeros_like(mask)
            one[at] = True
            changes.append({name: one})
    return changes
