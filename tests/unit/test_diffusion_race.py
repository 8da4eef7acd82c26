"""The mitigation race: its settings, its run on an untrained model, and its sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, Field, Result
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.diffusion import LAB, racing
from engine.labs.diffusion.config import RaceConfig, StrengthConfig
from engine.labs.diffusion.evaluation import evaluate
from engine.labs.diffusion.mitigate.names import METHODS, Strengths
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.views import race, race_measures, race_words, strength
from tests.diffusion_models import save_latent, save_patches

LIGHT = Palette.light()
SMALL = {"pictures": 2, "scenes": 2, "seeds": 2, "steps": 2, "noises": 2, "theta_least": 4.5,
         "iterations": 1}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_patches(tmp_path_factory.mktemp("patches")))


@pytest.fixture(scope="module")
def raced(folder: str) -> Result:
    return racing.race(RaceConfig.build(SMALL, model=folder, seed=3), QuietContext())


@pytest.fixture(scope="module")
def stepped(folder: str) -> Result:
    few = {"word_counts": "1 4", "noise_levels": "0.5", "scales": "2", "transitions": "500",
           "cuts": "0.1 0.4"}  # fmt: skip
    config = StrengthConfig.build(SMALL | few, model=folder)
    return racing.strength(config, QuietContext())


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("pictures", 0, "pictures: must be from 1 to 24"),
        ("seeds", 6, "seeds: must be from 1 to 5"),
        ("words", 17, "words: must be from 0 to 16"),
        ("noise", -1, "noise: must be from 0 to 100"),
        ("transition", 1001, "transition: must be from 0 to 1000"),
        ("sparsity", 1.5, "sparsity: must be from 0 to 1"),
        ("rate", float("nan"), "rate: must be a finite number"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_its_range(
    field: str, value: float, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        RaceConfig.build({field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("word_counts", "1.5"), ("word_counts", "40"), ("noise_levels", "much"), ("cuts", "2"),
     ("transitions", "1 2 3 4 5 6 7 8 9"), ("scales", " ")],
)  # fmt: skip
def test_strengths_that_are_none_are_refused(field: str, value: str) -> None:
    with pytest.raises(BadInput, match=f"{field}: must be 1 to 8"):
        StrengthConfig.build({field: value})


def test_strengths_are_sorted_and_none_twice() -> None:
    assert StrengthConfig.build({"cuts": "0.4, 0.1 0.4"}).levels["sparsity"] == (0.1, 0.4)


def test_the_race_takes_the_published_constants_unless_told() -> None:
    assert RaceConfig().strengths == Strengths()
    assert RaceConfig.build({"words": 2}).strengths.words == 2


def test_the_run_holds_every_method_with_every_seed(raced: Result) -> None:
    methods = len(METHODS)
    assert raced["pictures"].axes == ("method", "picture", "row", "column", "channel")
    assert raced.array("pictures").shape == (methods, 2, 32, 32, 3)
    assert raced.array("ssim").shape == (methods, 2, 2)
    assert raced.array("right").shape == (methods, 2, 2, 5)
    assert len(raced.notes["seconds"]) == len(raced.notes["texts"]) == methods
    assert min(raced.notes["seconds"]) > 0
    assert raced.notes["texts"][0] == raced.notes["prompts"]
    words = raced.notes["methods"].index("words")
    assert all(len(text.split()) == 10 for text in raced.notes["texts"][words])
    assert raced.notes["lost"][words] == [0, 2]


def test_the_first_row_is_plain_sampling_as_evaluated_elsewhere(raced: Result, folder: str) -> None:
    pipeline = load_pipeline(folder)
    wanted = find_prompts(pipeline, "A").part(2)
    plain = evaluate(pipeline, wanted, seeds=2, first_seed=3, count=2)
    np.testing.assert_array_equal(raced.array("pictures")[0], in_levels(plain.pictures[0]))
    np.testing.assert_allclose(raced.array("ssim")[0], plain.measures["ssim"], atol=1e-6)
    np.testing.assert_array_equal(raced.array("nn_hit")[0], plain.measures["nn_hit"])


def test_cells_of_a_sweep_are_those_of_the_race(stepped: Result, folder: str) -> None:
    assert stepped.notes["swept"] == ["", "words", "words", "noise", "scale", "transition",
                                      "sparsity", "sparsity"]  # fmt: skip
    assert stepped.notes["values"] == [0, 1, 4, 0.5, 2, 500, 0.1, 0.4]
    other = racing.race(RaceConfig.build(SMALL, model=folder, seeds=1), QuietContext())
    four = stepped.notes["values"].index(4)
    at = other.notes["methods"].index("words")
    np.testing.assert_array_equal(stepped.array("pictures")[four], other.array("pictures")[at])


def test_a_model_with_unknown_pictures_is_compared_with_plain_sampling(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a calm sea\nan old mill\n")
    small = {**SMALL, "seeds": 1, "prompts": str(prompts), "ordinary": str(prompts)}
    model = str(save_latent(tmp_path / "latent"))
    made = racing.race(RaceConfig.build(small, model=model), QuietContext())
    assert set(made.fields) == {"pictures", "ssim"}
    np.testing.assert_allclose(made.array("ssim")[0], 1)
    assert "not known" in race_words.describe_plain(made)
    assert race_words.describe_methods(made) == []
    assert not check_axes(race.draw_race(made, LIGHT))


def test_one_ordinary_prompt_is_refused(folder: str, tmp_path: Path) -> None:
    one = tmp_path / "one.txt"
    one.write_text("a calm sea\n")
    config = RaceConfig.build(SMALL, model=folder, ordinary=str(one))
    with pytest.raises(BadInput, match="ordinary: at least 2"):
        racing.race(config, QuietContext())


def test_costs_rise_with_what_is_asked() -> None:
    for name in ("race", "strength"):
        experiment = LAB.experiment(name)
        one, more = (experiment.cost_seconds(experiment.config.build({"pictures": n}))
                     for n in (4, 8))  # fmt: skip
        assert more > one > 0


def told(
    ssim: dict[str, float], right: dict[str, float], *, copies: bool = True, targets: bool = True
) -> Result:
    """A result of 2 seeds, 4 pictures and 5 scenes with these means."""
    names = list(ssim)
    level = np.stack([np.full((2, 4), ssim[name], np.float32) for name in names])
    shares = np.array([right[name] for name in names])
    attributes = np.arange(50).reshape(2, 5, 5) < 50 * shares[:, None, None, None]
    fields = {
        "pictures": Field(np.zeros((len(names), 4, 32, 32, 3), np.uint8),
                          ("method", "picture", "row", "column", "channel")),
        "ssim": Field(level, ("method", "seed", "picture")),
        "nn_hit": Field(level > 0.5, ("method", "seed", "picture")),
        "right": Field(attributes, ("method", "seed", "scene", "attribute")),
        "scene_pictures": Field(np.zeros((len(names), 5, 32, 32, 3), np.uint8),
                                ("method", "scene", "row", "column", "channel")),
    }  # fmt: skip
    if targets:
        fields["targets"] = Field(np.zeros((4, 32, 32, 3), np.uint8),
                                  ("picture", "row", "column", "channel"))  # fmt: skip
    notes = {
        "methods": names, "copies": copies, "prompts": ["p"] * 4, "captions": ["c"] * 5,
        "seconds": [1.0 + i for i in range(len(names))], "fitting": [0.0] * len(names),
        "attributes": ["size", "colour", "shape", "place", "background"], "seeds": [0, 1],
        "lost": [[0, 0]] * len(names), "facts": {}, "texts": [["p"] * 4] * len(names),
    }  # fmt: skip
    return Result(fields, {}, notes)


class TestWords:
    def test_methods_are_told_apart_by_what_they_leave(self) -> None:
        result = told(
            {"none": 0.9, "words": 0.2, "noise": 0.9, "prune": 0.6, "prune_random": 0.9},
            {"none": 1.0, "words": 0.5, "noise": 1.0, "prune": 1.0, "prune_random": 1.0},
        )
        said = " ".join(race_words.describe_methods(result))
        first, _, rest = said.partition("**As many copies as before**")
        assert "random words: costs 50.0" in first
        assert "located weights cut: costs 0.0" in first
        assert "embedding noise" in rest and "embedding noise" not in first
        assert "random weights cut" not in said

    def test_the_controls_decide_whether_the_choice_matters(self) -> None:
        ones = dict.fromkeys(("none", "prune", "prune_random", "values", "values_random"), 1.0)
        result = told(
            {"none": 0.9, "prune": 0.4, "prune_random": 0.88, "values": 0.4, "values_random": 0.4},
            ones,
        )
        by_values, by_prune = sorted(race_words.describe_controls(result), reverse=True)
        assert by_values.startswith("Value neurons blocked")
        assert "the number, not the choice" in by_values
        assert "The choice matters" in by_prune

    def test_pictures_that_stay_nearest_are_called_softened(self) -> None:
        result = told({"none": 0.9, "prune": 0.6}, {"none": 1.0, "prune": 1.0})
        said = race_words.describe_hits(result)
        assert "located weights cut 8 (extracted 0)" in said
        hidden = told({"none": 0.9, "prune": 0.1}, {"none": 1.0, "prune": 1.0})
        assert race_words.describe_hits(hidden) == ""

    def test_the_front_names_what_nothing_beats(self) -> None:
        result = told(
            {"none": 0.9, "words": 0.2, "noise": 0.5}, {"none": 1.0, "words": 0.8, "noise": 0.7}
        )
        said = race_words.describe_front(result)
        assert "random words" in said and "embedding noise" not in said
        # Neither plain sampling nor a control stands on the front.
        assert "no method" not in said

    def test_a_model_without_copies_is_said_to_have_none(self) -> None:
        result = told(
            {"none": 0.1, "prune": 0.05, "prune_random": 0.1},
            {"none": 1.0, "prune": 0.5, "prune_random": 1.0},
            copies=False,
        )
        said = race_words.describe_plain(result)
        assert race_words.describe_controls(result) == []
        (prices,) = race_words.describe_methods(result)
        assert "What the methods cost" in prices and "located weights cut: costs 50.0" in prices
        assert "0 of 8 samples are extracted" in said and "every picture once" in said

    def test_prompts_that_were_cut_are_counted(self) -> None:
        result = told({"none": 0.9, "words": 0.2}, {"none": 1.0, "words": 0.5})
        assert race_words.describe_lost(result) == ""
        result.notes["lost"][1] = [0, 3]
        assert "random words (0 of 4 prompts, 3 of 5 scenes)" in race_words.describe_lost(result)

    def test_searches_and_steps_are_told_with_their_numbers(self, raced: Result) -> None:
        assert "of 2 prompts" in race_words.describe_neurons(raced)
        assert "times those of ordinary prompts" in race_words.describe_steps(raced)
        assert race_words.describe_dynamic(raced).startswith("Dynamic guidance: ")

    def test_the_price_is_paired_with_plain_sampling(self) -> None:
        result = told({"none": 0.9, "words": 0.2}, {"none": 1.0, "words": 0.5})
        assert race_measures.price(result, 0).points == 0
        cost = race_measures.price(result, 1)
        assert cost.points == pytest.approx(50) and cost.shows
        chance = race_measures.Price(6.0, 4.0)
        assert not chance.shows and not chance.small and "too few scenes to tell" in chance.words
        assert race_measures.relative_cost(result).tolist() == [1, 2]


class TestFigures:
    def test_the_scatter_has_a_point_for_every_method(self, raced: Result) -> None:
        figure = race.draw_race(raced, LIGHT, selected="words")
        assert not check_axes(figure)
        ids = {point[0] for trace in figure.data for point in trace.customdata or ()}
        assert ids == set(METHODS)

    def test_grids_have_a_row_for_every_method_and_the_training_pictures(
        self, raced: Result
    ) -> None:
        grid = race.race_grid(raced)
        assert grid.shape == (len(METHODS) + 1, 2) and grid.row_labels[0] == "training picture"
        assert race.grid_place(raced, 0) is None and race.grid_place(raced, 1) == 0
        scenes = race.scene_grid(raced)
        right = raced.array("right")[0, 0, 0]
        wrong = [n for n, ok in zip(raced.notes["attributes"], right, strict=True) if not ok]
        assert scenes.line(0, 0) == ", ".join(wrong)

    def test_the_table_has_the_seeds_and_the_sizes(self, raced: Result) -> None:
        table = race.race_table(raced)
        assert len({len(column) for column in table.values()}) == 1
        assert "extracted of 4" in table and "nearest is the target, of 4" in table

    def test_a_sweep_is_drawn_and_told(self, stepped: Result) -> None:
        assert strength.values(stepped, "words") == [1, 4]
        assert strength.cells(stepped, "sparsity") == [6, 7]
        for name in strength.swept(stepped):
            at = strength.cells(stepped, name)[-1]
            assert not check_axes(strength.draw_strength(stepped, LIGHT, name, selected=at))
            assert strength.describe_strength(stepped, name)
            assert strength.strength_grid(stepped, at).shape == (3, 2)
            assert strength.strength_scenes(stepped, at).shape == (2, 2)
        assert not check_axes(strength.draw_tradeoff(stepped, LIGHT, selected=1))
        assert len(strength.strength_table(stepped)["value"]) == 8

    def test_the_cheapest_strength_that_hides_all_copies_is_named(self) -> None:
        names = ("none", "words", "noise")
        result = told(dict(zip(names, (0.9, 0.5, 0.1), strict=True)),
                      dict(zip(names, (1.0, 1.0, 0.4), strict=True)))  # fmt: skip
        result.notes.update(swept=["", "words", "words"], values=[0.0, 2.0, 4.0])
        said = strength.describe_strength(result, "words")
        assert "none of 8 samples is a copy at 2, costs 0.0" in said
        assert "two standard errors included, by random words" in strength.describe_tradeoff(result)
        spoiling = told(dict(zip(names, (0.9, 0.5, 0.1), strict=True)),
                        dict(zip(names, (1.0, 0.5, 0.4), strict=True)))  # fmt: skip
        spoiling.notes.update(swept=["", "words", "words"], values=[0.0, 2.0, 4.0])
        assert "by none of them for under 10 points" in strength.describe_tradeoff(spoiling)
