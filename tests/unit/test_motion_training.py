"""The trainings: their schedule, their losses, their resumption, and what is shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core.errors import BadInput
from engine.labs.motion.data.batches import make_batch
from engine.labs.motion.data.corpus import Example, load_examples, measure_scale
from engine.labs.motion.data.words import build_vocabulary
from engine.labs.motion.features import LOCAL, VELOCITY, YAW
from engine.labs.motion.models.build import build_network
from engine.labs.motion.models.sizes import SIZES, shape_of
from engine.labs.motion.models.stored import load_model
from engine.labs.motion.training import kmm_tasks, policies, ship, train
from engine.labs.motion.training.feed import feed
from engine.labs.motion.training.kmm_tasks import Coding, Restoring
from engine.labs.motion.training.objectives import RowLoss, bone_lengths, implied_speed
from engine.labs.motion.training.tasks import Denoising, Judging, Source, classes, places
from engine.labs.motion.training.train import NAMED, Settings, Trainer, learning_rate
from engine.models import averaged
from engine.models.checkpoints import latest
from tests.motion_models import SHAPES, examples, save_recordings, tiny

SMALL = Settings("transformer", steps=4, batch=4, warmup=2, save_every=2)


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The named trainings with networks of the tests' sizes."""
    for module in (train, ship):
        monkeypatch.setattr(module, "shape_of", lambda kind, size: SHAPES[kind])


def source(batch: int = 8) -> Source:
    clips = examples()
    words = build_vocabulary(text for clip in clips for text in clip.captions)
    return Source(clips, measure_scale(clips), words, batch, 0)


def falls(task: object, steps: int = 30, rate: float = 3e-3) -> tuple[float, float]:
    """The mean loss of the first and of the last five steps."""
    torch.manual_seed(0)
    network = task.network  # type: ignore[attr-defined]
    learning = [one for one in network.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=rate)
    losses = []
    for step in range(steps):
        optimiser.zero_grad()
        loss = task.loss(step, task.draw(step))  # type: ignore[attr-defined]
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return float(np.mean(losses[:5])), float(np.mean(losses[-5:]))


def judged(folder: Path, clips: list[Example]) -> Trainer:
    """An evaluator of one step, whose sentences the others take."""
    settings = replace(NAMED["evaluator"], steps=1, batch=4, save_every=1)
    trainer = Trainer(settings, folder, clips)
    trainer.run()
    return trainer


def test_the_rate_warms_up_stays_and_falls() -> None:
    settings = replace(NAMED["motion-mamba"], steps=1000, warmup=100, decay=0.25, last_rate=0.1)
    rates = [learning_rate(step, settings) for step in range(1000)]
    assert rates[0] == pytest.approx(settings.rate / 100)
    assert rates[99:750] == [settings.rate] * 651
    assert rates[875] == pytest.approx(settings.rate / 2)
    assert min(rates[100:]) == pytest.approx(0.1 * settings.rate)


def test_speeds_follow_from_poses_turns_and_steps() -> None:
    given = source()
    rows = torch.from_numpy(given.sampler.batch(0, 8)[0].rows)[None]
    wanted = rows[:, :-1, VELOCITY].unflatten(-1, (22, 3))
    torch.testing.assert_close(implied_speed(rows), wanted, rtol=1e-4, atol=2e-5)


def test_the_row_loss_sees_shaking_and_leaves_padding_out() -> None:
    given = source()
    batch = given.batch(0)
    loss = RowLoss(given.scale)
    assert loss(batch.rows, batch.rows, batch.mask) == 0
    junk = torch.where(batch.mask[..., None], batch.rows, 5.0)
    assert loss(junk, batch.rows, batch.mask) == 0
    still = batch.rows + 0.1
    shaken = batch.rows + 0.1 * (-1.0) ** torch.arange(batch.rows.shape[1])[:, None]
    assert loss(shaken, batch.rows, batch.mask) > 2 * loss(still, batch.rows, batch.mask)
    turned = batch.rows.clone()
    turned[..., YAW] += 0.3
    other = batch.rows.clone()
    other[..., 10] += 0.3
    assert loss(turned, batch.rows, batch.mask) > 2 * loss(other, batch.rows, batch.mask)


@pytest.mark.parametrize("kind", ["motion-mamba", "transformer"])
def test_denoisers_learn(kind: str) -> None:
    torch.manual_seed(0)
    first, last = falls(Denoising(SHAPES[kind], source()), 25)
    assert last < 0.8 * first


def test_the_evaluator_learns_and_knows_its_classes() -> None:
    task = Judging(source())
    assert task.actions == () and task.styles == ("normal", "sad")  # six clips an action
    assert classes(examples(40))[0] == tuple(sorted({one.action for one in examples()}))
    assert places(["b", None, "a"], ("a", "b")).tolist() == [1, -100, 0]
    first, last = falls(task, 30)
    assert last < 0.9 * first


def test_codec_and_masked_model_learn() -> None:
    torch.manual_seed(0)
    coding = Coding(SHAPES["kmm"], source())
    first, last = falls(coding, 20)
    assert last < 0.9 * first
    network = build_network("kmm", SHAPES["kmm"], len(coding.source.vocabulary))
    network.codec.load_state_dict(coding.network.state_dict())
    before = {name: value.clone() for name, value in network.codec.state_dict().items()}
    first, last = falls(Restoring(network, coding.source), 24)
    assert last < first
    for name, value in network.codec.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_segments_go_on_from_the_same_number_of_tokens() -> None:
    given = source()
    befores, clips = given.sampler.batch(0, 6), given.sampler.batch(4, 6)
    joined, begun = kmm_tasks._joined(befores, clips)
    for before, clip, made in zip(befores, clips, joined, strict=True):
        assert made.caption == clip.caption
        np.testing.assert_allclose(
            made.rows[: 4 * begun - 1], before.rows[-4 * begun : -1], atol=1e-4
        )
    batch = make_batch(joined, given.scale, given.vocabulary)
    assert batch.rows.shape[1] == 4 * begun + max(len(clip.rows) for clip in clips)


def test_the_policies_mask_other_tokens() -> None:
    given = source(4)
    torch.manual_seed(0)
    network = build_network("kmm", SHAPES["kmm"], len(given.vocabulary))
    latents = torch.randn(4, 10, 8)
    counts = torch.tensor([10, 8, 9, 10])
    shown = Restoring(network, given).draw(1)
    chosen = {
        policy: Restoring(network, given, policy)._masked(latents, counts, 2, shown)
        for policy in ("key", "random", "inverse")
    }
    for masked in chosen.values():
        assert not masked[:, :2].any() and not masked[1, 8:].any()
        assert masked.sum(1).tolist() == chosen["key"].sum(1).tolist()
    assert not torch.equal(chosen["key"], chosen["inverse"])


def test_a_training_that_was_cut_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    clips = examples()
    judged(tmp_path / "whole", clips)
    judged(tmp_path / "cut", clips)
    whole = Trainer(SMALL, tmp_path / "whole", clips)
    whole.run()
    cut = Trainer(SMALL, tmp_path / "cut", clips)
    for step in range(2):
        cut.step(cut.task.draw(step))
    cut.save()
    rest = Trainer(SMALL, tmp_path / "cut", clips)
    assert rest.progress.step == 2
    rest.run()
    for name, value in whole.average.items():
        assert torch.equal(value, rest.average[name]), name
    for name, value in whole.weights.items():
        assert torch.equal(value, rest.weights[name]), name
    words = len(build_vocabulary(text for clip in clips for text in clip.captions))
    again = build_network("transformer", SHAPES["transformer"], words)
    found = latest(whole.folder / "checkpoints")
    assert averaged.load_average(found, again) == 4
    for name, value in again.named_parameters():
        trained = not name.startswith("text.sentence.")
        assert torch.equal(value, whole.average[name] if trained else whole.buffers[name]), name


def test_denoisers_keep_the_evaluators_sentences_and_kmm_learns_them(tmp_path: Path) -> None:
    clips = examples()
    sentences = judged(tmp_path, clips).average
    Trainer(replace(NAMED["kmm-codec"], steps=1, batch=4), tmp_path, clips).run()
    for name, learns in (("motion-mamba", False), ("kmm", True)):
        trainer = Trainer(replace(NAMED[name], steps=2, batch=4), tmp_path, clips)
        place = trainer.weights if learns else trainer.buffers
        words = place["text.sentence.words.weight"].clone()
        assert torch.equal(words, sentences["text.words.weight"])
        trainer.run()
        assert torch.equal(place["text.sentence.words.weight"], words) != learns


def test_a_denoiser_reads_as_an_evaluator_that_is_given(tmp_path: Path) -> None:
    clips = examples()
    given = tiny("evaluator", tmp_path)
    settings = replace(SMALL, evaluator=str(tmp_path / "evaluator"))
    trainer = Trainer(settings, tmp_path / "training", clips)
    words = given.network.text.words.weight
    assert torch.equal(trainer.buffers["text.sentence.words.weight"], words)
    other = [replace(clip, captions=("somebody bows deeply",)) for clip in clips]
    with pytest.raises(BadInput, match="evaluator: must be an evaluator of the words"):
        Trainer(settings, tmp_path / "other", other)


def test_kmm_needs_its_codec_and_ships_it(tmp_path: Path) -> None:
    clips = examples()
    settings = replace(NAMED["kmm"], steps=2, batch=4, save_every=1)
    judged(tmp_path, clips)
    with pytest.raises(SystemExit, match=r"no kmm-codec below .*; train it first"):
        Trainer(settings, tmp_path, clips)
    coder = Trainer(replace(NAMED["kmm-codec"], steps=2, batch=4, save_every=1), tmp_path, clips)
    coder.run()
    trainer = Trainer(settings, tmp_path, clips)
    trainer.run()
    found = latest(trainer.folder / "checkpoints")
    network = build_network(
        "kmm", SHAPES["kmm"], trainer.task.network.text.sentence.words.num_embeddings
    )
    averaged.load_average(found, network)
    for name, value in coder.average.items():
        assert torch.equal(network.codec.state_dict()[name], value), name
    assert not any(name.startswith("codec.") for name in trainer.weights)


def test_a_training_becomes_a_folder_with_a_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = save_recordings(tmp_path / "data", train=12, val=8)
    judge = tiny("evaluator", tmp_path)
    monkeypatch.setattr(
        ship, "load_model", lambda ref: judge if ref == "evaluator" else load_model(ref)
    )
    clips = load_examples(data)
    with pytest.raises(SystemExit, match=r"no evaluator below .*; train it first"):
        Trainer(SMALL, tmp_path / "training", clips)
    judged(tmp_path / "training", clips)
    Trainer(SMALL, tmp_path / "training", clips).run()
    target = tmp_path / "shipped"
    ship.ship(tmp_path / "training", "transformer", target, data, seeds=2, clips=4)
    card = json.loads((target / "card.json").read_text())
    model = load_model(target)
    assert card["digest"] == model.digest and card["steps"] == 4 and card["finished"]
    assert card["val_clips"] == 4 and card["training_clips"] == 12
    jerk = card["figures"]["jerk"]
    assert 0 < jerk["least"] <= jerk["mean"] <= jerk["greatest"]
    text = (target / "README.md").read_text()
    assert model.digest in text and "not finished" not in text
    assert f"| jerk, m per frame cubed | {jerk['mean']:.4f}" in text
    assert "no figure for unseen pairs" in text
    few = save_recordings(tmp_path / "few", train=1, val=8)
    ship.measure_again(target, few)
    again = json.loads((target / "card.json").read_text())
    unseen = again["figures"]["action_accuracy.unseen"]["mean"]
    assert 0 <= unseen <= 1 and again["figures"]["action_accuracy.unseen_clips"]["mean"] == 3
    text = (target / "README.md").read_text()
    assert f"of 3 clips | {unseen:.3f}" in text and "no figure for unseen pairs" not in text
    assert again["figures"]["cpu_seconds_a_clip"] == card["figures"]["cpu_seconds_a_clip"]
    with pytest.raises(SystemExit, match="no checkpoint of kmm"):
        ship.ship(tmp_path / "training", "kmm", target, data)


def test_the_policies_are_compared_at_equal_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = save_recordings(tmp_path / "data", train=12, val=4)
    judge = tiny("evaluator", tmp_path)
    monkeypatch.setattr(policies, "load_model", lambda ref: judge)
    folder = tmp_path / "training"
    with pytest.raises(SystemExit, match=r"no evaluator below .*; train it first"):
        policies.compare(folder, data, 1, 1)
    clips = load_examples(data)
    judged(folder, clips)
    Trainer(replace(NAMED["kmm-codec"], steps=1, batch=4), folder, clips).run()
    found = policies.compare(folder, data, 1, 2)
    assert set(found["policies"]) == {"key", "random", "inverse"} == set(found["by_seed"])
    for name, figures in found["by_seed"].items():
        jerks = [one["jerk"] for one in figures]
        assert len(set(jerks)) == 2
        told = found["policies"][name]["jerk"]
        assert told["least"] == min(jerks) and told["mean"] == pytest.approx(np.mean(jerks))
    kept = latest(folder / "policies" / "random-1" / "kmm" / "checkpoints")
    assert kept is not None and kept.name == "step-000001"


def test_batches_drawn_ahead_are_the_same_in_the_same_order() -> None:
    assert list(feed(_square, 3, 8)) == [9, 16, 25, 36, 49]
    assert list(feed(_square, 3, 8, workers=2)) == [9, 16, 25, 36, 49]


def _square(step: int) -> int:
    return step * step


def test_longer_bones_cost() -> None:
    given = source(4)
    batch = given.batch(0)
    loss = RowLoss(given.scale)
    longer = batch.rows.clone()
    wrist = slice(LOCAL.start + 3 * 19, LOCAL.start + 3 * 20)
    true = bone_lengths(batch.rows * loss.deviation + loss.mean)
    assert true[0, 0, 2] > 0.05 and (true[0, : int(batch.lengths[0])].std(0) < 0.05).all()
    longer[..., wrist] += 1.0
    moved = bone_lengths(longer * loss.deviation + loss.mean)
    assert ((moved - true).abs() > 1e-4).any(dim=(0, 1)).sum() == 1  # only the wrist's own bone
    assert loss(longer, batch.rows, batch.mask) > 0


def test_sizes_of_a_kind_are_near_and_large_ones_larger() -> None:
    def weights(kind: str, size: str) -> int:
        return sum(p.numel() for p in build_network(kind, shape_of(kind, size), 236).parameters())

    for size in SIZES:
        assert 0.9 < weights("transformer", size) / weights("motion-mamba", size) < 1.1
    for kind in ("motion-mamba", "transformer", "kmm"):
        assert weights(kind, "large") > 1.2 * weights(kind, "small")
        assert train.settings_of(kind, "large").size == "large"
