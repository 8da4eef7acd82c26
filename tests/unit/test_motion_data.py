"""What models are trained on: words, mirrored and joined clips, batches that a seed decides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.motion.clip import place
from engine.labs.motion.data.actions import action_of, mirrored_action
from engine.labs.motion.data.augment import BLEND, join, mirror_rows
from engine.labs.motion.data.corpus import load_examples, measure_scale
from engine.labs.motion.data.near import nearest_word, slips
from engine.labs.motion.data.sampler import LONGEST, Sampler
from engine.labs.motion.data.words import LENGTH, UNKNOWN, build_vocabulary, mirror_text
from engine.labs.motion.features import LOCAL, decode, encode
from engine.labs.motion.recordings import read_recordings
from engine.labs.motion.skeleton import heading, mirror
from tests.motion_clips import moving
from tests.motion_models import examples


def rows_of(seed: int, frames: int = 40) -> np.ndarray:
    return encode(place(moving(frames, seed)))


def test_rows_in_a_mirror_are_those_of_the_mirrored_motion() -> None:
    positions = place(moving(50, 3))
    np.testing.assert_allclose(mirror_rows(encode(positions)), encode(mirror(positions)), atol=1e-9)


def test_a_join_keeps_the_first_clip_and_fades_into_the_second() -> None:
    first, second = rows_of(1), rows_of(2)
    joined = join(first, second)
    assert joined.shape == (len(first) + len(second), first.shape[1])
    # The last row's displacements lead into the second clip instead of out of the first.
    np.testing.assert_allclose(joined[: len(first) - 1], first[:-1], atol=1e-6)
    rest = joined[len(first) + BLEND :]
    np.testing.assert_allclose(rest, second[BLEND:], atol=1e-6)
    positions = decode(joined)
    step = np.linalg.norm(np.diff(positions, axis=0), axis=-1).max(-1)
    alone = max(
        np.linalg.norm(np.diff(decode(rows), axis=0), axis=-1).max() for rows in (first, second)
    )
    assert step[len(first) - 2 : len(first) + 1].max() < 1.5 * alone
    plain = np.concatenate([first, second])[:, LOCAL]
    assert np.abs(np.diff(joined[:, LOCAL], axis=0)).max() < np.abs(np.diff(plain, axis=0)).max()


def test_heading_goes_on_over_a_join() -> None:
    first, second = rows_of(1), rows_of(2)
    facing = np.unwrap(heading(decode(join(first, second))))
    seam = slice(0, len(first))
    assert facing[len(first)] - facing[0] == pytest.approx(
        join(first, second)[seam, 0].sum(), abs=1e-6
    )


def test_words_left_and_right_change_sides() -> None:
    said = "A person walks, then turns to the LEFT clockwise"
    assert mirror_text(said) == "a person walks then turns to the right counterclockwise"
    assert mirror_text(mirror_text(said)) == "a person walks then turns to the left clockwise"
    assert mirrored_action("walk-turn-left") == "walk-turn-right"
    assert mirrored_action("walk-back") == "walk-back"


def test_a_text_is_read_with_other_forms_and_unknown_words_are_named() -> None:
    vocabulary = build_vocabulary(["a person walks forward and turns left", "someone raises hands"])
    reading = vocabulary.read("A person is walking forwarq and turned RIGHT, raising a hand!")
    assert reading.taken == {
        "walking": "walks", "turned": "turns", "raising": "raises", "hand": "hands"
    }  # fmt: skip
    assert reading.unknown == {"is": "", "forwarq": "forward"}  # nothing known is near "is"
    assert UNKNOWN not in reading.ids and len(reading.ids) == LENGTH and reading.cut == 0
    # The mirror image of a known word is known.
    assert vocabulary.ids("right")[0] not in (0, UNKNOWN)
    long = vocabulary.read("walks " * (LENGTH + 3))
    assert long.cut == 3 and all(long.ids)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at least one word"),
        ("?! ...", "at least one word"),
        ("flies", "knows none of its words: 'flies'"),
        ("walkz", "knows none of its words: 'walkz' \\(nearest: 'walks'\\)"),
        ("一个人走路", "knows none of its words: '一个人走路'$"),
        ("человек идёт", "knows none of its words: 'человек', 'идёт'$"),
        ("wizzard", "knows none of its words: 'wizzard'$"),
        ("walks " * 10_000, "at most 2,000 characters"),
    ],
)
def test_a_text_that_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=f"text: .*{reason}"):
        build_vocabulary(["a person walks"]).read(text)


def test_words_of_any_alphabet_are_named_beside_known_ones() -> None:
    reading = build_vocabulary(["a person walks"]).read("a person 走路 très walks")
    assert reading.unknown == {"走路": "", "très": ""}


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("wlaks", "walks"),  # neighbours exchanged
        ("jumpps", "jumps"),
        ("backwords", "backwards"),
        ("elderlly", "elderly"),
        ("exhuasted", "exhausted"),
        ("kik", ""),  # too short to tell a slip from another word
        ("zorro", ""),
        ("dragon", ""),
        ("warrior", ""),
        ("gracefully", ""),
        ("swims", ""),
    ],
)
def test_a_hint_is_a_word_that_may_have_been_meant(word: str, near: str) -> None:
    known = ["angrily", "backwards", "bows", "elderly", "exhausted", "forward", "hands", "jumps"]
    known += ["kicks", "like", "person", "raises", "runs", "sadly", "walks", "waves"]
    assert nearest_word(word, known) == near


def test_slips_are_counted_as_by_hand() -> None:
    walks = {"walk": 0, "wlak": 1, "wal": 1, "walks": 1, "talk": 1, "wakl": 1, "": 4, "lak": 2}
    for other, wanted in walks.items():
        assert slips("walk", other) == slips(other, "walk") == wanted, other
    assert slips("kitten", "sitting") == 3


def test_batches_depend_on_seed_and_step_alone() -> None:
    clips = examples()
    one, two = Sampler(clips, 3), Sampler(clips, 3)
    far = one.batch(9, 4)
    one.batch(0, 4)
    for drawn, again in zip(far, two.batch(9, 4), strict=True):
        assert drawn.caption == again.caption
        np.testing.assert_array_equal(drawn.rows, again.rows)
    other = Sampler(clips, 4).batch(9, 4)
    assert [c.caption for c in other] != [c.caption for c in far] or any(
        len(a.rows) != len(b.rows) for a, b in zip(other, far, strict=True)
    )


def test_actions_are_drawn_in_equal_shares_and_steps_share_lengths() -> None:
    clips = examples(48)
    # One action with nine in ten of the clips.
    many = [replace(clips[0], name=str(at)) for at in range(400)]
    sampler = Sampler(clips + many, 0, mirror=0, longer=0)
    drawn = [clip for step in range(64) for clip in sampler.batch(step, 8)]
    shares = Counter(clip.action for clip in drawn)
    assert max(shares.values()) < 1.6 * min(shares.values())
    spreads = [np.ptp([len(c.rows) for c in sampler.batch(step, 8)]) for step in range(16)]
    assert np.mean(spreads) < np.ptp([len(clip.rows) for clip in drawn]) / 2


def test_a_mirror_never_shows_a_pair_that_no_clip_has() -> None:
    clips = [
        clip for clip in examples(48) if (clip.action, clip.style) != ("walk-turn-left", "sad")
    ]
    sampler = Sampler(clips, 0, mirror=1.0)
    drawn = [clip for step in range(40) for clip in sampler.batch(step, 8)]
    pairs = {(clip.action, clip.style) for clip in drawn}
    assert ("walk-turn-left", "sad") not in pairs
    assert {("walk-turn-left", "normal"), ("walk-turn-right", "sad")} <= pairs
    for clip in drawn:
        if "turn" in clip.action:
            assert clip.action.removeprefix("walk-turn-") in clip.caption.split()
    assert max(len(clip.rows) for clip in drawn) <= LONGEST


def test_one_deviation_for_a_group_and_back() -> None:
    clips = examples()
    scale = measure_scale(clips)
    assert len(set(scale.deviation[LOCAL].tolist())) == 1
    rows = np.concatenate([clip.rows for clip in clips])
    normal = scale.normalise(rows)
    np.testing.assert_allclose(normal.mean(0), 0, atol=1e-3)
    assert 0.5 < normal[:, LOCAL].std() < 2
    np.testing.assert_allclose(scale.restore(normal), rows, atol=1e-5)


@pytest.mark.shared
def test_the_labs_recordings_become_clips_of_one_body(shared_data: Path) -> None:
    folder = shared_data / "motion"
    recordings = {one.name: one for one in read_recordings(folder, "val")}
    clips = load_examples(folder, "val")
    assert len(clips) >= len(recordings)
    for clip in clips:
        positions = decode(clip.rows.astype(np.float64))
        name = clip.name.split(":")[0]
        assert clip.action == action_of(recordings[name])
        hip, knee = positions[:, 1], positions[:, 4]
        thigh = np.median(np.linalg.norm(hip - knee, axis=-1))
        assert 0.3 < thigh < 0.5
    turning = [clip for clip in clips if clip.action == "walk-turn-left"]
    assert turning and all(clip.rows[:, 0].sum() > 0 for clip in turning)
    words = build_vocabulary(text for clip in load_examples(folder) for text in clip.captions)
    assert 200 < len(words) < 300
    read = words.read("a person walks and turns left")
    assert not read.unknown and not read.taken


@pytest.mark.shared
def test_no_clip_of_the_training_is_of_a_held_out_pair(shared_data: Path) -> None:
    clips = load_examples(shared_data / "motion", "train", ("bandai1", "bandai2"))
    assert clips and not any(clip.held_out for clip in clips)
    assert {clip.dataset for clip in clips} == {"bandai1", "bandai2"}
