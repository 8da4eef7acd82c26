"""The view of a training without a browser: settings by link, a run at once, words and figures."""

from __future__ import annotations

import pytest

from engine.core import get_lab
from engine.labs.motion.config import retrain as settings
from engine.labs.motion.lesson import exam, run
from tests.app.test_pages import texts, visit

VIEW = {"motion.view": "retrain"}


@pytest.fixture
def few_steps(at_once, monkeypatch):
    monkeypatch.setattr(settings, "STEPS_A_SECOND", 0.3)
    monkeypatch.setattr(run, "STOPS", (0.0, 1.0))
    monkeypatch.setattr(run, "COUNT", 52)
    monkeypatch.setattr(exam, "CLIPS", 1)


@pytest.mark.usefixtures("few_steps")
def test_a_training_is_started_by_hand_and_shown() -> None:
    asked = {"motion.actions": "hands", "motion.budget": "20", "motion.width": "64"}
    app = visit("motion", **VIEW, **asked, **{"motion.lesson": "wave-right-hand"})
    label = next(one for one in app.button if one.label == "Compute")
    app = label.click().run().run()
    assert not app.exception
    said = texts(app)
    assert "of 3 clips do what their text says at the end" in said
    assert "“a person waves with the right hand”" in said
    assert "learns 6 steps of 16 procedural clips" in said
    # A text that another set of actions has not is let go.
    app.segmented_control(key="motion.actions").set_value("turns").run()
    assert not app.exception


@pytest.mark.usefixtures("runner_off")
def test_what_a_training_costs_is_said_before_it_starts() -> None:
    experiment = get_lab("motion").experiment("retrain")
    asked = experiment.config(budget=150, seed=77)
    assert experiment.cost_seconds(asked) > 150
    app = visit("motion", **VIEW, **{"motion.budget": "150", "motion.seed": "77"})
    assert not app.exception
    assert all(one.label != "Compute" or one.disabled for one in app.button)
