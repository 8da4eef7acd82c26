"""The prune bench on the page without a browser, from results whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Result, get_lab
from engine.labs.diffusion.config import BenchConfig
from engine.store import Store
from pages.kit import forget
from tests.app.test_pages import texts, visit
from tests.diffusion_bench import EACH, copies, grid_result, run_result, sites_result

pytestmark = pytest.mark.usefixtures("runner_off")

BENCH = {"diffusion.view": "bench"}


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Made-up results in the place of the shipped ones."""
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path_factory.mktemp("nothing")))
    halved = copies(0.9, 1)
    halved[:, :EACH, 0] = 0.5
    gone = copies(0.9, 1)
    gone[:, :EACH, 0], gone[:, :EACH, 2] = 0.1, 0
    keep("grid", grid_result({0.01: copies(0.9, 1), 0.2: halved, 0.4: gone}))
    keep("bench", run_result(halved))
    keep("sites", sites_result({"ff_out": (0.5, 0.8, 1.0), "conv": (0.2, 0.3, 0.6)}))
    forget()


def keep(name: str, result: Result, config: BenchConfig | None = None) -> None:
    lab = get_lab("diffusion")
    experiment = lab.experiment(name)
    digest = experiment.digest(lab.name, config or experiment.config())
    Store.open().results.save(digest, result, {"lab": lab.name, "experiment": name})


def test_the_grid_answers_at_once_with_the_controls_and_the_claim_beside_it() -> None:
    app = visit("diffusion", **BENCH)
    said = texts(app)
    assert "sparsity 20 %" in said and "still nearest to their own training picture" in said
    assert "At 1 % every copy still comes out here: the claim does not show" in said
    assert "A's SSIM falls by: located 0.400" in said
    assert len(app.get("plotly_chart")) == 7


@pytest.mark.parametrize(
    ("sparsity", "words"),
    [
        ("0", "Nothing is cut here"),
        ("0.01", "The cut hides no picture: 16 of 16 come out after it, 16 before"),
        ("0.4", "are nearest to another training picture"),
    ],
)
def test_the_slider_of_a_link_opens_its_cell(sparsity: str, words: str) -> None:
    app = visit("diffusion", **BENCH, **{"diffusion.grid_sparsity": sparsity})
    assert words in texts(app)


def test_the_slider_and_the_steps_move_without_a_run() -> None:
    app = visit("diffusion", **BENCH)
    [slider] = [one for one in app.select_slider if one.label == "Sparsity"]
    slider.set_value("0.4").run()
    assert not app.exception and "sparsity 40 %" in texts(app)
    assert "0.4" in app.query_params["diffusion.grid_sparsity"]
    app.segmented_control(key="diffusion.grid_tau#choice").set_value("1").run()
    assert not app.exception and "over the first step" in texts(app)


@pytest.mark.parametrize("value", ["0.5", "x", "-1", ""])
def test_a_cell_that_is_not_there_is_the_usual_one(value: str) -> None:
    app = visit("diffusion", **BENCH, **{"diffusion.grid_sparsity": value})
    assert not app.warning and "sparsity 20 %" in texts(app)


@pytest.mark.parametrize("picture", ["3", "12", "99", "x"])
def test_another_set_and_a_picture_that_is_not_in_it(picture: str) -> None:
    query = {"diffusion.bench_set": "B", "diffusion.bench_picture": picture}
    app = visit("diffusion", **BENCH, **query)
    assert not app.warning and "still nearest" in texts(app)


def test_a_cut_of_one_s_own_shows_every_control_and_offers_its_mask() -> None:
    app = visit("diffusion", **BENCH, **{"diffusion.bench": "cut"})
    assert len(app.get("plotly_chart")) == 6
    assert "python -m engine diffusion locate --model default --prompts A" in app.code[0].value
    assert "evaluate --model default --mask mask.safetensors --set A --seeds 3" in app.code[0].value


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"also": "A"}, "And from these sets: the set A is located from already"),
        ({"also": "<img src=x onerror=alert(1)>"}, "And from these sets: must be empty, or names"),
        ({"minus": "A"}, "Minus what these sets point to: the set A is located from"),
        ({"sparsity": "0.9"}, "must be from 0 to 0.6"),
        ({"tau": "0"}, "must be from 1 to 20"),
        ({"site": "everywhere"}, "ff_out"),
    ],
)
def test_a_bad_setting_gets_one_sentence_and_the_figures_stay(
    query: dict[str, str], words: str
) -> None:
    asked = {f"diffusion.{name}": value for name, value in query.items()}
    app = visit("diffusion", **BENCH, **{"diffusion.bench": "cut"}, **asked)
    assert [words in warning.value.replace("\\", "") for warning in app.warning] == [True]
    assert app.get("plotly_chart")


def test_only_settings_that_have_an_effect_are_asked() -> None:
    cut = {**BENCH, "diffusion.bench": "cut"}
    labels = {one.label for one in visit("diffusion", **cut).selectbox}
    assert "Reference of your own" not in labels
    app = visit("diffusion", **cut, **{"diffusion.reference": "own", "diffusion.also": "B"})
    assert "Reference of your own" in {one.label for one in app.selectbox}
    assert "Several sets" in {one.label for one in app.button_group}


def test_pictures_of_an_unknown_model_are_shown_without_a_verdict() -> None:
    result = run_result(np.full_like(copies(0, 0), np.nan), np.full_like(copies(0, 0), np.nan))
    groups = [{"name": "your prompts", "count": 24, "located": True, "known": False}]
    result = Result(result.fields, result.metrics, {**result.notes, "groups": groups})
    keep("bench", result, BenchConfig(sparsity=0.3))
    query = {"diffusion.bench": "cut", "diffusion.sparsity": "0.3"}
    app = visit("diffusion", **BENCH, **query)
    said = texts(app)
    assert "no training pictures that are known here" in said and "nan" not in said
    assert len(app.get("plotly_chart")) == 1


def test_prompts_without_targets_stand_beside_the_copied_sets() -> None:
    unknown = copies(0.9, 1)
    unknown[:, :EACH] = np.nan
    result = run_result(unknown, unknown)
    groups = [{**group, "known": group["name"] != "A"} for group in result.notes["groups"]]
    result = Result(result.fields, result.metrics, {**result.notes, "groups": groups})
    keep("bench", result, BenchConfig(sparsity=0.3))
    query = {"diffusion.bench": "cut", "diffusion.sparsity": "0.3"}
    app = visit("diffusion", **BENCH, **query)
    said = texts(app)
    assert "no training pictures that are known here" in said and "nan" not in said
    assert "B's SSIM falls by" in said and len(app.get("plotly_chart")) == 6


def test_the_sites_stand_in_a_figure_and_a_table() -> None:
    app = visit("diffusion", **BENCH, **{"diffusion.bench": "sites"})
    assert "hits hardest at convolutions" in texts(app)
    assert len(app.get("plotly_chart")) == 1
    assert len(app.dataframe[0].value) == 5
