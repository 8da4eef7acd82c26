"""The prune bench on an untrained model, against the same numbers found step by step."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput
from engine.core.context import QuietContext
from engine.core.result import Result
from engine.labs.diffusion import bench_cost, controls, trial
from engine.labs.diffusion.bench import bench
from engine.labs.diffusion.commands_locate import locate as locate_command
from engine.labs.diffusion.config import BenchConfig, GridConfig, SitesConfig
from engine.labs.diffusion.evaluation import evaluate
from engine.labs.diffusion.grid import grid
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.mask_bits import mask_file, pack, unpack
from engine.labs.diffusion.locate.mask_file import load_mask
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.locate.sources import look
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.pictures.shrink import shrunk
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.site_table import sites
from engine.labs.diffusion.trial import Judges, smaller
from engine.labs.diffusion.views.bench import of_cell, of_run
from engine.labs.diffusion.views.bench_files import command_lines, made_by_run, mask_of
from engine.labs.diffusion.views.bench_pictures import picture_rows
from tests.diffusion_models import save_latent, save_patches

ONE = ("the painting hidden river by costa", "a small red cross at the left")
TWO = ("the painting golden garden by vega", "a large blue circle at the top")
HOW = How(sparsity=0.3, tau=4, count=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("models") / "one")


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Pipeline:
    return load_pipeline(str(folder))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sets and three scenes: the shapes of a bench at a part of its cost."""
    monkeypatch.setattr(trial, "COPIED_SETS", ("A", "B"))
    monkeypatch.setattr(trial, "SCENES", 3)
    monkeypatch.setattr(controls, "SCENES", 3)


@pytest.fixture(scope="module")
def asked(folder: Path) -> BenchConfig:
    return BenchConfig(model=str(folder), seeds=2, seed=4, resamples=3)


@pytest.fixture(scope="module")
def result(asked: BenchConfig) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "COPIED_SETS", ("A", "B"))
        patch.setattr(trial, "SCENES", 3)
        patch.setattr(controls, "SCENES", 3)
        return bench(asked, QuietContext())


@pytest.mark.parametrize(
    ("sparsity", "tau", "at_least", "half"),
    [(0.3, 4, 1, "conditional"), (0.1, 2, 2, "conditional"), (0.2, 1, 1, "both")],
)
def test_masks_from_kept_statistics_are_those_of_locate(
    pipeline: Pipeline, sparsity: float, tau: int, at_least: int, half: str
) -> None:
    how = How(sparsity=0.3, tau=4, count=4, half=half)  # type: ignore[arg-type]
    kept = look(pipeline, [ONE, TWO], how, without=[("a thing",)], at_least=at_least)
    once = locate(
        pipeline,
        [ONE, TWO],
        How(sparsity=sparsity, tau=tau, count=4, half=half),  # type: ignore[arg-type]
        without=[("a thing",)],
        at_least=at_least,
    )
    found = kept.masks(sparsity, tau)
    assert all(torch.equal(found[name], mask) for name, mask in once.items())


def test_the_stable_share_counts_resamples_weight_by_weight(pipeline: Pipeline) -> None:
    kept = look(pipeline, [ONE], HOW)
    (chosen, reference), often = kept.sets[0], 0.6
    frequency = masking.selection_frequency(
        kept.weights, chosen, reference, sparsity=0.3, resamples=8, seed=3
    )
    cut = kept.masks(0.3, 4)
    stable = sum(int((cut[n] & (frequency[n] >= often - 1e-6)).sum()) for n in cut)
    number = sum(masking.counts(cut).values())
    share = kept.stable_share(0.3, 4, resamples=8, seed=3, often=often)
    assert 0 < share < 1 and share == pytest.approx(stable / number)
    assert np.isnan(kept.stable_share(0.0, 4, resamples=2, seed=0))


def test_masks_survive_bits_and_become_a_file_for_their_model_only(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    masks = locate(pipeline, [ONE], HOW)
    arrays = {name: mask.numpy() for name, mask in masks.items()}
    shapes = {name: mask.shape for name, mask in arrays.items()}
    assert all((unpack(pack(arrays), shapes)[name] == arrays[name]).all() for name in arrays)
    path = tmp_path / "mask.safetensors"
    path.write_bytes(
        mask_file(pack(arrays), shapes, model=pipeline.digest, site="ff_out", made={"tau": 4})
    )
    opened = load_mask(path, pipeline)
    assert opened.made == {"tau": 4}
    assert all(torch.equal(opened.masks[name], mask) for name, mask in masks.items())
    path.write_bytes(mask_file(pack(arrays), shapes, model="0" * 16, site="ff_out", made={}))
    with pytest.raises(BadInput, match="it was made for the model 0000000000000000"):
        load_mask(path, pipeline)


def test_a_run_measures_what_evaluate_measures(
    result: Result, asked: BenchConfig, pipeline: Pipeline
) -> None:
    shown = of_run(result, asked.sparsity, asked.tau)
    held = shown.groups[1]
    wanted = find_prompts(pipeline, "B")
    masks = locate(pipeline, [find_prompts(pipeline, "A").prompts], How(tau=5, seed=asked.seed))
    for name, cut in {"whole": None, "located": masks}.items():
        made = evaluate(
            pipeline,
            wanted,
            seeds=2,
            first_seed=4,
            cut=prune(pipeline, find_site("ff_out"), cut) if cut else None,
        )
        for measure in ("ssim", "ratio", "nn_hit"):
            np.testing.assert_allclose(
                shown.measure(measure, name, held), made.measures[measure], rtol=1e-4, atol=1e-6
            )
        assert np.array_equal(shown.pictures[name][held.places], in_levels(made.pictures[0]))
    assert shown.cut[0].tolist() == list(masking.counts(masks).values())
    assert shown.share == pytest.approx(masking.share(masks))


def test_the_random_mask_of_each_seed_is_its_own(
    result: Result, asked: BenchConfig, pipeline: Pipeline
) -> None:
    shown = of_run(result, asked.sparsity, asked.tau)
    wanted = find_prompts(pipeline, "A")
    masks = locate(pipeline, [wanted.prompts], How(tau=5, seed=asked.seed))
    for at, seed in enumerate((4, 5)):
        drawn = prune(pipeline, find_site("ff_out"), masking.random_like(masks, seed))
        made = evaluate(pipeline, wanted, first_seed=seed, cut=drawn)
        np.testing.assert_allclose(
            shown.measure("ssim", "random", shown.groups[0])[at],
            made.measures["ssim"][0],
            rtol=1e-4,
            atol=1e-6,
        )


def test_scenes_are_judged_as_evaluate_judges_them(
    result: Result, asked: BenchConfig, pipeline: Pipeline
) -> None:
    shown = of_run(result, asked.sparsity, asked.tau)
    wanted = find_prompts(pipeline, "scenes").part(3)
    made = evaluate(pipeline, wanted, seeds=2, first_seed=4)
    assert made.scenes is not None
    assert shown.scenes("whole").mean() == pytest.approx(made.scenes["mean"])


def test_scenes_that_a_control_is_located_from_are_not_judged(pipeline: Pipeline) -> None:
    every = controls.other_sources(pipeline, HOW, [8], None)
    judged = find_prompts(pipeline, "scenes").prompts[:3]
    assert {name: len(one.sets[0][0].prompts) for name, one in every.items()} == {
        "unseen": 8, "scenes": 8,
    }  # fmt: skip
    assert not set(judged) & set(every["scenes"].sets[0][0].prompts)


def test_controls_are_joined_and_subtracted_like_the_located_mask(pipeline: Pipeline) -> None:
    reference = find_prompts(pipeline, "unseen").prompts
    left_alone = [find_prompts(pipeline, "x3").prompts]
    every = controls.other_sources(pipeline, HOW, [4, 3], reference, at_least=2, without=left_alone)
    for one in every.values():
        lists = [chosen.prompts for chosen, _ in one.sets]
        assert [len(prompts) for prompts in lists] == [4, 3]
        assert one.at_least == 2 and len(one.without) == 1
        assert not {*lists[0]} & {*lists[1]}
        # A control that was compared with its own prompts would cut nothing.
        assert not {*lists[0], *lists[1]} & {*reference}


def test_own_prompts_and_an_own_reference_are_two_files() -> None:
    config = BenchConfig(
        prompts="input:" + "a" * 16, reference="own", reference_prompts="input:" + "b" * 16
    )
    first = command_lines(made_by_run(config)).splitlines()[0]
    assert "--prompts prompts.txt" in first and "--reference reference.txt" in first


def test_the_printed_command_writes_the_mask_that_the_page_offers(
    result: Result, asked: BenchConfig, pipeline: Pipeline, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    made = made_by_run(asked)
    first, *others = command_lines(made).splitlines()
    locate_command(shlex.split(first)[5:-1])
    offered = tmp_path / "offered.safetensors"
    offered.write_bytes(mask_of(of_run(result, asked.sparsity, asked.tau), made))
    written = load_mask(tmp_path / "mask.safetensors", pipeline)
    taken = load_mask(offered, pipeline)
    assert json.dumps(written.made, sort_keys=True) == json.dumps(taken.made, sort_keys=True)
    assert all(torch.equal(taken.masks[name], mask) for name, mask in written.masks.items())
    assert any("--random" in line for line in others) and "export" in others[-1]


def test_a_grid_s_cell_is_the_run_of_its_own(result: Result, folder: Path) -> None:
    cells = grid(
        GridConfig(model=str(folder), sparsities="0.2", taus="5", seeds=2, seed=4),
        QuietContext(),
    )
    cell, run = of_cell(cells, 0.2, 5), of_run(result, 0.2, 5)
    assert cell.masks == run.masks
    np.testing.assert_allclose(cell.copies, run.copies, rtol=1e-4, atol=1e-6)
    assert np.array_equal(cell.bits, run.bits) and np.array_equal(cell.cut, run.cut)
    assert np.array_equal(cell.right, run.right)
    mine = run.groups[0].places
    for mask in run.masks:
        assert np.array_equal(cell.pictures[mask][:8], run.pictures[mask][mine])


def test_sites_are_cut_one_by_one(folder: Path, pipeline: Pipeline) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.labs.diffusion.site_table.SITE_NAMES", ("ff_out", "text"))
        found = sites(SitesConfig(model=str(folder), tau=2, seeds=1), QuietContext())
    assert found.notes["sites"] == ["ff_out", "text"]
    wanted = find_prompts(pipeline, "A")
    masks = locate(pipeline, [wanted.prompts], How(tau=2, site="text"))
    made = evaluate(pipeline, wanted, cut=prune(pipeline, find_site("text"), masks))
    ssim = found.array("copies")[1, 0, 0, :8, 0]
    np.testing.assert_allclose(ssim, made.measures["ssim"][0], rtol=1e-4, atol=1e-6)
    assert found.array("cut")[1] == sum(masking.counts(masks).values())


def test_prompts_of_a_model_whose_training_is_unknown_are_shown_without_measures(
    tmp_path: Path,
) -> None:
    path = save_latent(tmp_path / "other")
    context = QuietContext(lambda address: b"a cat\na dog")
    config = BenchConfig(model=str(path), prompts="input:0123456789abcdef", tau=2, seeds=1)
    found = bench(config, context)
    assert found.notes["masks"] == ["whole", "located", "random"]
    assert np.isnan(found.array("copies")).all() and not found.array("right").size
    shown = of_run(found, config.sparsity, config.tau)
    rows = picture_rows(shown, shown.groups[0], "alt")
    assert list(rows.row_labels) == ["before", "after: located", "after: at random"]
    assert "prompts.txt" in command_lines(made_by_run(config))
    with pytest.raises(BadInput, match="the set A belongs to the embedded models"):
        bench(BenchConfig(model=str(path), seeds=1), QuietContext())


def test_large_pictures_are_kept_small() -> None:
    pictures = np.arange(2 * 200 * 100 * 3, dtype=np.uint8).reshape(2, 200, 100, 3)
    small = smaller(pictures)
    assert small.shape == (2, 66, 33, 3)
    assert small[1, 5, 7, 2] == round(float(pictures[1, 15:18, 21:24, 2].mean()))
    assert smaller(small) is small
    films = pictures.reshape(2, 1, 200, 100, 3)
    np.testing.assert_array_equal(shrunk(films, 96)[:, 0], small)


def test_a_part_of_a_set_keeps_what_is_known_about_its_prompts(pipeline: Pipeline) -> None:
    whole = find_prompts(pipeline, "B")
    part = whole.part(3, 6)
    assert part.name == "B" and part.prompts == whole.prompts[6:]
    assert part.positions.tolist() == whole.positions[6:].tolist()
    assert whole.targets is not None and part.targets is not None
    np.testing.assert_array_equal(part.targets, whole.targets[6:])
    scenes = find_prompts(pipeline, "scenes")
    assert scenes.scenes is not None and scenes.part(2, 5).scenes == scenes.scenes[5:7]
    assert scenes.part(2).targets is None


def test_a_run_can_be_cancelled_between_pictures(pipeline: Pipeline) -> None:
    class StoppedError(Exception):
        pass

    def tell(pictures: int) -> None:
        raise StoppedError

    judges = Judges((find_prompts(pipeline, "A").part(1),), None, (0, 1))
    with pytest.raises(StoppedError):
        judges.attempt(pipeline, lambda seed: None, tell)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"sparsity": 0.61}, "sparsity: must be from 0 to 0.6"),
        ({"sparsity": -0.1}, "sparsity: must be from 0 to 0.6"),
        ({"tau": 21}, "tau: must be from 1 to 20"),
        ({"first": 5}, "first: must be from 0 to 4, below tau"),
        ({"also": "Z"}, "also: must be empty, or names of sets"),
        ({"also": "A"}, "also: the set A is located from already"),
        ({"minus": "A"}, "minus: the set A is located from"),
        ({"combine": "at least"}, "k: must be from 1 to 1, the number of sets"),
        ({"site": "everywhere"}, "site: must be"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        BenchConfig.build(settings)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("name", "value"),
    [("sparsities", "0.7"), ("sparsities", "0"), ("sparsities", "a"), ("sparsities", ""),
     ("sparsities", ",".join(["0.1"] * 9)), ("taus", "0"), ("taus", "21"), ("taus", "1.5")],
)  # fmt: skip
def test_a_grid_that_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadInput) as refused:
        GridConfig.build({name: value})
    assert refused.value.field == name


def test_prompts_that_hold_nothing_are_refused_before_a_run_is_offered() -> None:
    config = BenchConfig(prompts="input:0123456789abcdef")
    with pytest.raises(BadInput, match="prompts"):
        config.fits(lambda address: b"\n \n")
    with pytest.raises(BadInput, match="at most 1000 prompts"):
        config.fits(lambda address: b"a\n" * 100_000)


def test_a_larger_question_is_estimated_to_cost_more() -> None:
    assert bench_cost.bench(BenchConfig(seeds=5)) > bench_cost.bench(BenchConfig(seeds=1))
    assert bench_cost.bench(BenchConfig(also="x50")) > bench_cost.bench(BenchConfig())
    assert bench_cost.grid(GridConfig()) > 5 * bench_cost.grid(GridConfig(sparsities="0.2"))
    assert bench_cost.sites(SitesConfig(seeds=4)) > bench_cost.sites(SitesConfig())
