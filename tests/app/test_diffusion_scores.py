"""The view of scores without a browser: its rail, its step, and detection below."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core import get_lab
from engine.core.context import QuietContext
from engine.runtime.execute import execute
from engine.store import Store
from tests.app.test_pages import texts, visit
from tests.diffusion_models import save_patches

LAB = get_lab("diffusion")
VIEW = {"diffusion.view": "scores"}
CHEAP = {
    "scores": {"shown": 2, "steps": 3},
    "detection": {
        "copied": "A", "against": "unseen,scenes", "most": 4, "seeds": 4, "steps": 3,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_patches(tmp_path_factory.mktemp("models") / "untrained")


@pytest.fixture(scope="module")
def computed(model: Path) -> list[tuple[str, object, object, object]]:
    """Cheap results of an untrained model, with their configs and manifests."""
    found = []
    put = Store.open().inputs.put
    for name, values in CHEAP.items():
        experiment = LAB.experiment(name)
        config = experiment.config.build(model=str(model), **values).grounded(put)
        result, manifest = execute(
            LAB.name, experiment, config, QuietContext(), threads=1, output_mb=64
        )
        found.append((experiment.digest(LAB.name, config), config, result, manifest))
    return found


@pytest.fixture
def query(
    computed: list, model: Path, monkeypatch: pytest.MonkeyPatch, runner_off: None
) -> dict[str, str]:
    """A link to settings whose results lie in this test's store."""
    monkeypatch.setenv("ENGRAM_LOCAL", "1")
    for digest, _, result, manifest in computed:
        Store.open().results.save(digest, result, manifest)
    from pages.kit.links import field_key

    pairs = {
        field_key(LAB, LAB.experiment(name), field): str(value)
        for name, values in CHEAP.items()
        for field, value in values.items()
    }
    return {**VIEW, **pairs, "diffusion.model": str(model)}


def test_rail_filmstrip_step_and_detection_stand_on_the_page(query: dict[str, str]) -> None:
    app = visit("diffusion", **query)
    assert [warning.value for warning in app.warning] == []
    said = texts(app)
    assert "have not been computed" not in said
    assert "Step 1: Wen's score" in said and "of 24 ordinary prompts" in said
    assert "Within one family of captions Wen's score of step 1 alone" in said
    assert "Across families of captions" in said and "AUC over 0.999" in said
    assert len(app.get("plotly_chart")) == 6
    assert [heading.value for heading in app.header] == ["Scores by step", "Copied or ordinary?"]


def test_a_step_of_a_link_is_told_and_one_beyond_the_end_is_the_last(
    query: dict[str, str],
) -> None:
    app = visit("diffusion", **query, **{"diffusion.rail_step": "2"})
    assert "At step 2 (time step" in texts(app)
    app = visit("diffusion", **query, **{"diffusion.rail_step": "99"})
    assert "At step 3 (time step" in texts(app)


@pytest.mark.parametrize("method", ["wen_all", "ren_d", "update", "edges", "nobody"])
def test_every_method_has_its_figures(query: dict[str, str], method: str) -> None:
    app = visit(
        "diffusion",
        **query,
        **{"diffusion.detect_method": method, "diffusion.detect_scale": "family"},
    )
    assert len(app.get("plotly_chart")) == 6 and not app.warning


def test_the_threshold_of_a_link_is_told_in_prompts(query: dict[str, str]) -> None:
    app = visit("diffusion", **query, **{"diffusion.detect_flagged": "0"})
    assert "Nothing is flagged." in texts(app)
    app = visit("diffusion", **query, **{"diffusion.detect_flagged": "12"})
    assert "flags 4 of 4 copied and 8 of 8 ordinary prompts" in texts(app)


def test_a_bad_set_gets_one_sentence(query: dict[str, str]) -> None:
    app = visit("diffusion", **{**query, "diffusion.against": "<img src=x>"})
    assert len(app.warning) == 1 and "names of sets" in app.warning[0].value
