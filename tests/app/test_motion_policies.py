"""The view of key-frame masking without a browser: masks by link and by hand, words, tables."""

from __future__ import annotations

import json

import pytest

import pages.panels.motion.policies_measured as measured_panel
from engine.labs.motion.masking import run
from engine.labs.motion.views.policies import POLICIES, read_measured
from tests.app.test_pages import texts, visit
from tests.motion_models import tiny

VIEW = {"motion.view": "policies"}
CLIP = {"motion.source": "procedural", "motion.restore.seconds": "3.0", "motion.seconds": "3.0"}


@pytest.fixture
def kmm(at_once, monkeypatch, tmp_path):
    model = tiny("kmm", tmp_path)
    monkeypatch.setattr(run, "load_model", lambda name: model)


@pytest.mark.usefixtures("kmm")
def test_a_link_chooses_the_mask_and_the_page_counts_it() -> None:
    app = visit(
        "motion", **VIEW, **CLIP, **{"motion.policy": "own", "motion.tokens": "3, 5-8"}
    ).run()
    said = texts(app)
    assert "5 of 15 tokens are masked" in said
    assert "Without a bandwidth, densities go from" in said
    assert "10 random draws" in said


@pytest.mark.usefixtures("kmm")
def test_the_token_under_the_playhead_joins_the_mask_and_leaves_it() -> None:
    app = visit("motion", **VIEW, **CLIP, **{"motion.policy": "own", "motion.tokens": "3"}).run()
    app.button(key="motion.restore#toggle").click().run().run()
    assert app.session_state["motion.tokens"] == "0, 3"
    assert "2 of 15 tokens are masked" in texts(app)
    assert app.button(key="motion.restore#toggle").label == "Unmask token 0"
    app.button(key="motion.restore#toggle").click().run().run()
    assert app.session_state["motion.tokens"] == "3"


@pytest.mark.usefixtures("kmm")
def test_tokens_beyond_the_clip_are_told_and_the_figures_stay() -> None:
    app = visit("motion", **VIEW, **CLIP, **{"motion.policy": "own", "motion.tokens": "3"}).run()
    app.text_input(key="motion.tokens").set_value("99").run()
    assert not app.exception
    assert any("must be from 0 to 14" in one.value for one in app.warning)
    assert "1 of 15 tokens is masked" in texts(app)


@pytest.mark.usefixtures("runner_off")
def test_the_papers_ablation_stands_apart_and_a_missing_measurement_is_said(monkeypatch) -> None:
    monkeypatch.setattr(measured_panel, "read_measured", lambda: None)
    said = texts(visit("motion", **VIEW))
    assert "has not been run in this checkout" in said
    assert "Other data and another evaluator: FID 0.48 with random masking, 0.34" in said


@pytest.mark.usefixtures("runner_off")
def test_a_measurement_is_shown_with_its_ranges_and_verdicts(monkeypatch, tmp_path) -> None:
    values = {"key": (3.0, 2.0, 4.0), "random": (6.0, 5.0, 7.0), "inverse": (3.5, 3.0, 5.0)}
    policies = {
        name: {"lab_fid": dict(zip(("mean", "least", "greatest"), values[name], strict=True))}
        for name in POLICIES
    }
    path = tmp_path / "measured.json"
    path.write_text(json.dumps({"steps": 9, "seeds": 3, "val_clips": 4, "policies": policies}))
    monkeypatch.setattr(measured_panel, "read_measured", lambda: read_measured(path))
    app = visit("motion", **VIEW)
    assert "Beside random masking, key masking is better in lab-FID and worse in none" in texts(app)
    tables = [one.value for one in app.table]
    told = [table.to_string().replace("\\", "") for table in tables]  # Markdown is escaped
    assert any("6.00 (5.00 to 7.00)" in words for words in told)
