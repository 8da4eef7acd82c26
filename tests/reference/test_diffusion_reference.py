"""The diffusion lab's fast routines against slow, plain ones and against diffusers itself."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from engine.labs.diffusion import copying
from engine.labs.diffusion.locate.masks import select
from engine.labs.diffusion.locate.sites import SITES, channels, find_site, layers
from engine.labs.diffusion.locate.statistics import channel_squares, measure
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.sampler import sample
from tests.diffusion_models import patches, save_latent, save_patches

PROMPTS = ["the painting hidden river by costa", "a small red cross at the left", "blue"]


def test_our_sampler_gives_what_diffusers_gives(tmp_path: Path) -> None:
    seed = 7
    folder = save_patches(tmp_path / "model")
    ours = sample(load_pipeline(str(folder)), PROMPTS[:1], seed=seed, count=6, guidance=2.5)
    theirs = StableDiffusionPipeline.from_pretrained(folder, vae=None, torch_dtype=torch.float32)
    theirs.set_progress_bar_config(disable=True)
    latents = theirs(
        PROMPTS[0],
        height=64,
        width=64,
        num_inference_steps=6,
        guidance_scale=2.5,
        generator=torch.Generator().manual_seed(seed),
        output_type="latent",
    ).images
    pixels = torch.nn.functional.pixel_shuffle(latents, 4)
    want = ((pixels + 1) * 127.5).round().clamp(0, 255).movedim(1, -1)
    assert (ours.float() - want).abs().max() <= 1
    assert want.std() > 10


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_pipeline_with_a_vae_samples_as_in_diffusers(prediction: str, tmp_path: Path) -> None:
    folder = save_latent(tmp_path / "model", prediction)
    ours = sample(load_pipeline(str(folder)), PROMPTS[:1], seed=3, count=5, guidance=3.0)
    theirs = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    theirs.set_progress_bar_config(disable=True)
    want = theirs(
        PROMPTS[0],
        num_inference_steps=5,
        guidance_scale=3.0,
        generator=torch.Generator().manual_seed(3),
        output_type="np",
    ).images
    assert ours.shape == (1, 16, 16, 3)
    assert np.abs(ours.numpy() - 255 * want).max() <= 1


def slow_ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Window by window, as the formula reads."""
    values = []
    for channel in range(3):
        x, y = first[..., channel] / 255, second[..., channel] / 255
        for top in range(x.shape[0] - 6):
            for left in range(x.shape[1] - 6):
                a = x[top : top + 7, left : left + 7].ravel()
                b = y[top : top + 7, left : left + 7].ravel()
                cov = np.cov(a, b)
                up = (2 * a.mean() * b.mean() + 1e-4) * (2 * cov[0, 1] + 9e-4)
                down = (a.mean() ** 2 + b.mean() ** 2 + 1e-4) * (cov[0, 0] + cov[1, 1] + 9e-4)
                values.append(up / down)
    return float(np.mean(values))


def test_ssim_and_correlation_are_their_formulas() -> None:
    generator = np.random.default_rng(0)
    first = generator.integers(0, 256, (4, 12, 14, 3), dtype=np.uint8)
    second = np.clip(first + generator.normal(0, 40, first.shape), 0, 255).astype(np.uint8)
    got = copying.ssim(first, second)
    assert got == pytest.approx([slow_ssim(a, b) for a, b in zip(first, second, strict=True)])
    want = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(first, second, strict=True)]
    assert copying.zncc(first, second) == pytest.approx(want)


def test_neighbours_are_those_of_a_loop() -> None:
    generator = np.random.default_rng(1)
    training = generator.integers(0, 256, (80, 8, 8, 3), dtype=np.uint8)
    pictures = np.concatenate([training[5:7], generator.integers(0, 256, (3, 8, 8, 3))]).astype(
        np.uint8
    )
    got = copying.TrainingPictures(training).neighbours(pictures)
    for at, picture in enumerate(pictures):
        apart = [math.sqrt(np.mean((picture / 255.0 - other / 255.0) ** 2)) for other in training]
        nearest = sorted(apart)[:50]
        assert got.nearest[at] == int(np.argmin(apart))
        assert got.distance[at] == pytest.approx(nearest[0], abs=1e-3)
        assert got.ratio[at] == pytest.approx(nearest[0] / np.mean(nearest), abs=2e-3)


@pytest.mark.parametrize(
    ("site", "half"), [("ff_out", "both"), ("cross_k", "conditional"), ("conv", "conditional")]
)
def test_a_mask_is_that_of_loops_over_weights(site: str, half: str, tmp_path: Path) -> None:
    pipeline = patches(tmp_path / "model")
    place = find_site(site)
    weights = layers(pipeline, place)
    chosen = measure(pipeline, PROMPTS, place, tau=2, count=4)
    rival = measure(pipeline, ["", ""], place, tau=2, count=4)
    masks = select(weights, chosen, rival, sparsity=0.1, half=half)  # type: ignore[arg-type]
    assert set(masks) == set(weights)
    name = next(iter(weights))
    assert torch.equal(masks[name], slow_mask(weights[name], chosen, rival, name, half))
    assert any(mask.any() for mask in masks.values())


def slow_mask(layer, chosen, rival, name, half):
    """Row after row: sort by the score, take the first ones, compare each with its rival."""
    weight = layer.weight.detach()
    sizes = weight.abs().numpy()
    out = torch.zeros_like(weight, dtype=torch.bool)
    first = 1 if half == "conditional" else 0
    scale = math.sqrt(len(chosen.prompts) / len(rival.prompts))
    for step in range(chosen.squares[name].shape[1]):
        high = chosen.squares[name][first:, step].sum((0, 1)).sqrt().numpy()
        low = rival.squares[name][first:, step].sum((0, 1)).sqrt().numpy() * np.float32(scale)
        for row in range(len(sizes)):
            entries = [
                (size * high[index[0]], size * low[index[0]], index)
                for index, size in np.ndenumerate(sizes[row])
            ]
            entries.sort(key=lambda entry: -entry[0])
            for mine, theirs, index in entries[: int(0.1 * len(entries) + 1e-9)]:
                if mine > theirs:
                    out[(row, *index)] = True
    return out


@pytest.mark.parametrize("site", list(SITES))
def test_statistics_are_sums_over_the_tokens_that_a_layer_was_given(site, tmp_path) -> None:
    pipeline = patches(tmp_path / "model")
    place = find_site(site)
    got = measure(pipeline, PROMPTS, place, tau=1, count=4, seed=5)
    seen = {}
    network = getattr(pipeline, place.network)
    handles = [
        module.register_forward_pre_hook(
            lambda _, inputs, name=name: seen.setdefault(name, inputs[0].clone())
        )
        for name, module in layers(pipeline, place).items()
    ]
    if place.network == "text":
        pipeline.encode(PROMPTS)
    else:
        sample(pipeline, PROMPTS, seed=5, count=4)
    for handle in handles:
        handle.remove()
    assert not network.training
    for name, inputs in seen.items():
        rows = channels(inputs).double()
        want = torch.zeros(len(rows), rows.shape[-1], dtype=torch.float64)
        for at, picture in enumerate(rows):
            for row in picture:
                want[at] += (row / row.norm()) ** 2
        values = got.squares[name][:, 0].flatten(0, 1).double()
        torch.testing.assert_close(values, want, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(channel_squares(inputs).double(), want, rtol=1e-4, atol=1e-6)
