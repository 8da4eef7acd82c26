"""The overlap and the atlas on the page without a browser, with results of an untrained model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.core import Result, get_lab
from engine.store import Store
from tests.app.test_pages import texts, visit
from tests.diffusion_masks import (
    atlas_result,
    model_folder,
    neuron_result,
    overlap_result,
    short,
)

pytestmark = pytest.mark.usefixtures("runner_off", "stored")

OVERLAP = {"diffusion.view": "overlap"}
ATLAS = {"diffusion.view": "atlas"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Result]]:
    folder: Path = model_folder(tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        short(patch)
        yield {
            "overlap": overlap_result(folder),
            "atlas": atlas_result(folder),
            "neuron": neuron_result(folder),
        }


@pytest.fixture
def stored(results: dict[str, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The defaults' results as a run would have left them; what is shipped is out of the way."""
    monkeypatch.setenv("ENGRAM_SHIPPED", str(tmp_path))
    lab = get_lab("diffusion")
    for name, result in results.items():
        experiment = lab.experiment(name)
        digest = experiment.digest(lab.name, experiment.config())
        Store.open().results.save(digest, result, {"lab": lab.name, "experiment": name})


def open_view(view: dict[str, str], **query: str) -> AppTest:
    app = visit("diffusion", **view, **{f"diffusion.{key}": text for key, text in query.items()})
    assert not app.warning
    return app


def test_the_overlap_stands_with_its_null_and_its_context() -> None:
    app = open_view(OVERLAP)
    said = texts(app)
    assert "Than random splits?" in said and "of copied sets" in said
    assert "2 prompts a group, one noise each (seed 0)" in said
    assert "Random splits draw two groups of 2 from the prompts of A i" in said
    assert "0.51 to 0.38, as plotted" in said and "authors' code, not the paper" in said
    assert "without them, we derive about 0.63 to 0.48" in said
    table = app.dataframe[0].value
    assert list(table["Pairs"])[:3] == [
        "copied with copied", "ordinary with ordinary", "copied with ordinary",
    ]  # fmt: skip
    assert table["How many"].iloc[-1] == 10


@pytest.mark.parametrize(
    "query",
    [
        {"overlap_reference": "scenes", "overlap_sparsity": "0.05", "overlap_layer": "3"},
        {"overlap_step": "2", "overlap_pair": "11"},
        {"overlap_step": "99", "overlap_pair": "x", "overlap_layer": "nowhere"},
    ],
)
def test_a_place_comes_from_the_link_and_bad_ones_are_another(query: dict[str, str]) -> None:
    app = open_view(OVERLAP, **query)
    assert len(app.get("plotly_chart")) == 2


def test_one_model_alone_is_not_compared_with_a_twin() -> None:
    said = texts(open_view(OVERLAP, overlap_sparsity="0.01"))
    assert "In the twin" not in said and "Than ordinary sets?" in said


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("groups", "A,Z", "Sets: must be names of sets"),
        ("group_size", "99", "50"),
        ("more_copied", "../secret.txt", "must be one of x30, A, B, C"),
    ],
)
def test_a_bad_setting_gets_one_sentence_and_the_figures_stay(
    field: str, value: str, words: str
) -> None:
    app = visit("diffusion", **OVERLAP, **{f"diffusion.{field}": value})
    assert [words in warning.value.replace("\\", "") for warning in app.warning] == [True]
    assert app.get("plotly_chart")


def test_the_atlas_says_what_is_cut_beside_chance() -> None:
    said = texts(open_view(ATLAS, atlas_step="1"))
    assert "weights are cut" in said and "in random masks with as many in every row" in said
    assert "Rows have" in said and "of at most 38" in said
    assert "The prompts excite it most at step" in said


def test_another_layer_brings_its_most_cut_column() -> None:
    app = open_view(ATLAS)
    app.selectbox(key="diffusion.atlas_layer#menu").select(2).run()
    assert not app.exception
    assert app.session_state["diffusion.neuron_layer"] == 2
    column = app.session_state["diffusion.column"]
    assert f"Column {column}" in [heading.value for heading in app.header]
    # The one that was shown before stays, and is said to be another.
    assert "previous settings" in texts(app)
