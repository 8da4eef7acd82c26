"""The view of two channels without a browser: a scene by link, its forecast, the table of seeds."""

from __future__ import annotations

import pytest

from engine.labs.motion.transient.stored import FOLDER
from tests.app.test_pages import texts, visit

VIEW = {"motion.view": "transient"}
pytestmark = pytest.mark.usefixtures("at_once")


def test_a_scene_of_the_link_is_forecast_and_the_seeds_are_told() -> None:
    assert (FOLDER / "card.json").is_file()
    app = visit("motion", **VIEW, **{"motion.scene": "5", "motion.moment": "3.1"}).run()
    said = texts(app)
    assert "Mean error over the two seconds ahead: root" in said
    assert "The switch is on the side of the contact in" in said
    assert "3 seeds, the same scenes and steps" in said
    assert any("carried box, in contact" in one.value.to_string() for one in app.table)


def test_a_moment_without_two_seconds_on_both_sides_is_let_go() -> None:
    app = visit("motion", **VIEW, **{"motion.moment": "8.5"}).run()
    assert not app.exception
    assert "Mean error over the two seconds ahead" in texts(app)
