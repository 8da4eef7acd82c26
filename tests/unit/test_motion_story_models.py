"""Segments that models make: seeds, carried states, kept codes, and seams that KMM restores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.labs.motion.generation.generate import How
from engine.labs.motion.generation.unmask import hand_on
from engine.labs.motion.models.stored import Model
from engine.labs.motion.story.gamma import key_frames
from engine.labs.motion.story.made import ModelSource, read_codes, write_codes
from engine.labs.motion.story.opening import open_kmm, open_source
from engine.labs.motion.story.progressive import MASKED, restore, restore_seams
from engine.labs.motion.story.rows import Row
from engine.labs.motion.story.run import rows_with_kept
from engine.labs.motion.story.seamed import treat_seams
from engine.labs.motion.story.seams import POSE, inertialise
from engine.labs.motion.story.sources import Wanted
from engine.labs.motion.story.tell import Teller
from tests.motion_models import examples, save_tiny, tiny

FEW = How(steps=2)
ROWS = (
    Row("a person waves with the left hand", seconds=2.0),
    Row("a person walks and turns left", seconds=2.0),
    Row("a person waves with the left hand", seconds=2.0),
)


@pytest.fixture(scope="module")
def kmm(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny("kmm", tmp_path_factory.mktemp("kmm"))


@pytest.fixture(scope="module")
def mamba(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny("motion-mamba", tmp_path_factory.mktemp("mamba"))


def tell(model: Model, rows=ROWS, seed: int = 0):
    teller = Teller(ModelSource(model, FEW), seed=seed)
    teller.go_on(rows, 400)
    return teller.told()


def test_a_piece_of_a_denoiser_depends_on_its_seed_and_take_alone(mamba: Model):
    source = ModelSource(mamba, FEW)
    text = "a person walks forward"
    one = source.piece(Wanted(text, 1, 40))
    source.piece(Wanted(text, 2, 60))
    again = source.piece(Wanted(text, 1, 40))
    other = source.piece(Wanted(text, 1, 40, take=1))
    assert one is not None and again is not None and other is not None
    assert one.rows.shape == (40, 137)
    assert np.array_equal(one.rows, again.rows)
    assert one.name != other.name and not np.array_equal(one.rows, other.rows)


def test_words_that_a_model_does_not_know_are_told(mamba: Model):
    source = ModelSource(mamba, FEW)
    assert source.piece(Wanted("xyzzy", 0, 40)) is None
    assert source.piece(Wanted("a person walks merrily", 0, 40)) is not None
    assert "merrily" in source.unknown


def test_kmm_goes_on_from_the_state_that_it_carries(kmm: Model):
    text = "a person walks forward"
    alone, after = ModelSource(kmm, FEW), ModelSource(kmm, FEW)
    first = after.piece(Wanted("a person waves with the left hand", 1, 40))
    assert first is not None
    after.played(40)
    one, two = alone.piece(Wanted(text, 2, 40)), after.piece(Wanted(text, 2, 40))
    assert one is not None and two is not None
    assert not np.array_equal(one.rows, two.rows)
    codes = read_codes(first.name, kmm.network.shape.codes)
    assert codes is not None
    carried = hand_on(kmm.network, codes)
    assert after._carried is not None
    for mine, theirs in zip(after._carried.states, carried.states, strict=True):
        assert torch.equal(mine, theirs)


def test_only_one_segment_of_kmm_is_made_anew_from_the_carried_state(kmm: Model):
    first = tell(kmm)
    kept = [Row(**row) for row in rows_with_kept(ROWS, first)]
    assert all(row.kept.startswith("act:codes:") for row in kept)
    changed = [kept[0], Row(kept[1].action, seconds=2.0, take=1), kept[2]]
    second = tell(kmm, changed)
    names = [[one.names for one in told.segments] for told in (first, second)]
    assert names[0][0] == names[1][0] and names[0][2] == names[1][2]
    assert names[0][1] != names[1][1]
    assert all(
        np.array_equal(a, b) for a, b in zip(tell(kmm, kept).parts, first.parts, strict=True)
    )


def test_codes_survive_as_a_name(kmm: Model):
    codes = torch.tensor([[0, 1, 35, 36, 511, 46655]])
    name = write_codes(codes)
    found = read_codes(name, 50_000)
    assert found is not None and torch.equal(found, codes)
    for odd in ("", "codes:", "codes:00", "codes:0000", "x" + name, "codes:0 0zz1", "codes:zzzzzz"):
        assert read_codes(odd, 512) is None


def test_masked_codes_are_restored_and_the_others_stay(kmm: Model):
    codes = torch.randint(32, (1, 12), generator=torch.Generator().manual_seed(0))
    masked = torch.zeros(1, 12, dtype=torch.bool)
    masked[:, 5:8] = True
    made = restore(kmm.network, codes, masked)
    assert torch.equal(made[~masked], codes[~masked])
    # What was there before does not matter: the network has not seen it.
    other = codes.masked_fill(masked, 3)
    assert torch.equal(restore(kmm.network, other, masked), made)
    assert torch.equal(restore(kmm.network, codes, torch.zeros_like(masked)), codes)


def test_one_step_takes_the_likeliest_codes_at_once(kmm: Model):
    codes = torch.zeros(1, 10, dtype=torch.long)
    masked = torch.zeros(1, 10, dtype=torch.bool)
    masked[:, 4:6] = True
    logits, _ = kmm.network(codes, masked, kmm.network.text.none(1), torch.tensor([10]))
    made = restore(kmm.network, codes, masked, steps=1)
    assert torch.equal(made[masked], logits.argmax(-1)[masked])


def test_a_restored_seam_changes_poses_around_it_and_nothing_else(kmm: Model):
    parts = [one.rows for one in examples(3, 60)]
    smooth = inertialise(parts)
    made = restore_seams(kmm, smooth)
    before, after = np.concatenate(smooth), np.concatenate(made)
    changed = np.flatnonzero((before != after).any(1))
    seams = np.cumsum([len(part) for part in parts])[:-1]
    half = 2 * MASKED
    wanted = np.concatenate([np.arange(seam - half, seam + half) for seam in seams])
    assert set(changed.tolist()) <= set(wanted.tolist()) and len(changed) > len(wanted) // 2
    outside = [at for at in range(137) if not POSE.start <= at < POSE.stop]
    assert np.array_equal(before[:, outside], after[:, outside])
    assert [len(part) for part in made] == [len(part) for part in parts]


def test_seams_too_near_to_an_end_stay(kmm: Model):
    parts = [part.rows[:6] for part in examples(2, 60)]
    assert all(np.array_equal(a, b) for a, b in zip(restore_seams(kmm, parts), parts, strict=True))


def test_all_three_methods_are_measured_where_kmm_is(kmm: Model):
    told = tell(kmm)
    seamed = treat_seams(told, "progressive", kmm)
    assert set(seamed.jerk) == {"cut", "inertial", "progressive"}
    assert len(seamed.jerk["progressive"]) == len(told.seams)
    assert np.isfinite(seamed.positions).all()


def test_key_frames_are_scored_by_the_codec_where_there_is_one(kmm: Model):
    rows = np.concatenate([one.rows for one in examples(3, 45)])
    by_codec, by_poses = key_frames(rows, kmm), key_frames(rows, None)
    tokens = -(-len(rows) // 4)
    for gamma in (by_codec, by_poses):
        assert gamma.scores.shape == (tokens,) and len(gamma.frames) == round(0.1 * tokens)
        top = set((gamma.frames // 4).tolist())
        assert min(gamma.scores[list(top)]) >= np.sort(gamma.scores)[-len(top)]
    assert (by_codec.by, by_poses.by) == ("codec", "poses")


def test_a_models_folder_is_a_source(tmp_path: Path):
    folder = save_tiny("kmm", tmp_path / "own")
    source = open_source(str(folder))
    assert isinstance(source, ModelSource) and source.datasets == ("own",)
    assert open_kmm(source) is source.model
