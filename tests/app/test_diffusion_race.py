"""The mitigation race without a browser: both parts, a chosen picture, and bad values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import Result
from engine.core.context import QuietContext
from engine.labs.diffusion import LAB, racing
from engine.labs.diffusion.mitigate.names import METHODS
from engine.store import Store
from pages.kit import field_key
from tests.app.test_hardware_speedup import charts
from tests.app.test_pages import texts
from tests.diffusion_models import save_patches

pytestmark = pytest.mark.usefixtures("runner_off")
SMALL = {"pictures": 2, "scenes": 2, "steps": 2, "noises": 2, "theta_least": 4.5, "iterations": 1,
         "seeds": 1}  # fmt: skip
FEW = {"word_counts": "1 4", "noise_levels": "0.5", "scales": "2", "transitions": "500",
       "cuts": "0.1"}  # fmt: skip


def panel() -> None:
    import streamlit as st

    from pages.panels.diffusion.race import VIEW
    from pages.panels.diffusion.scene import diffusion_lab

    with st.sidebar:
        scene = VIEW.settings(diffusion_lab())
    VIEW.show(scene)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Result]]:
    """Small results of an untrained model, by experiment; they stand in for the defaults'."""
    folder: Path = save_patches(tmp_path_factory.mktemp("patches"))
    made = {}
    for name, more in (("race", {}), ("strength", FEW)):
        config = LAB.experiment(name).config.build(SMALL | more, model=str(folder))
        made[name] = getattr(racing, name)(config, QuietContext())
    yield made


@pytest.fixture
def stored(
    results: dict[str, Result], own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Result]:
    # Else the shipped results, which come first, would be shown.
    monkeypatch.setenv("ENGRAM_SHIPPED", str(own_home / "nothing"))
    for name, result in results.items():
        experiment = LAB.experiment(name)
        digest = experiment.digest(LAB.name, experiment.config())
        manifest = {"lab": LAB.name, "experiment": name, "config": {}}
        Store.open().results.save(digest, result, manifest)
    return results


def start(**query: str) -> AppTest:
    app = AppTest.from_function(panel, default_timeout=60)
    race = LAB.experiment("race")
    for name, value in query.items():
        field = name in race.config.model_fields
        app.query_params[field_key(LAB, race, name) if field else f"diffusion.{name}"] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def test_all_methods_are_drawn_with_their_words(stored: dict[str, Result]) -> None:
    app = start()
    assert not app.warning
    said = texts(app)
    assert "Without a method" in said and "No copy comes out without a method" in said
    assert "Value neurons: the search" in said
    assert "Prompt (Somepalli et al.)" in said.replace("*", "")
    for word in ("deleted", "removed", "erased"):
        assert word not in said.lower()


def test_a_chosen_picture_tells_how_it_was_made(stored: dict[str, Result]) -> None:
    columns = stored["race"].array("pictures").shape[1]
    row = 1 + list(METHODS).index("words")
    said = texts(start(race_cell=str(row * columns + 1)))
    assert stored["race"].notes["texts"][row - 1][1] in said
    assert "SSIM by seed" in said
    assert "Training picture of" in texts(start(race_cell="0"))


def test_a_link_to_a_picture_that_is_not_there_shows_the_page(stored: dict[str, Result]) -> None:
    for cell in ("99999", "moon", "-7"):
        assert "Without a method" in texts(start(race_cell=cell))


def ringed(app: AppTest) -> float:
    """Where the chosen strength is ringed on the similarity axis."""
    traces = charts(app)["From weak to strong"]["data"]
    return next(trace["x"][0] for trace in traces if trace["name"] == "selected")


def test_a_strength_is_chosen_by_its_slider(stored: dict[str, Result]) -> None:
    level = stored["strength"].array("ssim").mean((1, 2))
    app = start(race_part="strength")
    assert app.select_slider[0].value == 4
    assert ringed(app) == pytest.approx(level[2])
    app.select_slider[0].set_value(1.0).run()
    assert not app.exception
    assert ringed(app) == pytest.approx(level[1])
    assert app.query_params["diffusion.strength_level"][0] == "0"
    assert "Located weights cut" in texts(start(race_part="strength", strength_method="sparsity"))


def test_assumed_constants_are_named(stored: dict[str, Result]) -> None:
    from engine.labs.diffusion.config import RaceConfig
    from pages.panels.diffusion.race import assumed_constants

    named = assumed_constants(RaceConfig)
    assert "Embedding steps: target" in named and "Cut: sparsity" in named
    assert "Words inserted" not in named


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"words": "40"}, "Words inserted"),
        ({"pictures": "0"}, "Pictures to hide"),
        ({"prompts": "Z"}, "Prompts to hide"),
        ({"race_part": "strength", "cuts": "7"}, "Cut: sparsity"),
    ],
)
def test_what_is_impossible_gets_one_sentence_and_the_figures_stay(
    stored: dict[str, Result], query: dict[str, str], words: str
) -> None:
    app = start(**query)
    assert len(app.warning) == 1 and words in app.warning[0].value.replace("\\", "")
    assert app.get("plotly_chart")
