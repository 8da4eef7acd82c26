"""The token view without a browser: its links, its sentences, and settings that do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core import Result, get_lab
from engine.core.context import QuietContext
from engine.labs.diffusion import keywords, tokens
from engine.labs.diffusion.config import TokensConfig, WordsConfig
from engine.labs.diffusion.sampler import sample_states
from engine.store import Store
from tests.app.test_pages import texts, visit
from tests.diffusion_models import save_patches

pytestmark = pytest.mark.usefixtures("runner_off", "results")
VIEW = {"diffusion.view": "tokens"}


@pytest.fixture(scope="module")
def cheap(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Results of an untrained model in the place of the default's."""
    model = str(save_patches(tmp_path_factory.mktemp("patches")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            keywords, "sample_states",
            lambda pipeline, states, noise: sample_states(pipeline, states, noise=noise, count=1),
        )  # fmt: skip
        words = keywords.run(WordsConfig(model=model, swaps=1, seeds=1), QuietContext())
    seen = tokens.run(TokensConfig(model=model, steps=2), QuietContext())
    return {"words": words, "tokens": seen}


@pytest.fixture
def results(cheap: dict[str, Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path / "nothing"))
    lab = get_lab("diffusion")
    for name, result in cheap.items():
        experiment = lab.experiment(name)
        digest = experiment.digest(lab.name, experiment.config())
        Store.open().results.save(digest, result, {"seconds": 1.0})


def test_entropy_words_and_evidence_are_told() -> None:
    app = visit("diffusion", **VIEW)
    said = texts(app)
    assert not app.warning
    assert "“the painting hidden window by bellini”" in said
    assert "titles that were never trained it is above all of them" in said
    assert "The whole prompt: SSIM" in said
    assert len(app.get("plotly_chart")) == 3
    assert "Evidence: the nearest training pictures" in [one.label for one in app.expander]
    assert "Distance" in app.dataframe[0].value.columns


def test_the_chosen_step_is_part_of_the_link() -> None:
    app = visit("diffusion", **VIEW, **{"diffusion.token_step": "2", "diffusion.token_layer": "4"})
    assert "Entropy by layer at step 2" in "".join(
        chart.proto.spec for chart in app.get("plotly_chart")
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("token", "99"), ("token", "x"), ("token_step", "0"), ("token_layer", "-9")],
)
def test_a_choice_that_is_not_there_is_let_go(name: str, value: str) -> None:
    app = visit("diffusion", **VIEW, **{f"diffusion.{name}": value})
    assert not app.warning and "The whole prompt: SSIM" in texts(app)


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [("swaps", "99", "Swaps of a word"), ("seed", "-1", "Seed"), ("steps", "0", "Steps")],
)
def test_a_bad_setting_gets_a_sentence_and_the_figures_stay(
    name: str, value: str, title: str
) -> None:
    app = visit("diffusion", **VIEW, **{f"diffusion.{name}": value})
    assert app.warning and title in app.warning[0].value
    assert len(app.get("plotly_chart")) == 3


def test_words_that_stand_for_markup_stay_words() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    app = visit("diffusion", **VIEW, **{"diffusion.prompt": hostile})
    assert "have not been computed yet" in texts(app)
    assert all("<img" not in part.value.replace("\\<", "") for part in app.markdown)
