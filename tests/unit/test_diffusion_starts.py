"""Searches from random starts: embeddings are located as prompts are, and compared in pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput, Field, Result
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.diffusion import starts as run
from engine.labs.diffusion.config import StartsConfig
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.views import starts as views
from tests.diffusion_models import save_patches


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("models") / "one")


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Pipeline:
    return load_pipeline(str(folder))


def test_an_embedding_is_located_as_its_prompt_is(pipeline: Pipeline) -> None:
    prompt = "the painting golden river by costa"
    config = StartsConfig(sparsity=0.2, tau=2)
    states = pipeline.encode([prompt, "another"])
    found = run.located(pipeline, states, config)[0]
    want = locate(pipeline, [[prompt]], How(sparsity=0.2, tau=2))
    same = sum(int((found[name] == want[name]).sum()) for name in want)
    assert found.keys() == want.keys()
    # Batches of another size round otherwise; ties may fall differently.
    assert same >= 0.999 * sum(mask.numel() for mask in want.values())


def test_pairs_are_compared_each_once() -> None:
    masks = [{"a": torch.tensor([[True, False, True]])}, {"a": torch.tensor([[True, True, True]])},
             {"a": torch.tensor([[False, True, False]])}]  # fmt: skip
    np.testing.assert_allclose(run.agreement(masks), [2 / 3, 0, 1 / 3])
    states = torch.tensor([[[3.0, 4.0]], [[0.0, 5.0]], [[3.0, 4.0]]])
    np.testing.assert_allclose(run.apart(states), [10**0.5 / 5, 0, 10**0.5 / 5], rtol=1e-6)


def test_the_run_shows_both_pictures_from_the_same_starts(folder: Path) -> None:
    config = StartsConfig(model=str(folder), starts=2, search_steps=2, tau=1)
    result = run.starts(config, QuietContext())
    assert result.array("pictures").shape == (2, 2, 32, 32, 3)
    assert result.array("agreement").shape == (3, 1) and result.array("apart").shape == (2, 1)
    assert not np.array_equal(result.array("pictures")[0], result.array("pictures")[1])
    assert check_axes(views.draw_agreement(result, Palette.light())) == []
    grid = views.starts_grid(result)
    assert grid.shape == (2, 3)
    assert grid.line(1, 2) == f"SSIM {result.array('ssim')[1, 1]:.2f}"


def made(own: float, others: float, arrived: float) -> Result:
    values = np.array([[own], [0.3], [others]])
    return Result(
        fields={
            "agreement": Field(values, ("group", "pair")),
            "ssim": Field(np.array([[arrived, arrived], [0.1, 0.2]]), ("case", "start")),
            "apart": Field(np.ones((2, 1)), ("case", "pair")),
        },
        notes={"cases": list(run.CASES), "groups": list(run.GROUPS)},
    )


def test_words_follow_the_numbers() -> None:
    assert "they share something of this picture" in views.describe_agreement(made(0.6, 0.4, 0.9))
    control = made(0.6, 0.4, 0.9)
    control.array("agreement")[1] = 0.7  # a never-seen picture's finds agree as much
    assert "may be the search's doing" in views.describe_agreement(control)
    assert "no one place is shown" in views.describe_agreement(made(0.3, 0.4, 0.9))
    told = views.describe_arrivals(made(0.3, 0.4, 0.9))
    assert "2 of 2 for the copied picture" in told and "0 of 2 for the never seen" in told


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"starts": 1}, "starts: must be from 2 to 8"),
        ({"which": 8}, "which: must be from 0 to 7"),
        ({"tau": 0}, "tau: must be from 1 to 20"),
    ],
)
def test_settings_out_of_range_are_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        StartsConfig.build(values)
