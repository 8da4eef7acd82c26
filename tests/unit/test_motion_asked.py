"""What a text asks for that can be measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.labs.motion.asked import asked_action
from engine.labs.motion.evaluation.checks import CHECKS
from engine.labs.motion.recordings import read_recordings


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("a person walks and turns left", "walk-turn-left"),
        ("A person walks forward, then TURNS to the right", "walk-turn-right"),
        ("turn left, then turn right", None),
        ("someone waves the right arm", "wave-right-hand"),
        ("someone waves with both hands", None),
        ("a person lifts both arms up", "raise-up-both-hands"),
        ("a person raises the left hand", "raise-up-left-hand"),
        ("a person jumps to the left", "jump"),
        ("a person does jumping jacks", None),
        ("a person steps back several paces", "walk-back"),
        ("a person walks diagonally to the right", "walk-right"),
        ("a person is jogging", "run"),
        ("someone sprints forward happily", "dash"),
        ("a person bows", None),
    ],
)
def test_a_text_asks_for_what_its_words_say(text: str, action: str | None) -> None:
    assert asked_action(text) == action
    assert action is None or action in CHECKS


@pytest.mark.shared
def test_every_label_is_read_out_of_every_caption(shared_data: Path) -> None:
    seen = 0
    for recording in read_recordings(shared_data / "motion", "val"):
        if recording.content in CHECKS:
            for caption in recording.captions:
                assert asked_action(caption) == recording.content, caption
                seen += 1
    assert seen > 300
