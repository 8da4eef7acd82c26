"""Watching, masking and cutting a shared pipeline without changing it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.core import BadInput
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.locating import How, locate, watch
from engine.labs.diffusion.locate.mask_file import load_mask, save_mask
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import SITES, find_site, layers
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import first_noise, sample, steps
from tests.diffusion_models import patches

PROMPTS = ("the painting hidden river by costa", "a small red cross at the left")
HOW = How(sparsity=0.2, tau=2, count=4)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return patches(tmp_path_factory.mktemp("models") / "one")


@pytest.fixture(autouse=True)
def unchanged(pipeline: Pipeline) -> Iterator[None]:
    """No test may leave the shared pipeline with other weights or with a hook."""
    before = {k: v.clone() for k, v in pipeline.unet.state_dict().items()}
    yield
    for name, value in pipeline.unet.state_dict().items():
        assert torch.equal(value, before[name]), name
    for module in [*pipeline.unet.modules(), *pipeline.text.modules()]:
        assert not module._forward_pre_hooks


@pytest.mark.parametrize("site", list(SITES))
def test_every_site_can_be_located_and_cut(site: str, pipeline: Pipeline) -> None:
    how = How(sparsity=0.3, tau=1, count=4, site=site)
    masks = locate(pipeline, [PROMPTS], how)
    assert set(masks) == set(layers(pipeline, find_site(site)))
    assert 0 < masking.share(masks) <= 0.3
    cut = prune(pipeline, find_site(site), masks)
    whole = sample(pipeline, PROMPTS, count=4)
    assert not torch.equal(sample(pipeline, PROMPTS, count=4, cut=cut), whole)
    assert torch.equal(sample(pipeline, PROMPTS, count=4), whole)


def test_a_cut_is_zero_where_masked_and_as_before_elsewhere(pipeline: Pipeline) -> None:
    masks = locate(pipeline, [PROMPTS], HOW)
    cut = prune(pipeline, find_site("ff_out"), masks)
    for name, mask in masks.items():
        weight = pipeline.unet.get_parameter(f"{name}.weight")
        assert torch.equal(cut.unet[f"{name}.weight"][~mask], weight[~mask])
        assert not cut.unet[f"{name}.weight"][mask].any()


def test_the_feed_forward_site_is_one_layer_for_each_block(pipeline: Pipeline) -> None:
    names = list(layers(pipeline, find_site("ff_out")))
    assert len(names) == 7 and all(name.endswith("ff.net.2") for name in names)
    # Names are listed with the middle block last, though it runs between the others.
    assert names[-1].startswith("mid_block")


def test_the_halves_are_without_and_with_the_prompt(pipeline: Pipeline) -> None:
    prompted, empty = watch(pipeline, PROMPTS, HOW), watch(pipeline, ("", ""), HOW)
    for name in prompted.squares:
        plain, with_prompt = prompted.squares[name][:, 0]
        # At the first step nothing but the prompt differs.
        assert torch.equal(plain, empty.squares[name][1, 0])
        assert not torch.equal(plain, with_prompt)
        both = prompted.norms("both")[name].square()
        alone = prompted.norms("conditional")[name].square()
        torch.testing.assert_close(both - alone, prompted.squares[name][0].sum(1))


def test_statistics_do_not_depend_on_the_batches(pipeline: Pipeline) -> None:
    from engine.labs.diffusion.locate.statistics import measure

    site = find_site("ff_out")
    together = measure(pipeline, PROMPTS, site, tau=2, count=4)
    apart = measure(pipeline, PROMPTS, site, tau=2, count=4, batch=1)
    for name, values in together.squares.items():
        assert values.shape[:3] == (2, 2, 2)
        torch.testing.assert_close(values, apart.squares[name], rtol=1e-4, atol=1e-5)


def test_later_steps_only_add_weights_to_a_mask(pipeline: Pipeline) -> None:
    one = locate(pipeline, [PROMPTS], How(sparsity=0.1, tau=1, count=4))
    two = locate(pipeline, [PROMPTS], How(sparsity=0.1, tau=3, count=4))
    assert all(bool((two[name] | ~one[name]).all()) for name in one)


def test_a_range_of_steps_joins_those_alone(pipeline: Pipeline) -> None:
    all_three = locate(pipeline, [PROMPTS], How(sparsity=0.1, tau=3, count=4))
    early = locate(pipeline, [PROMPTS], How(sparsity=0.1, tau=1, count=4))
    late = locate(pipeline, [PROMPTS], How(sparsity=0.1, first=1, tau=3, count=4))
    assert_same(masking.union([early, late]), all_three)
    assert any(not torch.equal(late[name], all_three[name]) for name in late)


def test_sets_are_joined_and_taken_off_as_asked(pipeline: Pipeline) -> None:
    sets = [PROMPTS[:1], PROMPTS[1:]]
    first, second = (locate(pipeline, [prompts], HOW) for prompts in sets)
    assert_same(locate(pipeline, sets, HOW), masking.union([first, second]))
    both = locate(pipeline, sets, HOW, at_least=2)
    assert_same(both, masking.intersection([first, second]))
    left = locate(pipeline, sets[:1], HOW, without=sets[1:])
    assert_same(left, masking.minus(first, [second]))


def assert_same(first: masking.Masks, second: masking.Masks) -> None:
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_reference_gives_another_mask(pipeline: Pipeline) -> None:
    null = locate(pipeline, [PROMPTS], HOW)
    titles = locate(pipeline, [PROMPTS], HOW, reference=["the painting gentle storm by grigor"])
    assert any(not torch.equal(null[name], titles[name]) for name in null)


def test_threads_that_sample_whole_and_cut_do_not_disturb_each_other(pipeline: Pipeline) -> None:
    masks = locate(pipeline, [PROMPTS], How(sparsity=0.5, tau=1, count=4))
    cut = prune(pipeline, find_site("ff_out"), masks)
    want = {
        name: sample(pipeline, PROMPTS, count=4, cut=weights)
        for name, weights in (("whole", None), ("cut", cut))
    }
    statistics = watch(pipeline, PROMPTS, HOW)
    got: dict[str, list] = {"whole": [], "cut": [], "watched": []}

    def work(name: str) -> None:
        for _ in range(3):
            if name == "watched":
                got[name].append(watch(pipeline, PROMPTS, HOW))
            else:
                weights = cut if name == "cut" else None
                got[name].append(sample(pipeline, PROMPTS, count=4, cut=weights))

    threads = [threading.Thread(target=work, args=(name,)) for name in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("whole", "cut"):
        assert len(got[name]) == 3
        assert all(torch.equal(pictures, want[name]) for pictures in got[name])
    for found in got["watched"]:
        for name, values in statistics.squares.items():
            assert torch.equal(found.squares[name], values)


def test_the_hooks_are_gone_after_a_stop(pipeline: Pipeline) -> None:
    class Stop(Exception):
        pass

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 1:
            raise Stop

    seen: list[tuple[int, int]] = []

    with pytest.raises(Stop):
        locate(pipeline, [PROMPTS[:1], PROMPTS[1:]], HOW, progress=progress)
    assert seen == [(0, 2), (0, 2), (1, 2)]


def test_the_score_is_the_distance_of_both_noise_predictions(pipeline: Pipeline) -> None:
    states = pipeline.encode(["", PROMPTS[0]])
    noise = first_noise(pipeline, 1, 0)
    for step in steps(pipeline, states, noise, count=3, guidance=2.0):
        apart = (step.prompted - step.plain).norm() * step.alpha**0.5 / (1 - step.alpha) ** 0.5
        assert float(step.score[0]) == pytest.approx(float(apart), rel=1e-3, abs=1e-6)
        guided = step.plain + 2.0 * (step.prompted - step.plain)
        torch.testing.assert_close(step.preview, guided)
    same = pipeline.encode(["", ""])
    assert all(float(step.score) == 0 for step in steps(pipeline, same, noise, count=2))


def test_a_picture_does_not_depend_on_the_others_of_its_batch(pipeline: Pipeline) -> None:
    together = sample(pipeline, PROMPTS, count=4)
    alone = sample(pipeline, PROMPTS, count=4, batch=1)
    assert (together.int() - alone.int()).abs().max() <= 1
    other = sample(pipeline, PROMPTS, count=4, seed=1)
    assert (together.int() - other.int()).abs().max() > 1


def test_a_mask_file_is_read_back(pipeline: Pipeline, tmp_path: Path) -> None:
    masks = locate(pipeline, [PROMPTS], HOW)
    save_mask(tmp_path / "mask.safetensors", pipeline, "ff_out", masks, {"tau": 2})
    found = load_mask(tmp_path / "mask.safetensors", pipeline)
    assert found.site == "ff_out" and found.made == {"tau": 2}
    assert_same(found.masks, masks)


def test_a_mask_of_another_model_is_refused_by_its_hash(pipeline: Pipeline, tmp_path: Path) -> None:
    other = patches(tmp_path / "two", seed=1)
    assert other.digest != pipeline.digest
    masks = locate(pipeline, [PROMPTS], HOW)
    save_mask(tmp_path / "mask.safetensors", pipeline, "ff_out", masks, {})
    with pytest.raises(BadInput, match=f"mask: it was made for the model {pipeline.digest}"):
        load_mask(tmp_path / "mask.safetensors", other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors, notes: notes.pop("format"), "not a mask of this lab"),
        (lambda tensors, notes: notes.update(site="brain"), "it names no site"),
        (lambda tensors, notes: notes.update(made="{"), "not JSON"),
        (lambda tensors, notes: tensors.update(x=torch.zeros(1).bool()), "has no weight 'x'"),
        (lambda tensors, notes: tensors.clear(), "no tensors"),
        (
            lambda tensors, notes: tensors.update({k: v.float() for k, v in tensors.items()}),
            "must be BOOL",
        ),
        (
            lambda tensors, notes: tensors.update({k: v[:1] for k, v in tensors.items()}),
            "must be BOOL of shape",
        ),
    ],
)
def test_a_spoilt_mask_file_is_refused(change, words, pipeline: Pipeline, tmp_path: Path) -> None:
    names = list(layers(pipeline, find_site("ff_out")))
    weights = pipeline.unet.get_parameter(f"{names[0]}.weight")
    tensors = {f"{names[0]}.weight": torch.zeros(weights.shape, dtype=torch.bool)}
    notes = {
        "format": "engram-diffusion-mask-1",
        "model": pipeline.digest,
        "site": "ff_out",
        "made": "{}",
    }
    change(tensors, notes)
    save_file(tensors, tmp_path / "mask.safetensors", metadata=notes)
    with pytest.raises(BadInput, match=words):
        load_mask(tmp_path / "mask.safetensors", pipeline)


@pytest.mark.parametrize("data", [b"", b"\x80\x04pickle", b"<img src=x onerror=alert(1)>" * 9])
def test_what_is_no_safetensors_is_no_mask(data: bytes, pipeline: Pipeline, tmp_path) -> None:
    (tmp_path / "mask.safetensors").write_bytes(data)
    with pytest.raises(BadInput, match="mask: not a safetensors file"):
        load_mask(tmp_path / "mask.safetensors", pipeline)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: locate(p, [PROMPTS], How(sparsity=1.5)), "sparsity: must be from 0 to 1"),
        (lambda p: locate(p, [PROMPTS], How(sparsity=float("nan"))), "sparsity: must be"),
        (lambda p: locate(p, [PROMPTS], How(tau=21)), "tau: must be from 1 to 20"),
        (lambda p: locate(p, [PROMPTS], How(tau=0)), "tau: must be from 1"),
        (lambda p: locate(p, [PROMPTS], How(tau=3, first=3)), "first: must be from 0 to 2"),
        (lambda p: locate(p, [PROMPTS], How(site="brain")), "site: must be one of ff_out"),
        (lambda p: locate(p, [], How()), "prompts: at least one set"),
        (lambda p: locate(p, [()], How()), "prompts: at least one prompt"),
        (lambda p: locate(p, [PROMPTS], HOW, at_least=2), "at-least: must be from 1 to 1"),
        (lambda p: sample(p, []), "prompts: at least one prompt"),
        (lambda p: sample(p, ["x" * 1001]), "prompt: must have at most 1000"),
        (lambda p: sample(p, PROMPTS, count=0), "steps: must be from 1 to 1000"),
    ],
)
def test_bad_settings_are_named(call, words: str, pipeline: Pipeline) -> None:
    with pytest.raises(BadInput, match=words):
        call(pipeline)
