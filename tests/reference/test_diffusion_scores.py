"""What the page tells about the first step, computed anew with the shipped models."""

from __future__ import annotations

import pytest

from engine.core import get_lab
from engine.core.context import QuietContext
from engine.labs.diffusion.config import DetectionConfig, ScoresConfig
from engine.labs.diffusion.detection import detection
from engine.labs.diffusion.scores import scores

LAB = get_lab("diffusion")
FEW = {"against": "unseen,x1,scenes", "most": 8, "seeds": 1, "steps": 1}


def test_the_first_step_detects_within_a_family_of_captions_and_not_across() -> None:
    found = detection(DetectionConfig.build(**FEW), QuietContext()).metrics
    for method in ("wen_first", "white_box"):
        assert found[f"auc {method} unseen"] >= 0.9
        assert found[f"auc {method} x1"] >= 0.9
        assert found[f"auc {method} scenes"] < 0.5


def test_the_twin_gives_the_same_captions_no_such_score() -> None:
    found = detection(DetectionConfig.build(model="twin", **FEW), QuietContext()).metrics
    for name in ("unseen", "x1"):
        assert 0.2 < found[f"auc wen_first {name}"] < 0.8


def test_a_copied_caption_is_loud_at_the_first_step_and_its_picture_soon_there() -> None:
    result = scores(ScoresConfig.build(steps=5), QuietContext())
    loud = result.array("wen") / result.array("ordinary_wen").mean(0)
    assert (loud[:, 0] > 2).all() and (loud[:, 2:] < 2).all()
    assert (result.array("ssim")[:, -1] > 0.7).all()
    near = [result.notes["training"][at]["caption"] for at in result.array("nearest")[:, -1]]
    assert near == result.notes["prompts"]


@pytest.mark.parametrize("name", ["scores", "detection"])
def test_presets_of_the_view_are_valid(name: str) -> None:
    chosen = [preset for preset in LAB.presets if preset.experiment == name]
    assert chosen
    for preset in chosen:
        LAB.experiment(name).config.build(preset.config)
        assert preset.page["view"] == "scores"
