"""The search for embeddings: its loss, its independence and what it cannot be asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.labs.diffusion.attack import attack, denoising_loss, search
from engine.labs.diffusion.judge.network import accuracy, load_judge
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.training.judge import drawn
from tests.diffusion_models import patches, save_latent


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("models") / "one")


def test_the_loss_is_that_of_each_noise_on_its_own(pipeline: Pipeline) -> None:
    wanted = find_prompts(pipeline, "A")
    assert wanted.targets is not None
    clean = pipeline.to_latents(torch.from_numpy(wanted.targets[:2]))
    states = pipeline.encode(wanted.prompts[:2])
    draw = torch.Generator().manual_seed(4)
    got = denoising_loss(pipeline, clean, states, None, batch=3, draw=draw)
    draw = torch.Generator().manual_seed(4)
    noise = torch.randn(6, *clean.shape[1:], generator=draw)
    times = torch.randint(1000, (6,), generator=draw).tolist()
    for picture in range(2):
        losses = []
        for place in range(3 * picture, 3 * picture + 3):
            kept = pipeline.alpha(times[place])
            noisy = kept**0.5 * clean[picture] + (1 - kept) ** 0.5 * noise[place]
            output = pipeline.predict(noisy[None], times[place], states[picture][None])[0]
            losses.append(float(((output - clean[picture]) ** 2).mean()) / max(1 - kept, 0.05))
        assert float(got[picture]) == pytest.approx(np.mean(losses), rel=1e-3)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_model_that_predicts_noise_has_the_loss_of_noise(prediction: str, tmp_path) -> None:
    model = load_pipeline(str(save_latent(tmp_path / "model", prediction)))
    clean = torch.randn(1, *model.latent_shape, generator=torch.Generator().manual_seed(0))
    states = model.encode(["a prompt"])
    draw = torch.Generator().manual_seed(4)
    got = float(denoising_loss(model, clean, states, None, batch=1, draw=draw))
    draw = torch.Generator().manual_seed(4)
    noise = torch.randn(clean.shape, generator=draw)
    time = int(torch.randint(1000, (1,), generator=draw))
    kept = model.alpha(time)
    noisy = kept**0.5 * clean + (1 - kept) ** 0.5 * noise
    want = noise if prediction == "epsilon" else kept**0.5 * noise - (1 - kept) ** 0.5 * clean
    assert got == pytest.approx(float(((model.predict(noisy, time, states) - want) ** 2).mean()),
                                rel=1e-4)  # fmt: skip


def test_a_search_lowers_its_loss_and_leaves_the_model_alone(pipeline: Pipeline) -> None:
    wanted = find_prompts(pipeline, "A")
    assert wanted.targets is not None
    clean = pipeline.to_latents(torch.from_numpy(wanted.targets[:1]))
    start = pipeline.encode(wanted.prompts[:1])
    before = pipeline.digest
    states, losses = search(pipeline, start, clean, None, count=12, rate=0.1, batch=8, seed=0)
    assert losses.shape == (1, 12) and not torch.equal(states, start)

    def loss(embedding: torch.Tensor) -> float:
        draw = torch.Generator().manual_seed(99)
        with torch.no_grad():
            return float(denoising_loss(pipeline, clean, embedding, None, batch=32, draw=draw))

    assert loss(states) < loss(start)
    del pipeline.__dict__["digest"]
    assert pipeline.digest == before
    assert all(parameter.grad is None for parameter in pipeline.unet.parameters())


def test_pictures_that_are_searched_for_together_do_not_meet(pipeline: Pipeline) -> None:
    wanted = find_prompts(pipeline, "A")
    assert wanted.targets is not None
    clean = pipeline.to_latents(torch.from_numpy(wanted.targets[:2]))
    start = pipeline.encode(wanted.prompts[:2])
    other = torch.stack([clean[0], -clean[1]])
    settings = {"count": 3, "rate": 0.1, "batch": 2, "seed": 0}
    first, _ = search(pipeline, start, clean, None, **settings)
    second, _ = search(pipeline, start, other, None, **settings)
    torch.testing.assert_close(first[0], second[0])
    assert not torch.allclose(first[1], second[1])


def test_a_search_can_be_stopped(pipeline: Pipeline) -> None:
    class Stop(Exception):
        pass

    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if len(seen) == 3:
            raise Stop

    with pytest.raises(Stop):
        attack(pipeline, find_prompts(pipeline, "A"), pictures=2, count=5, progress=progress)
    assert seen == [(0, 10), (2, 10), (4, 10)]


def test_scenes_have_no_picture_to_search_for(pipeline: Pipeline) -> None:
    with pytest.raises(BadInput, match="scenes has no target pictures"):
        attack(pipeline, find_prompts(pipeline, "scenes"))


def test_the_shipped_judge_sees_what_scenes_show() -> None:
    images, scenes = drawn("another test", 400)
    right = accuracy(load_judge(), images, scenes)
    assert min(right.values()) >= 0.97
    wrong = accuracy(load_judge(), images[::-1].copy(), scenes)
    assert wrong["colour"] < 0.4


def test_a_missing_judge_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="judge: the judge is not in this checkout"):
        load_judge(tmp_path / "none.safetensors")
