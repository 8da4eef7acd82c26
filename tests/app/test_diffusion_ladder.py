"""The ladder's view without a browser: its links, its sentences, and settings that do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core import Result, get_lab
from engine.core.context import QuietContext
from engine.labs.diffusion import arrival, basin, ladder
from engine.labs.diffusion.config import ArrivalConfig, BasinConfig, LadderConfig
from engine.labs.diffusion.sampler import sample_states
from engine.store import Store
from tests.app.test_pages import texts, visit
from tests.diffusion_models import save_patches

pytestmark = pytest.mark.usefixtures("runner_off", "results")
VIEW = {"diffusion.view": "ladder"}


@pytest.fixture(scope="module")
def cheap(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Result]:
    """Results of an untrained model in the place of the default's, and the kept snapshots."""
    model = str(save_patches(tmp_path_factory.mktemp("patches")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            basin, "sample_states",
            lambda pipeline, states, noise: sample_states(pipeline, states, noise=noise, count=1),
        )  # fmt: skip
        rungs = ladder.run(LadderConfig(model=model, seeds=1, steps=1), QuietContext())
        ways = basin.run(BasinConfig(model=model, points=3, seeds=1), QuietContext())
    snapshots = arrival.run(ArrivalConfig(), QuietContext())
    return {
        ("ladder", "default"): rungs,
        ("ladder", "twin"): rungs,
        ("basin", "default"): ways,
        ("arrival", "default"): snapshots,
    }


@pytest.fixture
def results(
    cheap: dict[tuple[str, str], Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path / "nothing"))
    lab = get_lab("diffusion")
    for (name, model), result in cheap.items():
        experiment = lab.experiment(name)
        digest = experiment.digest(lab.name, experiment.config.build(model=model))
        Store.open().results.save(digest, result, {"seconds": 1.0})


def test_the_ladder_its_twin_its_leaks_and_its_training_are_told() -> None:
    app = visit("diffusion", **VIEW)
    said = texts(app)
    assert not app.warning
    assert "Extracted samples (patches" in said and "1 sampling seed)" in said
    assert "for which all of these pictures are trained once" in said
    assert "titles that were never trained" in said and "held-out scenes" in said
    assert "Held-out scenes have 80 % of their attributes right" in said
    assert "The first picture falls under SSIM 0.7 at" in said
    assert len(app.get("plotly_chart")) == 4


def test_an_earlier_step_and_another_measure_are_part_of_the_link() -> None:
    app = visit("diffusion", **VIEW, **{"diffusion.checkpoint": "1000"},
                **{"diffusion.ladder_measure": "ratio"})  # fmt: skip
    assert app.select_slider[0].value == 1000
    said = texts(app)
    assert "at step 1,000, " in said
    assert "for which all of these pictures" not in said
    spec = app.get("plotly_chart")[0].proto.spec
    assert "Carlini ratio by copies" in spec


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("checkpoint", "7"),
        ("ladder_picture", "-3"),
        ("ladder_picture", "999999"),
        ("ladder_measure", "beauty"),
        ("way", "9"),
    ],
)
def test_a_choice_that_is_not_there_is_let_go(name: str, value: str) -> None:
    app = visit("diffusion", **VIEW, **{f"diffusion.{name}": value})
    assert not app.warning and "Extracted samples" in texts(app)


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [("points", "1", "Points"), ("seeds", "99", "Sampling seeds"), ("guidance", "-1", "Guidance")],
)
def test_a_bad_setting_gets_one_sentence_and_the_figures_stay(
    name: str, value: str, title: str
) -> None:
    app = visit("diffusion", **VIEW, **{f"diffusion.{name}": value})
    assert len(app.warning) == 1 and title in app.warning[0].value
    assert len(app.get("plotly_chart")) == 4


def test_a_model_that_was_not_computed_keeps_what_is_there_and_says_so() -> None:
    app = visit("diffusion", **VIEW, **{"diffusion.model": "fast"})
    said = texts(app)
    assert "have not been computed yet" in said and "previous settings" in said
    assert "Extracted samples" in said
