"""The ladder, its snapshots and the basin: numbers as one by one, and sentences after them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from engine.core import BadInput, Result
from engine.core.context import QuietContext
from engine.core.packing import pack
from engine.core.result import Field
from engine.figures import Palette, check_axes
from engine.labs.diffusion import arrival, basin, copying, ladder
from engine.labs.diffusion.choices import captions, snapshots_kept
from engine.labs.diffusion.config import ArrivalConfig, BasinConfig, LadderConfig
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import ARRIVAL
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.rungs import first_scores, measured
from engine.labs.diffusion.sampler import first_noise, sample, sample_states, steps
from engine.labs.diffusion.views import arrival as arrival_views
from engine.labs.diffusion.views import basin as basin_views
from engine.labs.diffusion.views import ladder as views
from engine.labs.diffusion.views import ladder_table, ladder_words
from engine.labs.diffusion.views.ladder_pictures import describe_prompt, draw_prompt, targets_of
from tests.diffusion_models import patches, save_latent, save_patches

LIGHT = Palette.light()


def few_steps(pipeline: Pipeline, states: torch.Tensor, *, noise: torch.Tensor) -> torch.Tensor:
    return sample_states(pipeline, states, noise=noise, count=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("patches"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("opened"))


@pytest.fixture(scope="module")
def done(folder: Path) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ladder, "SETS", ("A", "x3", "unseen", "scenes"))
        config = LadderConfig(model=str(folder), seeds=2, steps=1)
        return ladder.run(config, QuietContext())


def test_the_score_of_the_first_step_is_that_of_one_prompt_alone(pipeline: Pipeline) -> None:
    prompts = find_prompts(pipeline, "A").prompts[:3]
    found = first_scores(pipeline, prompts, seed=3, count=4)
    noise = first_noise(pipeline, 3, 3)
    for at, prompt in enumerate(prompts):
        states = pipeline.encode(["", prompt])
        alone = next(steps(pipeline, states, noise[at : at + 1], count=4))
        empty, told = (alone.noise(x).flatten() for x in (alone.plain, alone.prompted))
        assert found[at] == pytest.approx(float((told - empty).pow(2).sum().sqrt()), rel=1e-4)


def test_a_ladder_holds_what_each_prompt_gives(done: Result, folder: Path) -> None:
    sets = done.notes["sets"]
    assert [sets.count(name) for name in ("A", "x3", "unseen", "scenes")] == [8, 8, 24, 24]
    copies = done.array("copies")
    assert {int(c) for c in copies} == {100, 3, 0, -1}
    pool, target, nearest = (done.array(name) for name in ("pool", "target", "nearest"))
    data = build_collection()
    for prompt in (0, 9):
        at = data.captions.index(done.notes["prompts"][prompt])
        assert np.array_equal(pool[target[prompt]], data.images[at])
        made = done.array("picture")[1, prompt]
        apart = ((data.images.astype(float) - made) ** 2).sum((1, 2, 3))
        assert np.array_equal(pool[nearest[1, prompt]], data.images[apart.argmin()])
        assert done.notes["near"][1][prompt][0] == data.captions[apart.argmin()]
        one = copying.ssim(made[None], data.images[at][None])[0]
        assert done.array("ssim")[1, prompt] == pytest.approx(one, abs=2e-3)  # in 64 levels
    scenes = copies == -1
    assert np.isnan(done.array("ssim")[:, scenes]).all() and (target[scenes] == -1).all()
    assert done.array("right").shape == (2, 24, 5)
    drawn = done.array("drawn_nearest")
    assert np.isnan(drawn[:16]).all() and not np.isnan(drawn[16:]).any()
    # No title that was never trained has a painting that is a copy of a trained one.
    assert (drawn[16:40] < 0.7).all()


def test_the_figure_has_a_dot_for_every_picture_and_no_two_on_one_place(done: Result) -> None:
    shown = ladder_table.ladder_of(done, "model")
    for measure in ladder_table.MEASURES:
        figure = views.draw_ladder(shown, LIGHT, measure=measure, twin=shown, selected=0)
        assert not check_axes(figure)
        trace = figure.data[0]
        assert len(trace.x) == len(set(trace.x)) == (16 if measure == "nn_hit" else 40)
    x, y, ids = views.dots(shown, "ssim", [0, 3, 100], -0.3, 0.6)
    assert all(abs(place - round(place)) <= 0.3 for place in x)
    assert y[ids.index(0)] == pytest.approx(done.array("ssim")[:, 0].mean())


def fake(rates: dict[int, tuple[int, int]], nearest: float = 0.1) -> ladder_table.Ladder:
    """Rungs with (extracted, pictures), one seed."""
    similar = np.concatenate([[0.9] * k + [0.1] * (n - k) for k, n in rates.values()])
    copies = np.concatenate([[rung] * n for rung, (_, n) in rates.items()])
    nothing = np.full((1, len(copies)), nearest)
    return ladder_table.Ladder(
        "model",
        copies,
        {
            "ssim": similar[None], "extracted": (similar > 0.7)[None].astype(float),
            "ssim_nearest": nothing, "ratio": nothing, "nn_hit": nothing, "score": nothing,
        },
        [str(at) for at in range(len(copies))],
    )  # fmt: skip


def test_sentences_follow_the_numbers() -> None:
    steep = fake({0: (0, 3), 1: (0, 4), 10: (0, 4), 20: (4, 4), 100: (4, 4)})
    said = ladder_words.describe_ladder(steep)
    assert "4 of 4 with 100 copies" in said and "0 of 4 with 1 copy" in said
    told = ladder_words.describe_step(steep)
    assert "between 10 and 20 copies" in told and "no curve is fitted" in told
    assert ladder_words.describe_step(fake({1: (0, 4), 100: (1, 4)})).startswith("No rung has half")
    gentle = fake({1: (1, 4), 10: (2, 4), 100: (3, 4)})
    assert "between 1 and 10" in ladder_words.describe_step(gentle)
    assert "too few" not in ladder_words.describe_step(gentle)
    assert "4 of 12" not in ladder_words.describe_twin(steep, gentle)
    assert "8 of 16 samples extracted" in ladder_words.describe_twin(steep, gentle)
    assert "6 of 12" in ladder_words.describe_twin(steep, gentle)


def test_a_leak_stands_beside_what_is_due_without_a_model() -> None:
    copying_all = fake({0: (0, 4), 5: (0, 1)}, nearest=0.8)
    said = ladder_words.describe_leak(copying_all, np.array([0.9, 0.1, 0.1, 0.1, np.nan]))
    assert "Of 4 samples for titles that were never trained 4 (100 %" in said
    assert "1 of 4 are" in said and "scenes" not in said


def test_a_table_has_every_rung_with_its_spread(done: Result) -> None:
    rows = ladder_table.rung_table(ladder_table.ladder_of(done, "model"))
    assert [row["Copies"] for row in rows] == ["100", "3", "never", "scenes"]
    values = done.array("ssim")[:, :8].mean(1)
    words = f"{values.mean():.3f} ({values.min():.3f} to {values.max():.3f})"
    assert rows[0]["SSIM to the training picture"] == words
    assert rows[3]["SSIM to the training picture"] == "" and rows[3]["Samples"] == 48


def test_a_prompt_shows_its_picture_what_came_out_and_what_is_nearest(done: Result) -> None:
    grid = draw_prompt(done, 0)
    assert grid.shape == (2, 3)
    assert np.array_equal(grid.pictures[0, 0], targets_of(done)[0])
    assert np.array_equal(grid.pictures[0, 2], done.array("picture")[1, 0])
    assert float(grid.line(0, 1).split()[1]) == pytest.approx(done.array("ssim")[0, 0], abs=0.006)
    assert "trained 100 times a pass" in describe_prompt(done, 0)
    assert not draw_prompt(done, 50).here(0, 0)  # no picture belongs to a scene
    assert "never trained" in describe_prompt(done, 50)


def kept(folder: Path, seeds: int = 2) -> Path:
    """A file of snapshots, as a model's folder holds it."""
    pipeline = patches(folder / "model")
    held = {"steps": np.array([10, 20])}
    for name in ladder.SETS:
        one = measured(pipeline, find_prompts(pipeline, name), seeds=1, count=1)
        held[name] = np.stack([one.pictures[0, :8]] * 2)
        for measure, values in one.measures.items():
            twice = np.repeat(values.astype(np.float32), seeds, axis=0)
            held[f"{name}/{measure}"] = np.stack([twice, twice + 1])
    (folder / ARRIVAL).write_bytes(pack(save(held)))
    return folder / ARRIVAL


def test_snapshots_are_read_as_they_were_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "SETS", ("A", "scenes"))
    monkeypatch.setattr(arrival, "SETS", ("A", "scenes"))
    opened = patches(tmp_path / "opened")
    path = kept(tmp_path)
    path.rename(opened.folder / ARRIVAL)
    monkeypatch.setattr(arrival, "asked_pipeline", lambda config: opened)
    found = arrival.run(ArrivalConfig(), QuietContext())
    assert found.array("step").tolist() == [10, 20]
    assert found.array("picture").shape == (2, 8, 32, 32, 3)
    assert found.array("ssim").shape == (2, 2, 80)
    assert found.array("ssim")[1] == pytest.approx(found.array("ssim")[0] + 1, nan_ok=True)
    assert found.array("shown").tolist() == [0, 1, 2, 3, 8, 9, 10, 11]


def test_what_has_no_snapshots_or_no_ladder_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="model: must be one of default, fast, twin"):
        arrival.run(ArrivalConfig(model=str(tmp_path)), QuietContext())
    assert not snapshots_kept(str(tmp_path)) and snapshots_kept("default")
    published = str(save_latent(tmp_path / "published"))
    with pytest.raises(BadInput, match="model: has no ladder"):
        ladder.run(LadderConfig(model=published), QuietContext())


@pytest.mark.parametrize(
    ("config", "values", "field"),
    [
        (LadderConfig, {"seeds": 0}, "seeds"),
        (LadderConfig, {"seeds": 11}, "seeds"),
        (LadderConfig, {"steps": 101}, "steps"),
        (LadderConfig, {"guidance": float("nan")}, "guidance"),
        (LadderConfig, {"model": ""}, "model"),
        (BasinConfig, {"points": 2}, "points"),
        (BasinConfig, {"copied": ""}, "copied"),
        (BasinConfig, {"scene": "x" * 1001}, "scene"),
    ],
)
def test_a_bad_setting_names_its_field(config: type, values: dict, field: str) -> None:
    with pytest.raises(BadInput, match=f"^{field}"):
        config.build(values)


def arrived(scenes: list[float], rate: list[float]) -> Result:
    """Snapshots with a share of right attributes and a rung's rate of extraction."""
    similar = np.array([[[0.9] * round(10 * r) + [0.1] * round(10 - 10 * r)] for r in rate])
    right = np.array([[[[1] * round(10 * s) + [0] * round(10 - 10 * s)]] for s in scenes])
    fields = {
        "step": Field(np.arange(1, len(rate) + 1) * 500, ("step",)),
        "copies": Field(np.full(10, 100), ("prompt",)),
        "ssim": Field(similar, ("step", "seed", "prompt")),
        "right": Field(right, ("step", "seed", "scene", "attribute")),
    }
    return Result(fields, {"seeds": 1})


def test_which_comes_first_is_read_off_the_snapshots() -> None:
    later = arrival_views.describe_arrival(arrived([0.5, 0.9, 0.9], [0, 0, 0.8]))
    assert "right first at step 1,000" in later and "100 copies at 1,500" in later
    assert "No rung comes before the scenes" in later
    sooner = arrival_views.describe_arrival(arrived([0.5, 0.5, 0.9], [0, 0.8, 0.8]))
    assert "Rungs that come before the scenes: 100." in sooner
    never = arrival_views.describe_arrival(arrived([0.5, 0.5, 0.9], [0, 0, 0]))
    assert "100 copies never" in never and "Nothing can be said" in never
    assert not check_axes(arrival_views.draw_arrival(arrived([0.5, 1], [0, 1]), LIGHT, step=1))


def test_captions_that_are_offered_are_what_they_are_said_to_be() -> None:
    data = build_collection()
    copied, other, rare, never, scene = captions()
    copies = dict(zip(data.captions, data.copies.tolist(), strict=True))
    assert copies[copied] == copies[other] == 100 and copies[rare] == 20
    assert never in data.unseen_titles and scene in copies


def test_the_basin_is_the_blend_of_two_captions_from_one_noise(
    folder: Path, pipeline: Pipeline
) -> None:
    config = BasinConfig(model=str(folder), points=3, seeds=2, seed=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(basin, "sample_states", few_steps)
        found = basin.run(config, QuietContext())
    assert found.array("picture").shape == (3, 3, 32, 32, 3)
    # The end of the first way and of the control is the same caption from the same noise.
    assert np.array_equal(found.array("picture")[0, -1], found.array("picture")[2, -1])
    assert np.allclose(found.array("start")[..., 0], 1) and np.allclose(
        found.array("end")[..., -1], 1
    )
    alone = sample(pipeline, [config.copied], seed=5, count=2).numpy()[0]
    assert np.abs(found.array("picture")[0, 0].astype(int) - alone).max() <= 1
    states = pipeline.encode([config.copied, config.scene])
    middle = states.mean(0, keepdim=True)
    noise = first_noise(pipeline, 1, 5)
    want = sample_states(pipeline, middle, noise=noise, count=2).numpy()[0]
    assert np.abs(found.array("picture")[0, 1].astype(int) - want).max() <= 1
    assert (
        np.isnan(found.array("target")[2]).all() and not np.isnan(found.array("target")[:2]).any()
    )


def test_a_way_must_lead_somewhere() -> None:
    same = BasinConfig(model="default", scene=BasinConfig().copied)
    with pytest.raises(BadInput, match="scene: must be another caption"):
        basin.run(same, QuietContext())


def ways(start: list[list[list[float]]]) -> Result:
    held = np.array(start)
    axes = ("way", "seed", "point")
    return Result(
        {
            "share": Field(np.linspace(0, 1, held.shape[2]), ("point",)),
            "start": Field(held, axes), "end": Field(held[..., ::-1], axes),
            "target": Field(np.full(held.shape, np.nan), axes),
            "picture": Field(np.zeros((3, held.shape[2], 8, 8, 3), np.uint8),
                             ("way", "point", "row", "column", "channel")),
        },
        {"extracted_over": 0.7},
        {"ways": [["a", "b"], ["a", "c"], ["d", "b"]], "copies": [100, 100, 0]},
    )  # fmt: skip


def test_the_verdict_on_the_basin_compares_every_seed() -> None:
    wide = ways([[[1, 1, 1, 0.1, 0.1]], [[1, 1, 1, 1, 1]], [[1, 0.6, 0.4, 0.2, 0.1]]])
    assert basin_views.lost_at(wide).tolist() == [[0.75], [1.0], [0.25]]
    said = basin_views.describe_basin(wide)
    assert "is held further than that of the control in every seed" in said
    assert "goes more suddenly in every seed" in said
    alike = ways([[[1, 0.6, 0.4, 0.2, 0.1]], [[1] * 5], [[1, 0.6, 0.4, 0.2, 0.1]]])
    said = basin_views.describe_basin(alike)
    assert "is not held further" in said and "does not go more suddenly" in said
    early = ways([[[1, 0.6, 0.4, 0.2, 0.1]], [[1] * 5], [[1, 1, 1, 0.2, 0.1]]])
    assert "is lost before that of the control" in basin_views.describe_basin(early)
    for figure in (basin_views.draw_basin(wide, LIGHT), basin_views.draw_ends(wide, LIGHT, way=1)):
        assert not check_axes(figure)
    assert basin_views.film(wide).mark(0, 0) == "held"
    assert basin_views.film(wide).mark(0, 3) == ""
