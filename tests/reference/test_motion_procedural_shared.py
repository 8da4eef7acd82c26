"""Procedural motion beside the recordings: as smooth, with no more skating, in their words."""

from __future__ import annotations

import numpy as np
import pytest

from engine.labs.motion.data.corpus import Example, load_examples
from engine.labs.motion.data.procedural import procedural_examples
from engine.labs.motion.data.training_set import training_examples
from engine.labs.motion.data.words import build_vocabulary, split
from engine.labs.motion.evaluation.quality import mean_jerk, skate
from engine.labs.motion.features import decode

pytestmark = pytest.mark.shared


def figures(examples: list[Example]) -> tuple[float, float]:
    motions = [decode(one.rows.astype(np.float64)) for one in examples]
    return mean_jerk(motions), float(np.mean([skate(one) for one in motions]))


@pytest.fixture(scope="module")
def recorded(shared_data) -> list[Example]:
    return load_examples(shared_data / "motion", "train")


def test_procedural_clips_are_as_smooth_as_recorded_ones_and_skate_no_more(recorded) -> None:
    made = procedural_examples(130)
    jerk, skating = figures(recorded[::8])
    ours, ours_skating = figures(made)
    assert ours <= jerk and ours_skating <= skating
    for action in ("walk", "run", "walk-turn-left", "wave-left-hand", "kick"):
        real = figures([one for one in recorded if one.action == action][::4])
        own = figures([one for one in made if one.action == action])
        # Single actions have few clips; a quarter more is within their spread.
        assert own[0] <= 1.25 * real[0] and own[1] <= 1.25 * real[1] + 0.01, action


def test_their_captions_have_few_words_that_recordings_lack(recorded) -> None:
    known = set(build_vocabulary(text for one in recorded for text in one.captions).words)
    words = {word for one in procedural_examples(130) for text in one.captions
             for word in split(text)}  # fmt: skip
    assert len(words - known) <= 0.15 * len(words), sorted(words - known)


def test_named_recordings_and_procedural_clips_train_together(shared_data) -> None:
    found = training_examples(shared_data / "motion", ("cmu", "procedural"))
    assert {one.dataset for one in found} == {"cmu", "procedural"}
    every = training_examples(shared_data / "motion")
    assert "procedural" not in {one.dataset for one in every} and "bandai2" in {
        one.dataset for one in every
    }
