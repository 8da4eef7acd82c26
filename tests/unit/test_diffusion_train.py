"""The training of the embedded diffusion models: its schedule, its data and its resumption."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.labs.diffusion.model import words
from engine.labs.diffusion.model.architecture import (
    build_networks,
    build_scheduler,
    to_images,
    to_latents,
)
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.training.train import (
    NAMED,
    Settings,
    Trainer,
    batch_positions,
    learning_rate,
    tokenized,
)

SMALL = Settings("small", preset="fast", steps=4, batch=2, warmup=2, save_every=2, snapshot_every=2)


def test_patches_are_pictures_in_another_order() -> None:
    images = torch.from_numpy(build_collection().images[:5])
    latents = to_latents(images)
    assert latents.shape == (5, 48, 8, 8)
    assert latents.min() >= -1 and latents.max() <= 1
    assert torch.equal(to_images(latents), images)


def test_every_caption_has_only_known_words_and_room_for_its_end() -> None:
    data = build_collection()
    captions = sorted({*data.captions, *data.unseen_titles, *(s.caption for s in data.held_out)})
    ids, null = tokenized(captions)
    vocabulary = words.vocabulary()
    assert vocabulary.index(words.UNKNOWN) not in ids
    assert (ids == vocabulary.index(words.END)).sum(1).eq(1).all()
    assert ids[:, 0].eq(vocabulary.index(words.START)).all()
    assert null[:3].tolist() == [vocabulary.index(w) for w in (words.START, words.END, words.PAD)]
    assert len({tuple(row.tolist()) for row in ids}) == len(captions)


def test_a_pass_shows_every_picture_as_often_as_it_has_copies() -> None:
    order = np.repeat(np.arange(8), [1, 2, 3, 4, 1, 1, 2, 2])
    settings = replace(SMALL, batch=4)
    passes = [
        np.concatenate([batch_positions(order, 4 * number + step, settings) for step in range(4)])
        for number in range(2)
    ]
    for seen in passes:
        assert np.bincount(seen).tolist() == [1, 2, 3, 4, 1, 1, 2, 2]
    assert passes[0].tolist() != passes[1].tolist()


def test_the_rate_warms_up_and_ends_low() -> None:
    settings = NAMED["full"]
    rates = [learning_rate(step, settings) for step in range(settings.steps + 1)]
    assert max(rates) == pytest.approx(settings.rate) == rates[settings.warmup]
    assert rates[0] == pytest.approx(settings.rate / settings.warmup)
    assert rates[-1] == pytest.approx(0.03 * settings.rate)


def test_the_loss_weighs_by_the_least_of_the_noise() -> None:
    alphas = build_scheduler().alphas_cumprod
    assert alphas[0] > 0.999 and alphas[-1] < 1e-6


def test_a_training_that_was_cut_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = Trainer(SMALL, tmp_path / "whole")
    whole.run()
    cut = Trainer(replace(SMALL, steps=2), tmp_path / "cut")
    # The same schedule, stopped half-way.
    cut.settings = SMALL
    first = [cut.step(cut.draw(step)) for step in range(2)]

    cut.save()
    rest = Trainer(SMALL, tmp_path / "cut")
    assert rest.progress.step == 2 and len(first) == 2
    rest.run()
    for name, value in whole.average.items():
        assert torch.equal(value, rest.average[name]), name
    for name, value in whole.weights.items():
        assert torch.equal(value, rest.weights[name]), name
    assert sorted(p.name for p in (whole.folder / "snapshots").iterdir()) == [
        "step-000002.safetensors",
        "step-000004.safetensors",
    ]


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(BadInput, match="preset: must be one of full, fast"):
        build_networks("huge", 0)
