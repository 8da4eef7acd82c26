"""From a training's snapshot to a shipped folder with a card that tells what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from engine.core.context import QuietContext
from engine.core.packing import unpack
from engine.labs.diffusion.config import KeysConfig
from engine.labs.diffusion.evaluation import evaluate
from engine.labs.diffusion.keys import ask_keys, by_rung
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import ARRIVAL
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import GROUPS, PromptSet, find_prompts
from engine.labs.diffusion.training import ship as shipping
from engine.labs.diffusion.training.measure import arrival
from engine.labs.diffusion.training.train import NAMED, Trainer
from tests.diffusion_models import patches


def two_of(pipeline: Pipeline, name: str) -> PromptSet:
    """The first two prompts of a set, so that little is sampled."""
    found = find_prompts(pipeline, name)
    return replace(
        found,
        prompts=found.prompts[:2],
        positions=found.positions[:2],
        targets=None if found.targets is None else found.targets[:2],
        scenes=None if found.scenes is None else found.scenes[:2],
    )


@pytest.fixture(autouse=True)
def small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping.measure, "find_prompts", two_of)


def test_a_snapshot_becomes_a_folder_with_a_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(NAMED["fast"], steps=2, batch=2, snapshot_every=1, save_every=1)
    monkeypatch.setitem(NAMED, "fast", settings)
    Trainer(settings, tmp_path).run()
    target = tmp_path / "shipped"
    shipping.ship(tmp_path, "fast", target, seeds=1, full=False)
    card = json.loads((target / "card.json").read_text())
    pipeline = load_pipeline(str(target))
    assert card["digest"] == pipeline.digest and card["steps"] == 2 and card["finished"]
    done = evaluate(pipeline, two_of(pipeline, "A"))
    assert card["ladder"]["A"]["ssim"] == pytest.approx(done.means["ssim"], abs=1e-4)
    text = (target / "README.md").read_text()
    assert pipeline.digest in text and "not finished" not in text
    assert f"| A | 100 | 2 | {done.means['ssim']:.3f} |" in text
    assert (target / "loss_curve.csv").read_text().startswith("step,cpu_seconds")


def test_a_model_with_keys_is_shipped_with_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(NAMED["keys"], steps=1, batch=2, snapshot_every=1, save_every=1)
    monkeypatch.setitem(NAMED, "keys", settings)
    small = KeysConfig(per_rung=2, key_draws=1)
    monkeypatch.setattr(shipping.measure, "KeysConfig", lambda key_draws: small)
    Trainer(settings, tmp_path).run()
    target = tmp_path / "shipped"
    shipping.ship(tmp_path, "keys", target, seeds=1)
    card = json.loads((target / "card.json").read_text())
    result = ask_keys(load_pipeline(str(target)), small, QuietContext())
    assert card["border_keys"] == by_rung(result) and "ladder" not in card
    errors = np.abs(result.array("guess")[0, :2, 0] - result.array("key")[:2])
    row = card["border_keys"]["A"]
    assert row["key_error"]["picture and its caption"] == pytest.approx(errors.mean())
    text = (target / "README.md").read_text()
    assert f"| A | 100 | 2 | {errors.mean():.3f} |" in text and "## Scenes" not in text
    assert not (target / ARRIVAL).exists()


def test_the_arrival_has_a_row_and_pictures_for_every_snapshot(tmp_path: Path) -> None:
    models = {step: patches(tmp_path / str(step), seed=step) for step in (1, 2)}
    rows, kept = arrival(models.__getitem__, [1, 2], seeds=2, few=1)
    assert [row["step"] for row in rows] == [1, 2] == kept["steps"].tolist()
    assert rows[0]["A"]["ssim"] != rows[1]["A"]["ssim"]
    sets = {*GROUPS, "unseen", "scenes"}
    assert {name for name in kept if "/" not in name} == {*sets, "steps"}
    assert kept["A"].shape == (2, 1, 32, 32, 3)
    want = evaluate(models[2], two_of(models[2], "A"), seeds=2)
    assert (kept["A"][1] == in_levels(want.pictures[0, :1])).all()
    assert kept["A/ssim"][1] == pytest.approx(want.measures["ssim"], abs=1e-4)
    assert kept["A/score"].shape == (2, 2, 2) and (kept["A/score"] > 0).all()
    assert kept["scenes/right"].shape == (2, 2, 2, 5)
    assert rows[1]["scenes"]["attributes"]["mean"] == pytest.approx(kept["scenes/right"][1].mean())


def test_the_arrival_is_measured_anew_beside_a_model_that_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(NAMED["fast"], steps=3, batch=2, snapshot_every=2, save_every=3)
    monkeypatch.setitem(NAMED, "fast", settings)
    monkeypatch.setattr(shipping.measure, "GROUPS", ("A", "x3"))
    trained = Trainer(settings, tmp_path)
    trained.run()
    # What a stopped training leaves is no regular snapshot.
    snapshots = tmp_path / "fast" / "snapshots"
    (snapshots / "step-000001.safetensors").write_bytes(
        (snapshots / "step-000002.safetensors").read_bytes()
    )
    target = tmp_path / "shipped"
    target.mkdir()
    card = {"digest": "as it was"}
    (target / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr(shipping, "write_card", lambda written: written["digest"])
    shipping.ship_arrival(tmp_path, "fast", target, seeds=1)
    written = json.loads((target / "card.json").read_text())
    assert written["digest"] == "as it was"
    assert [row["step"] for row in written["arrival"]] == [2, 3]
    assert load(unpack((target / ARRIVAL).read_bytes(), 10**8))["steps"].tolist() == [2, 3]
