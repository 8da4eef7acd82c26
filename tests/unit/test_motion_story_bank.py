"""Which clips a text means, which moment goes on best, and what a seam does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.motion.data.procedural import procedural_examples
from engine.labs.motion.evaluation.checks import measure
from engine.labs.motion.evaluation.quality import jerk
from engine.labs.motion.features import LOCAL, VELOCITY, YAW, decode
from engine.labs.motion.skeleton import FEET
from engine.labs.motion.story.bank import Bank, kinds, typical
from engine.labs.motion.story.follow import Aim, Stand
from engine.labs.motion.story.match import (
    UPPER,
    WEIGHTS,
    match,
    moments,
    poses,
    wanted_way,
    way_ahead,
)
from engine.labs.motion.story.opening import check_source, open_source
from engine.labs.motion.story.seams import (
    BLEND,
    decay,
    inertialise,
    positions_of,
    seam_jerk,
    smooth_steps,
)
from engine.labs.motion.story.sources import BankSource, Wanted
from engine.labs.motion.story.ways import straight


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(procedural_examples(260))


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("a person walks forward", {"walk"}),
        ("a person runs forward", {"run"}),
        ("a person walks backwards", {"walk-back"}),
        ("a person walks and turns left", {"walk-turn-left"}),
        ("a person waves with the left hand", {"wave-left-hand"}),
        ("a person raises both hands", {"raise-up-both-hands"}),
        ("a person bows", {"bow"}),
        ("a person jumps", {"jump"}),
        ("a person performs jumping jacks", {"jumping-jack"}),
        ("a person sits down", {"sit"}),
        ("a person dances", {"dance"}),
        ("a person waves goodbye with the right hand", {"wave-right-hand"}),
    ],
)
def test_a_text_means_clips_of_its_action(bank: Bank, text: str, actions: set[str]):
    meant = bank.meant_by(text, 0)
    assert {bank.examples[at].action for at in meant.clips} == actions


def test_a_manner_is_meant_and_none_is_plain(bank: Bank):
    plain = bank.meant_by("a person walks forward", 0)
    assert {bank.examples[at].style for at in plain.clips} == {"normal"}
    proud = bank.meant_by("a person walks forward proudly", 0)
    assert bank.examples[proud.clips[0]].style == "proud"


@pytest.mark.parametrize(
    "text", ["a person climbs", "a person does a cartwheel", "xyz", "a person"]
)
def test_what_the_bank_does_not_have_is_not_guessed(bank: Bank, text: str):
    assert bank.meant_by(text, 0).clips == ()


def test_the_order_of_equals_is_the_seeds(bank: Bank):
    one, again, other = (bank.meant_by("a person bows", seed).clips for seed in (0, 0, 1))
    assert one == again and sorted(one) == sorted(other)


def test_clips_that_move_unlike_the_others_are_left_out():
    clips = [one.rows for one in procedural_examples(260) if one.action == "walk"]
    spoilt = clips[0].copy()
    spoilt[20, VELOCITY] += 3.0
    away = clips[1].copy()
    away[:, LOCAL] += 5.0
    kept = typical([*clips, spoilt, away])
    assert kept[: len(clips)].sum() >= len(clips) - 1
    assert not kept[-2:].any()
    assert typical([spoilt, away]).all()


def test_verbs_tell_what_a_caption_is_of():
    assert kinds("a person walks forward, then turns to the left") == {"walk", "turn"}
    assert kinds("a person sits down and stands up again") == {"sit", "rise"}
    assert kinds("blue") == frozenset()


def test_the_matched_moment_is_that_of_the_plain_sum():
    clips = [one.rows for one in procedural_examples(130) if one.action in ("walk", "run")][:4]
    last = clips[1][33]
    way = np.array([0.1, 0.6, 0.2, 0.2, 1.2, 0.4])
    found = match(clips, last, way, within=True, count=2)

    def numbers(rows: np.ndarray, at: int) -> dict[str, list[float]]:
        def joint(block: slice, number: int) -> list[float]:
            return rows[at, block.start + 3 * number : block.start + 3 * number + 3].tolist()

        feet = [v for j in FEET for v in joint(LOCAL, j - 1)]
        feet += [v for j in FEET for v in joint(VELOCITY, j)] + joint(VELOCITY, 0)
        upper = [v for j in UPPER for v in joint(LOCAL, j - 1)]
        upper += [v for j in UPPER for v in joint(VELOCITY, j)]
        path, facing, x, z = [(0.0, 0.0, 0.0)], 0.0, 0.0, 0.0
        for row in rows[at : at + 20]:
            side, ahead = float(row[1]), float(row[2])
            x += np.cos(facing) * side + np.sin(facing) * ahead
            z += np.cos(facing) * ahead - np.sin(facing) * side
            facing += float(row[0])
            path.append((x, z, facing))
        ahead = [*path[min(10, len(path) - 1)], *path[-1]]
        return {"lower": feet, "upper": upper, "way": ahead}

    everything = [
        (clip, start, numbers(rows, start))
        for clip, rows in enumerate(clips)
        for start in moments(len(rows))
    ]
    goal = numbers(last[None], 0) | {"way": way.tolist()}
    costs = []
    for clip, start, one in everything:
        total = 0.0
        for name, weight in WEIGHTS.items():
            columns = np.array([other[name] for _, _, other in everything])
            spread = np.maximum(columns.std(0), 1e-3)
            total += weight * float((((np.array(one[name]) - goal[name]) / spread) ** 2).mean())
        costs.append((total**0.5, clip, start))
    costs.sort()
    best = [costs[0], next(one for one in costs if one[1] != costs[0][1])]
    assert [(one.clip, one.start) for one in found] == [(c, s) for _, c, s in best]
    assert [one.distance for one in found] == pytest.approx([d for d, _, _ in best])


def test_going_on_from_a_clips_own_row_finds_that_clip_again(bank: Bank):
    clips = [bank.examples[at].rows for at in bank.meant_by("a person walks forward", 0).clips]
    at = moments(len(clips[1]))[3]
    found = match(clips, clips[1][at], within=True)[0]
    assert (found.clip, found.start, found.distance) == (1, at, 0)


def test_the_way_that_is_wanted_is_seen_from_the_body():
    way = straight(np.zeros(2), 0.0, 5.0)
    ahead = wanted_way(way, 0, Stand(), 0.06)
    assert ahead == pytest.approx([0, 0.6, 0, 0, 1.2, 0], abs=0.03)
    right = wanted_way(way, 0, Stand(0, 0, np.pi / 2), 0.06)
    assert right == pytest.approx([-0.6, 0, -np.pi / 2, -1.2, 0, -np.pi / 2], abs=0.03)
    rows = procedural_examples(1)[0].rows
    assert way_ahead(rows, [0]).shape == (1, 6)
    assert poses(rows)["lower"].shape == (len(rows), 27)


def test_sitting_down_and_standing_up_are_halves_of_one_clip(bank: Bank):
    source = BankSource(bank, "procedural")
    down = source.piece(Wanted("a person sits down", 0))
    up = source.piece(Wanted("a person stands up again", 0))
    assert down is not None and up is not None
    assert down.rows[-1, 3] < down.rows[0, 3] - 0.2
    assert up.rows[-1, 3] > up.rows[0, 3] + 0.2


def test_a_kept_piece_is_the_same_rows(bank: Bank):
    source = BankSource(bank, "procedural")
    one = source.piece(Wanted("a person bows", 3))
    assert one is not None
    again = source.piece(Wanted("a person jumps", 8, kept=one.name))
    assert again is not None and np.array_equal(again.rows, one.rows)
    for odd in ("nothing@0-9", "@", "x", one.name.replace("@0", "@-1"), one.name + "9999x"):
        fresh = source.piece(Wanted("a person jumps", 8, kept=odd))
        assert fresh is not None and measure(decode(fresh.rows.astype(float))).rise > 0.15


def test_other_seeds_pick_other_clips(bank: Bank):
    source = BankSource(bank, "procedural")
    aim = Aim(straight(np.zeros(2), 0.0, 5.0))
    names = {
        piece.name
        for seed in range(12)
        if (piece := source.piece(Wanted("a person walks forward", seed, aim=aim))) is not None
    }
    assert len(names) > 1


def test_a_difference_decays_from_its_place_and_speed_to_nothing():
    place, speed = decay(BLEND)
    assert (place[0], speed[0]) == (1.0, 0.0)
    # Speed at the start is one a frame; at the end all of it is gone, smoothly.
    fine_place, fine_speed = decay(1200)
    assert fine_speed[1] - fine_speed[0] == pytest.approx(1.0, abs=1e-2)
    assert abs(fine_place[-1]) < 1e-6 and abs(fine_speed[-1]) < 1e-3
    assert abs(fine_place[1] - fine_place[0]) < 1e-6


def test_a_seam_is_as_smooth_as_the_clips_beside_it(bank: Bank):
    texts = ("a person bows", "a person raises both hands", "a person walks forward")
    clips = [bank.examples[bank.meant_by(text, 0).clips[0]].rows for text in texts]
    seams = np.cumsum([len(one) for one in clips])[:-1]
    cut = positions_of(clips)
    smooth = positions_of(inertialise(clips))
    before, after = seam_jerk(cut, seams), seam_jerk(smooth, seams)
    assert (after < 0.5 * before).all()
    # Outside the frames in which the difference decays, nothing is changed.
    far = np.ones(len(cut), dtype=bool)
    for seam in seams:
        far[seam : seam + BLEND] = False
    assert np.allclose(cut[far], smooth[far])
    assert np.array_equal(cut[:, 0][:, [0, 2]], smooth[:, 0][:, [0, 2]])


def test_the_jerk_of_a_seam_is_the_greatest_around_it():
    positions = positions_of([procedural_examples(1)[0].rows])
    positions[60:, 21] += 0.5
    curve = jerk(positions)
    assert seam_jerk(positions, [60])[0] == curve.max()
    assert seam_jerk(positions, [20])[0] == curve[10:28].max()


def test_steps_fade_in(bank: Bank):
    part = bank.examples[0].rows
    before = np.zeros_like(part[0])
    made = smooth_steps(before, part)
    assert np.abs(made[0, 1:3]).max() < np.abs(part[0, 1:3]).max()
    assert np.array_equal(made[BLEND:], part[BLEND:])
    assert np.array_equal(made[:, YAW.stop + 2 :], part[:, YAW.stop + 2 :])
    assert np.array_equal(smooth_steps(None, part), part)


def test_a_source_that_is_not_here_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGRAM_SHARED_DATA", str(tmp_path))
    for name in ("recorded",):
        with pytest.raises(BadInput, match=r"^source: there are no recordings"):
            check_source(name)
        with pytest.raises(BadInput, match=r"^source: "):
            open_source(name)
    with pytest.raises(BadInput, match=r"^source: "):
        open_source("no-such-model")
    with pytest.raises(BadInput, match=r"^source: .*evaluator"):
        open_source("evaluator")
    with pytest.raises(BadInput, match=r"^match_by: "):
        open_source("procedural", by="luck")


def test_another_take_is_another_clip(bank: Bank):
    source = BankSource(bank, "procedural")
    takes = [source.piece(Wanted("a person bows", 5, take=take)) for take in range(2)]
    assert takes[0] is not None and takes[1] is not None
    assert takes[0].name != takes[1].name


def test_texts_can_be_compared_by_vectors():
    examples = [replace(one, captions=one.captions[:1]) for one in procedural_examples(26)]

    def letters(texts):
        return np.array([[text.count(letter) for letter in "abcdefghijklmnop"] for text in texts])

    bank = Bank(examples, letters)
    meant = bank.meant_by("a person bows", 0)
    assert meant.captions[0] == "a person bows" and meant.scores[0] == pytest.approx(1.0)
