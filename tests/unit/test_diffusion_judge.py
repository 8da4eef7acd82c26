"""The attribute judge learns what it is shown, and is shown more than clean scenes."""

from __future__ import annotations

import torch

from engine.labs.diffusion.judge.network import Judge, accuracy, to_pixels
from engine.labs.diffusion.training.judge import drawn, loss, train, worsened


def test_a_short_training_learns_the_background_first() -> None:
    images, scenes = drawn("test", 200)
    before = accuracy(Judge().eval(), images, scenes)
    after = accuracy(train(steps=60), images, scenes)
    assert after["background"] > 0.9 > before["background"]


def test_training_pictures_are_blurred_and_noisy_and_differ_from_tested_ones() -> None:
    images, scenes = drawn("train", 50)
    pixels = to_pixels(images)
    worse = worsened(pixels, torch.Generator().manual_seed(0))
    assert worse.shape == pixels.shape and not torch.equal(worse, pixels)
    assert (worse - pixels).abs().mean() < 0.3
    again, same = drawn("train", 50)
    assert (again == images).all() and same == scenes
    assert (drawn("test", 50)[0] != images).any()


def test_the_loss_falls_when_the_labels_are_right() -> None:
    images, scenes = drawn("train", 20)
    judge = train(steps=60)
    right = torch.tensor([scene.labels for scene in scenes])
    wrong = right.roll(7, 0)
    assert loss(judge, to_pixels(images), right) < loss(judge, to_pixels(images), wrong)
