"""The clips of every step, with small untrained models."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.core.result import Result
from engine.labs.motion.config.denoise import DenoiseConfig
from engine.labs.motion.denoising import film
from engine.labs.motion.evaluation.quality import jerk
from engine.labs.motion.generation.generate import How, generate
from engine.labs.motion.generation.unmask import Unmasking, unmask
from engine.labs.motion.models.stored import load_model
from engine.labs.motion.views.clips import positions_of
from engine.labs.motion.views.denoise import kept_frames
from tests.motion_shipped import ship_tiny


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ship_tiny(monkeypatch, tmp_path, "motion-mamba", "kmm")


def run(**values: object) -> Result:
    given = {"seconds": 2.0, "steps": 4, "seed": 5} | values
    return film(DenoiseConfig.build(given), QuietContext())


@pytest.mark.parametrize("kind", ["motion-mamba", "kmm"])
def test_the_last_step_is_the_clip_that_the_model_generates(kind: str) -> None:
    result, config = run(model=kind), DenoiseConfig()
    made = generate(load_model(kind), config.text, 2.0, 5, How(4, config.guidance)).positions
    # Half precision keeps a joint to a millimetre or two of the pelvis.
    np.testing.assert_allclose(positions_of(result, 3), made, atol=3e-3, rtol=2e-3)
    assert result.array("to_final")[-1] == 0 and result.array("pelvis").shape == (4, 41, 3)


def test_curves_are_the_distances_of_the_clips() -> None:
    result = run()
    clips = [positions_of(result, at).astype(float) for at in range(4)]
    free = [positions_of(result, at, "free_").astype(float) for at in range(4)]
    for at in range(4):
        apart = np.sqrt(((clips[at] - clips[3]) ** 2).sum(-1)).mean()
        assert result.array("to_final")[at] == pytest.approx(apart, abs=3e-3)
        moved = np.sqrt(((clips[at] - free[at]) ** 2).sum(-1)).mean()
        assert result.array("text")[at] == pytest.approx(moved, abs=3e-3)
        assert result.array("jerk")[at] == pytest.approx(jerk(clips[at]).mean(), abs=5e-3)
    assert result.array("noise")[0] > 0.99 and (np.diff(result.array("noise")) < 0).all()


def test_without_guidance_the_text_moves_nothing() -> None:
    result = run(guidance=0)
    assert not result.array("text").any()
    np.testing.assert_array_equal(result.array("body"), result.array("free_body"))


def test_tokens_stay_once_they_are_kept() -> None:
    result = run(model="kmm", steps=6)
    masked = result.array("masked")
    assert masked.shape == (6, 10) and not masked[-1].any() and masked[0].any()
    assert not (masked[1:] & ~masked[:-1]).any()
    kept = kept_frames(result)
    assert kept.shape == (6, 41) and kept[-1].all()
    assert (kept[0, :40].reshape(10, 4) == ~masked[0][:, None]).all()
    assert (result.array("text") >= 0).all() and (result.array("text") <= 1).all()


def test_watching_an_unmasking_changes_nothing_and_tells_every_draw() -> None:
    model = load_model("kmm")
    ids = torch.tensor([model.vocabulary.read(DenoiseConfig().text).ids])
    seen: list[Unmasking] = []
    watched, _ = unmask(
        model.network, ids, torch.tensor([40]), [1], steps=5, watch=seen.append
    )  # fmt: skip
    alone, _ = unmask(model.network, ids, torch.tensor([40]), [1], steps=5)
    assert torch.equal(watched, alone) and [one.number for one in seen] == list(range(5))
    for one, later in pairwise(seen):
        kept = ~one.masked
        assert torch.equal(one.codes[kept], later.codes[kept])
    assert torch.equal(seen[-1].codes, watched)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "transformer"}, "'transformer' is not in this checkout"),
        ({"text": "xyzzy"}, "knows none of its words"),
        ({"seconds": 12}, "from 2 to 9.5"),
        ({"steps": 1}, "from 2 to 50"),
    ],
)
def test_what_cannot_be_asked_gets_one_sentence(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        DenoiseConfig.build(values).fits(lambda address: b"")
