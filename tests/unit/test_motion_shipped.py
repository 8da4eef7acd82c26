"""The models that ship: their cards are true, and their sizes are small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.labs.motion import shipped
from engine.labs.motion.data.corpus import load_examples
from engine.labs.motion.data.words import LENGTH
from engine.labs.motion.evaluation.evaluate import evaluate, read_split
from engine.labs.motion.generation.generate import generate
from engine.labs.motion.models.stored import GENERATORS, SHIPPED, load_model
from engine.labs.motion.training.ship import flat, measure
from tests.motion_models import save_tiny

THERE = [name for name in GENERATORS if (SHIPPED / name).is_dir()]
MOST_BYTES = 6_000_000


def card_of(name: str) -> dict:
    return json.loads((SHIPPED / name / "card.json").read_text())


@pytest.mark.parametrize("name", ["evaluator", *THERE])
def test_a_card_is_of_the_weights_beside_it(name: str) -> None:
    card, model = card_of(name), load_model(name)
    assert card["digest"] == model.digest and card["name"] == name == model.kind
    assert card["config_digest"] == model.config_digest
    text = (SHIPPED / name / "README.md").read_text()
    assert model.digest in text and "CC BY-NC 4.0" in text and "mocap.cs.cmu.edu" in text
    assert ("not finished" in text) != card["finished"]
    assert sum(file.stat().st_size for file in (SHIPPED / name).iterdir()) < MOST_BYTES


@pytest.mark.parametrize("name", THERE)
def test_every_word_of_the_recordings_is_known(name: str) -> None:
    reading = load_model(name).vocabulary.read("a person walks and turns left in a youthful way")
    assert not reading.unknown and not reading.taken and len(reading.ids) == LENGTH


@pytest.mark.shared
def test_the_evaluator_knows_real_clips(shared_data: Path) -> None:
    clips = read_split(shared_data / "motion", "val")
    training = load_examples(shared_data / "motion", "train")
    told = measure(load_model("evaluator"), training, clips, 1)
    card = card_of("evaluator")["figures"]
    assert told["action_accuracy.all"]["mean"] > 0.95 and told["style_accuracy"]["mean"] > 0.9
    for name, value in told.items():
        wanted = card[name]["mean"]
        if wanted is None:
            assert value["mean"] is None, name
        else:
            assert value["mean"] == pytest.approx(wanted, rel=1e-3, abs=1e-3), name


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", THERE)
def test_a_cards_figures_are_measured_again(shared_data: Path, name: str) -> None:
    clips = read_split(shared_data / "motion", "val")
    told = flat(evaluate(load_model(name), load_model("evaluator"), clips, None))
    card = card_of(name)["figures"]
    assert card["jerk"]["mean"] > 0 and card_of(name)["val_clips"] == len(clips)
    for figure in ("action_accuracy.all", "checks.hand_side.agree", "jerk", "skate", "real_jerk"):
        low, high = card[figure]["least"], card[figure]["greatest"]
        assert low - 0.01 <= told[figure] <= high + 0.01, figure


@pytest.mark.parametrize("name", THERE)
def test_a_clip_of_five_seconds_comes_from_the_shipped_weights(name: str) -> None:
    made = generate(load_model(name), "a person walks forward", 5.0, 0)
    assert made.positions.shape == (101, 22, 3)
    # A body stands on its feet: hips well over the floor, feet near it.
    assert 0.5 < made.positions[:, 0, 1].mean() < 1.2
    assert abs(made.positions[:, (7, 10, 8, 11), 1].min(-1).mean()) < 0.2


def test_results_follow_the_words_beside_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version of experiments changes with config.json, and not while it is the card's."""
    before = shipped.weights_version(1)
    for name in ("evaluator", *THERE):
        (tmp_path / name).mkdir()
        for file in ("card.json", "config.json"):
            (tmp_path / name / file).write_bytes((SHIPPED / name / file).read_bytes())
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    assert shipped.weights_version(1) == before
    path = tmp_path / THERE[0] / "config.json"
    config = json.loads(path.read_text())
    config["words"][:2] = config["words"][1::-1]
    path.write_text(json.dumps(config))
    other = shipped.weights_version(1)
    assert other != before and other >> 32 == before >> 32 == 1


def test_a_model_tells_both_digests(tmp_path: Path) -> None:
    one = load_model(save_tiny("kmm", tmp_path / "one"))
    config = json.loads((tmp_path / "one" / "config.json").read_text())
    config["datasets"] = ["other"]
    (tmp_path / "one" / "config.json").write_text(json.dumps(config))
    other = load_model(tmp_path / "one")
    assert one.digest == other.digest and one.config_digest != other.config_digest
