"""One text through every model, with small untrained ones in the place of those that ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.context import QuietContext
from engine.core.errors import BadInput
from engine.core.result import Result
from engine.labs.motion.config.lanes import LanesConfig
from engine.labs.motion.evaluation import checks, quality
from engine.labs.motion.generation.generate import How, generate
from engine.labs.motion.lanes import lanes
from engine.labs.motion.models.stored import load_model
from engine.labs.motion.views.clips import positions_of
from tests.motion_shipped import ship_tiny

SHORT = {"seconds": 2.0, "steps": 2, "seed": 3}


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ship_tiny(monkeypatch, tmp_path, "motion-mamba", "kmm")


def run(**more: object) -> Result:
    return lanes(LanesConfig.build(SHORT, **more), QuietContext())


@pytest.mark.usefixtures("two")
def test_a_lane_is_what_the_model_generates_alone() -> None:
    result = run()
    assert result.notes["models"] == ["motion-mamba", "kmm"]
    assert result.notes["missing"] == ["transformer"]
    for at, name in enumerate(result.notes["models"]):
        made = generate(load_model(name), LanesConfig().text, 2.0, 3, How(2, 2.5)).positions
        np.testing.assert_allclose(positions_of(result, at), made, atol=2e-3, rtol=2e-3)
        told = dict(zip(result.notes["measures"], result.array("measures")[at], strict=True))
        assert told["skate"] == quality.skate(made.astype(float))
        assert told["turned"] == pytest.approx(checks.measure(made.astype(float)).turned)
        assert result.array("jerk")[at, 2:-1] == pytest.approx(
            quality.jerk(made.astype(float)), rel=1e-5
        )


@pytest.mark.usefixtures("two")
def test_the_same_settings_give_the_same_numbers_and_another_seed_others() -> None:
    first, again, other = run(), run(), run(seed=4)
    for name, field in first.fields.items():
        np.testing.assert_array_equal(field.array, again[name].array)
    assert np.abs(first.array("body") - other.array("body")).max() > 1e-3
    assert all(seconds > 0 for seconds in first.notes["cpu_seconds"])


@pytest.mark.usefixtures("two")
def test_words_that_no_model_knows_are_named_with_the_nearest() -> None:
    result = run(text="a persn walks and turned left gracefully")
    assert result.notes["unknown"]["persn"] == "person"
    assert "gracefully" in result.notes["unknown"]
    assert result.notes["taken"] == {"turned": "turns"}


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"text": ""}, "text"),
        ({"text": "   "}, "at least one word"),
        ({"text": "xyzzy plugh"}, "knows none of its words: 'xyzzy'"),
        ({"text": "walks " * 400}, "2000"),
        ({"seconds": 30}, "from 2 to 20"),
        ({"seed": -1}, "from 0 to 1000000"),
        ({"guidance": 11}, "from 0 to 10"),
    ],
)
def test_what_cannot_be_asked_gets_one_sentence(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        LanesConfig.build(SHORT, **values).fits(lambda address: b"")


def test_without_a_model_the_sentence_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ship_tiny(monkeypatch, tmp_path)
    with pytest.raises(BadInput, match="make train-motion"):
        run()
