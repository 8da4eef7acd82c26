"""A small training: it learns, the same way every time, can be stopped, and is told as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.figures import Palette
from engine.labs.motion.config import retrain as settings
from engine.labs.motion.config.retrain import SETS, RetrainConfig, retrain_cost
from engine.labs.motion.data.corpus import measure_scale
from engine.labs.motion.data.procedural import procedural_examples
from engine.labs.motion.lesson import exam, run
from engine.labs.motion.lesson.exam import examine
from engine.labs.motion.lesson.learner import Learner, settings_for
from engine.labs.motion.models.stored import load_model
from engine.labs.motion.views.retrain import (
    draw_checks,
    draw_loss,
    draw_quality,
    lesson_stage,
    lesson_table,
)
from engine.labs.motion.views.retrain_words import (
    describe_checks,
    describe_copies,
    describe_loss,
)

CLIPS = procedural_examples(52)
SMALL = RetrainConfig(actions="turns", budget=20, width=64)


class Stopped(Exception):
    """What a cancelled run raises."""


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr(settings, "STEPS_A_SECOND", 0.3)
    monkeypatch.setattr(run, "STOPS", (0.0, 1.0))
    monkeypatch.setattr(run, "COUNT", 52)
    monkeypatch.setattr(exam, "CLIPS", 1)


def test_every_action_of_a_set_has_clips() -> None:
    for actions in SETS.values():
        assert {one.action for one in run.clips_of(actions, CLIPS)} == set(actions)


@pytest.mark.parametrize(
    "values", [{"budget": 10}, {"budget": 200}, {"actions": "all"}, {"width": 1000}, {"rate": 0}]
)
def test_settings_out_of_range_are_told_with_their_field(values: dict) -> None:
    with pytest.raises(BadInput) as caught:
        RetrainConfig.build(values)
    assert caught.value.field == next(iter(values))
    assert retrain_cost(RetrainConfig(budget=150)) > retrain_cost(RetrainConfig(budget=20)) > 20


def test_the_loss_falls_and_the_reader_stays_as_it_is() -> None:
    reader = load_model("evaluator")
    examples, scale = run.clips_of(SETS["turns"], CLIPS), measure_scale(CLIPS)
    learner = Learner(examples, scale, 32, settings_for(25, 2e-3, 0), reader)
    losses = [learner.step() for _ in range(25)]
    assert np.mean(losses[-5:]) < 0.4 * losses[0]
    sentence = learner.task.network.text.sentence.state_dict()
    for name, value in reader.network.text.state_dict().items():
        assert torch.equal(value, sentence[name])
    found = examine(learner.model(), SETS["turns"], 2.5, 0)
    assert found.rows.shape == (2, 4, 80, 137) and np.isfinite(found.rows).all()
    assert learner.done == 25


def test_the_same_settings_give_the_same_lesson(few_steps) -> None:
    state = torch.random.get_rng_state()
    first, second = (run.retrain(SMALL, QuietContext()) for _ in range(2))
    assert torch.equal(state, torch.random.get_rng_state())
    for name, field in first.fields.items():
        np.testing.assert_array_equal(field.array, second.fields[name].array)
    assert first.array("stop").tolist() == [0, 6]
    assert first.array("loss")[-1] < first.array("loss")[0]
    stage = lesson_stage(first, "walk-turn-left")
    assert len(stage.lanes) == 2 and stage.frames == 81
    assert "a person walks and turns left" in stage.alt
    assert len(lesson_table(first)["step"]) == 2
    for figure in (
        draw_loss(first, Palette.light()),
        draw_checks(first, Palette.light()),
        draw_quality(first, Palette.light(), "jerk"),
        draw_quality(first, Palette.light(), "skate"),
    ):
        assert figure.layout.meta["alt"]


def test_hands_alone_can_be_learnt_though_no_foot_ever_moves(few_steps) -> None:
    result = run.retrain(SMALL.model_copy(update={"actions": "hands"}), QuietContext())
    assert all(np.isfinite(field.array.astype(float)).all() for field in result.fields.values())


def test_a_lesson_tells_how_far_it_is_and_can_be_stopped(few_steps) -> None:
    seen = []

    class Watching(QuietContext):
        def progress(self, done: float, total: float, **metrics: float) -> None:
            seen.append((done, total, metrics))
            raise Stopped

    threads = torch.get_num_threads()
    with pytest.raises(Stopped):
        run.retrain(SMALL, Watching())
    assert len(seen) == 1 and seen[0][:2] == (5, 6)
    assert seen[0][2]["loss"] > 0 and 0 <= seen[0][2]["checks"] <= 1
    assert torch.get_num_threads() == threads


def told(passed, loss, near=0.03, beside=0.03) -> Result:
    stops = np.arange(len(passed))
    return Result(
        {
            "passed": Field(np.array(passed, dtype=float), ("stop", "action", "clip")),
            "stop": Field(stops, ("stop",)),
            "loss": Field(np.array(loss), ("point",)),
            "point": Field(np.arange(1, len(loss) + 1), ("point",)),
        },
        {"steps": len(loss), "nearest": near, "nearest_unseen": beside},
        {"actions": ["walk", "jump"], "captions": ["a person walks", "a person jumps"]},
    )


def test_words_follow_from_the_numbers() -> None:
    learnt = told([[[1, 1], [0, 0]], [[0, 1], [1, 0]], [[1, 1], [1, 1]]], [4.0, 2.0, 1.0, 1, 1, 1])
    said = describe_checks(learnt)
    assert said.startswith("4 of 4 clips do what their text says at the end, 2 before")
    assert "Last to be right: walk, jump (step 2)" in said and "walk passes before" in said
    lost = told([[[0, 0], [1, 1]], [[1, 1], [0, 1]]], [1.0, 2.0])
    assert "Not all clips of jump are right at the end" in describe_checks(lost)
    assert "falls from 4.00 to 1.20" in describe_loss(learnt)
    assert "did not fall" in describe_loss(lost)
    assert "it copies" in describe_copies(told([[[1], [1]]], [1.0], 0.01, 0.03))
    assert "no copies" in describe_copies(told([[[1], [1]]], [1.0], 0.06, 0.03))
    assert "honest" in describe_copies(told([[[1], [1]]], [1.0]))
