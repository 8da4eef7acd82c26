"""Stories from real recordings, used in place: the right clips, smooth seams, ways met."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.labs.motion.data.corpus import load_examples
from engine.labs.motion.evaluation.checks import measure
from engine.labs.motion.story.bank import Bank
from engine.labs.motion.story.schedule import read_story
from engine.labs.motion.story.seamed import treat_seams
from engine.labs.motion.story.shapes import walk_shapes
from engine.labs.motion.story.sources import BankSource
from engine.labs.motion.story.tell import Teller

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def bank(shared_data: Path) -> Bank:
    return Bank(load_examples(shared_data / "motion", "train"))


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("a person walks forward", {"walk"}),
        ("a person walks and turns left", {"walk-turn-left"}),
        ("a person waves with the left hand", {"wave-left-hand"}),
        ("a person raises both hands", {"raise-up-both-hands"}),
        ("a person sprints forward", {"dash"}),
        ("a person jumps", {"jump"}),
        ("a person throws punches", {"punch"}),
    ],
)
def test_a_text_means_recordings_of_its_label(bank: Bank, text: str, actions: set[str]):
    meant = bank.meant_by(text, 0)
    assert {bank.examples[at].action for at in meant.clips} == actions


def test_a_story_of_recordings_does_what_it_says(bank: Bank):
    story = "He walks to the window, waves with the left hand and runs to the door. He jumps."
    teller = Teller(BankSource(bank, "recorded"))
    assert teller.go_on(read_story(story).rows, 1600)
    told = teller.told()
    seamed = treat_seams(told, "inertial", None)
    assert seamed.jerk["inertial"].mean() < 0.5 * seamed.jerk["cut"].mean()
    acts = [one for one in told.segments if one.kind == "act"]
    waving, jumping = (measure(seamed.positions[one.start : one.end]) for one in acts)
    assert waving.left_travel > waving.right_travel
    assert jumping.feet > 0.08 or jumping.rise > 0.15
    assert all(one.followed.reached for one in told.segments if one.followed)


def test_recorded_walks_follow_shapes_within_ten_centimetres(bank: Bank):
    for one in walk_shapes(BankSource(bank, "recorded"), 0):
        assert one.followed.reached and one.followed.error < 0.1, one.name
