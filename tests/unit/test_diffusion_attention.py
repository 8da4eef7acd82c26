"""Cross-attention in the open: the same pictures, rows that sum to 1, and nothing left behind."""

from __future__ import annotations

import pytest
import torch

from engine.labs.diffusion.model.attention import Attention, cross_layers
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import first_noise, sample, steps
from tests.diffusion_models import patches

PROMPTS = ("a small red circle at the top on a blue background", "the painting calm river by ann")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("patches"))


def test_watching_changes_no_picture_and_leaves_the_network_as_it_was(pipeline: Pipeline) -> None:
    before = {n: pipeline.unet.get_submodule(n).processor for n in cross_layers(pipeline.unet)}
    seen: dict[str, torch.Tensor] = {}
    plain = sample(pipeline, PROMPTS, count=2)
    watched = sample(
        pipeline, PROMPTS, count=2, attention=lambda _: Attention(see=seen.__setitem__)
    )
    assert (plain.int() - watched.int()).abs().max() <= 1
    assert set(seen) == set(cross_layers(pipeline.unet))
    for name, shares in seen.items():
        assert shares.shape[0] == 2 * len(PROMPTS)
        torch.testing.assert_close(shares.sum(-1), torch.ones(shares.shape[:-1]))
        assert pipeline.unet.get_submodule(name).processor is before[name]


def test_changed_logits_change_the_prediction_of_the_named_layer_only(pipeline: Pipeline) -> None:
    last = cross_layers(pipeline.unet)[-1]
    changed: list[str] = []

    def flatten(name: str, logits: torch.Tensor) -> torch.Tensor:
        changed.append(name)
        return logits * 0

    plain = sample(pipeline, PROMPTS, count=1)
    other = sample(
        pipeline,
        PROMPTS,
        count=1,
        attention=lambda _: Attention(change=flatten, layers=frozenset({last})),
    )
    assert set(changed) == {last}
    assert (plain != other).any()


def test_a_schedule_of_guidance_is_told_the_step_and_the_score(pipeline: Pipeline) -> None:
    states = pipeline.encode(["", PROMPTS[0]])
    noise = first_noise(pipeline, 1, 0)
    told: list[tuple[int, int]] = []

    def schedule(index: int, timestep: int, score: torch.Tensor) -> torch.Tensor:
        told.append((index, timestep))
        return torch.where(score > 0, 2.0, 2.0)

    fixed = [s.following for s in steps(pipeline, states, noise, count=3)]
    scheduled = list(steps(pipeline, states, noise, count=3, guidance=schedule))
    assert told == [(s.index, s.timestep) for s in scheduled]
    for one, other in zip(fixed, scheduled, strict=True):
        torch.testing.assert_close(one, other.following)
