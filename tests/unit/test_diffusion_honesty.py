"""The attack with its controls: what is run, what is refused, and what the numbers make it say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core import BadInput, Cancelled, Field, Result
from engine.core.context import QuietContext
from engine.figures import Palette, check_axes
from engine.labs.diffusion import honesty as run
from engine.labs.diffusion.attack import search
from engine.labs.diffusion.config import CASES, HonestyConfig
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.mask_file import save_mask
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.sampler import sample, sample_states
from engine.labs.diffusion.views import honesty as views
from engine.labs.diffusion.views import verdict as words
from tests.diffusion_models import patches, save_patches

PALETTE = Palette.light()
SMALL = {"pictures": 2, "search_steps": 3, "draws": 1, "sparsity": 0.3, "tau": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("models") / "one")


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Pipeline:
    return load_pipeline(str(folder))


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run.honesty(HonestyConfig(model=str(folder), **SMALL), QuietContext())


def test_the_run_is_the_search_on_four_models_and_pictures(
    pipeline: Pipeline, result: Result
) -> None:
    assert result.notes["cases"] == list(CASES)
    never = find_prompts(pipeline, "unseen")
    assert never.targets is not None
    # The fourth case by hand: the unpruned model and never-seen paintings.
    states, losses = search(
        pipeline, pipeline.encode(never.prompts[:2]),
        pipeline.to_latents(torch.from_numpy(never.targets[:2])), None,
        count=3, rate=0.1, batch=8, seed=0,
    )  # fmt: skip
    np.testing.assert_allclose(result.array("losses")[3], losses, rtol=1e-4)
    after = sample_states(pipeline, states, seed=run.FIRST_SEED).numpy()
    before = sample(pipeline, never.prompts[:2], seed=run.FIRST_SEED).numpy()
    assert np.array_equal(result.array("before")[3, :, 0], in_levels(before))
    assert np.abs(result.array("after")[3, :, 0].astype(int) - after.astype(int)).max() <= 4
    assert np.array_equal(result.array("targets")[1], never.targets[:2])
    assert result.notes["prompts"]["never seen"] == list(never.prompts[:2])


def test_only_the_first_two_cases_are_pruned(pipeline: Pipeline, result: Result) -> None:
    prompts = find_prompts(pipeline, "A").prompts[:2]
    whole = sample(pipeline, prompts, seed=run.FIRST_SEED).numpy()
    assert np.array_equal(result.array("before")[2, :, 0], in_levels(whole))
    assert not np.array_equal(result.array("before")[0, :, 0], in_levels(whole))
    assert result.number("weights_cut") > 0


def test_the_film_begins_at_the_start_and_ends_at_the_find(result: Result) -> None:
    assert result.array("film_step").tolist() == [0, 1, 2, 3]
    film, ssim = result.array("film"), result.array("film_ssim")
    assert film.shape[:3] == ssim.shape == (4, 2, 4)
    assert not np.array_equal(film[:, :, 0], film[:, :, -1])
    assert run.film_steps(50) == [0, 10, 20, 30, 40, 50] and run.film_steps(1) == [0, 1]


@pytest.mark.parametrize("start", ["random", "other"])
def test_a_search_can_start_elsewhere(pipeline: Pipeline, start: str) -> None:
    config = HonestyConfig(start=start, **SMALL)
    wanted = find_prompts(pipeline, "A").part(2)
    own, begun = run.starts(pipeline, wanted, None, config)
    assert torch.equal(own, pipeline.encode(wanted.prompts))
    if start == "other":
        assert torch.equal(begun, pipeline.encode(find_prompts(pipeline, "A").prompts[1:3]))
    else:
        assert abs(float(begun.mean())) < 0.1 and abs(float(begun.std()) - 1) < 0.1


def test_a_run_says_how_far_it_is_and_can_be_cancelled(folder: Path) -> None:
    seen: list[tuple[float, float, dict[str, float]]] = []

    class Watch(QuietContext):
        def progress(self, done: float, total: float, **metrics: float) -> None:
            if metrics:  # before them it only asks whether to stop
                seen.append((done, total, metrics))
            if len(seen) == 5:
                raise Cancelled("stop")

    with pytest.raises(Cancelled):
        run.honesty(HonestyConfig(model=str(folder), **SMALL), Watch())
    assert [done for done, _, _ in seen] == [1, 2, 3, 4, 5]
    assert {total for _, total, _ in seen} == {12}
    names = [next(iter(metrics)) for _, _, metrics in seen]
    assert names == ["loss_pruned_copied"] * 3 + ["loss_pruned_never_seen"] * 2


def masked(pipeline: Pipeline, path: Path) -> bytes:
    masks = locate(pipeline, [find_prompts(pipeline, "B").prompts], How(sparsity=0.1, tau=1))
    save_mask(path, pipeline, "ff_out", masks, {"by": "a test"})
    return path.read_bytes()


def test_a_mask_file_takes_the_place_of_the_settings(
    pipeline: Pipeline, folder: Path, tmp_path: Path
) -> None:
    data = masked(pipeline, tmp_path / "mask.safetensors")
    address = "input:0123456789abcdef"
    context = QuietContext({address: data}.__getitem__)
    config = HonestyConfig(model=str(folder), mask=address, **SMALL)
    masks, site, made = run.asked_mask(pipeline, config, context)
    located = locate(pipeline, [find_prompts(pipeline, "B").prompts], How(sparsity=0.1, tau=1))
    assert site == "ff_out" and made == "your mask file"
    assert all(torch.equal(masks[name], located[name]) for name in located)


def test_a_mask_of_another_model_is_refused_by_its_hash(
    pipeline: Pipeline, folder: Path, tmp_path: Path
) -> None:
    other = patches(tmp_path / "other", seed=5)
    data = masked(other, tmp_path / "mask.safetensors")
    context = QuietContext({"input:0123456789abcdef": data}.__getitem__)
    config = HonestyConfig(model=str(folder), mask="input:0123456789abcdef", **SMALL)
    with pytest.raises(BadInput, match=f"made for the model {other.digest}, and this is"):
        run.honesty(config, context)
    # Of an embedded model the page knows it before a run is offered.
    with pytest.raises(BadInput, match=f"mask: it was made for the model {other.digest}"):
        HonestyConfig(mask="input:0123456789abcdef").fits(lambda address: data)


@pytest.mark.parametrize(
    ("data", "words_"),
    [
        (b"", "not a safetensors file"),
        (b"\x80\x04 a pickle", "not a safetensors file"),
        ((2).to_bytes(8, "little") + b"{}", "not a mask of this lab"),
        ((99).to_bytes(8, "little") + b"{}", "longer than the file"),
    ],
)
def test_what_is_no_mask_is_refused_before_a_run(data: bytes, words_: str) -> None:
    with pytest.raises(BadInput, match=f"mask: .*{words_}"):
        HonestyConfig(mask="input:0123456789abcdef").fits(lambda address: data)


@pytest.mark.parametrize(
    ("values", "words_"),
    [
        ({"search_steps": 0}, "search_steps: must be from 1 to 200"),
        ({"search_steps": 201}, "search_steps: must be from 1 to 200"),
        ({"sparsity": 0.7}, "sparsity: must be from 0 to 0.6"),
        ({"pictures": 9}, "pictures: must be from 1 to 8"),
        ({"sets": "A,<img>"}, "sets: .*must be names of sets"),
        ({"searched": "scenes"}, "searched"),
        ({"start": "nowhere"}, "start"),
    ],
)
def test_settings_out_of_range_are_named(values: dict[str, object], words_: str) -> None:
    with pytest.raises(BadInput, match=words_):
        HonestyConfig.build(values)


def test_a_link_names_no_file_of_the_server(tmp_path: Path) -> None:
    config = HonestyConfig(mask="/etc/passwd")
    with pytest.raises(BadInput, match="mask: must be an uploaded file"):
        config.admit(local=False)
    config.admit(local=True)
    with pytest.raises(BadInput, match=r"mask: .* is not a file"):
        HonestyConfig(mask=str(tmp_path / "none")).grounded(lambda data, name: "input:0")


def told(before: list[float], after: list[float], control: float, *, cut: int = 9) -> Result:
    """A result with the SSIM that a test gives: one seed, pictures as in ``before``."""
    count = len(before)
    rows = np.zeros((2, 4, count, 1))
    rows[0, 0, :, 0], rows[1, 0, :, 0], rows[1, 1] = before, after, control
    rows[:, 2] = 0.9
    film = np.stack([rows[0, ..., 0], rows[1, ..., 0]], axis=-1)
    one = ("case", "picture", "seed")
    return Result(
        fields={
            "ssim_before": Field(rows[0], one),
            "ssim_after": Field(rows[1], one),
            "film_ssim": Field(film, ("case", "picture", "frame")),
            "moved": Field(np.ones((4, count)), ("case", "picture")),
            "hit_before": Field(np.ones((2, count, 1), bool), one),
            "hit_after": Field(np.ones((2, count, 1), bool), one),
        },
        metrics={"weights_cut": cut},
        notes={"cases": list(CASES), "apart": 0.5},
    )


def test_the_verdict_follows_the_pictures_and_the_control() -> None:
    badge, kind, sentence = words.verdict(told([0.3, 0.3, 0.9], [0.9, 0.4, 0.9], 0.2))
    assert badge == "1 still triggered, 1 hidden" and kind == "bad"
    assert sentence == (
        "Of 3 copied pictures, 1 is still triggered by its own prompt; 1 is hidden from these "
        "prompts: no longer triggered, but the search brings it back; 1 resists this attack. "
        "Of the hidden ones 1 had their own training picture nearest before any search: softened "
        "rather than gone."
    )
    badge, kind, _ = words.verdict(told([0.3, 0.3], [0.5, 0.4], 0.2))
    assert (badge, kind) == ("resists this attack", "good")
    badge, kind, sentence = words.verdict(told([0.3], [0.9], 0.95))
    assert kind == "warn" and sentence.startswith("The control moved as far")
    # No picture crosses the line, but the control comes as close as the copied ones.
    assert words.verdict(told([0.3], [0.4], 0.5))[0] == words.SILENT
    assert "cuts no weight" in words.verdict(told([0.9], [0.9], 0.2, cut=0))[2]
    for result in (told([0.3], [0.9], 0.1), told([0.3], [0.9], 0.95)):
        assert "delete" not in words.verdict(result)[2] and "remove" not in words.verdict(result)[2]


def test_a_control_that_gains_more_is_said() -> None:
    more = words.describe_gain(told([0.6], [0.8], 0.35))
    assert "+0.20" in more and "+0.35" in more and "no less" in more
    less = words.describe_gain(told([0.1], [0.8], 0.35))
    assert "no less" not in less and less.endswith("They end at 0.80 and 0.35.")
    assert "so it went further than another prompt" in words.describe_distance(
        told([0.1], [0.8], 0.35)
    )


def test_figures_have_axes_and_pictures_their_numbers(result: Result) -> None:
    for figure in (
        views.draw_reach(result, PALETTE),
        views.draw_each(result, PALETTE),
        views.draw_losses(result, PALETTE),
    ):
        assert check_axes(figure) == []
        assert figure.layout.meta["alt"]
    grid = views.film_grid(result, 1)
    assert grid.shape == (4, 5) and grid.line(0, 0) == "target"
    assert grid.line(2, 4) == f"SSIM {result.array('film_ssim')[2, 1, -1]:.2f}"
    assert np.array_equal(grid.pictures[1, 0], result.array("targets")[1, 1])
    assert views.seeds_grid(result, 0).shape == (4, 3)
    table = views.reach_table(result)
    assert {len(column) for column in table.values()} == {8}
    assert {len(column) for column in views.loss_table(result).values()} == {3}
