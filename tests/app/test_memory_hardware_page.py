"""The memory-hardware page without a browser: views, presets, links in, and bad ones."""

from __future__ import annotations

import json

import pytest

from engine.core import Preset, get_lab
from engine.store import Store
from pages.kit.links import preset_query
from pages.panels.memory_hardware.views import VIEWS
from tests.app.test_pages import texts, visit

LAB = get_lab("memory_hardware")
LLAMA = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 256,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 688,
    "vocab_size": 1000,
    "rms_norm_eps": 1e-5,
}


def brought(table: object) -> str:
    return Store.open().inputs.put(json.dumps(table).encode(), "config.json")


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_its_shipped_result(view: str) -> None:
    app = visit("memory_hardware", **{"memory_hardware.view": view})
    assert [warning.value for warning in app.warning] == []
    assert "have not been computed" not in texts(app)
    assert app.header and app.get("plotly_chart")


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize("preset", LAB.presets, ids=lambda preset: preset.name)
def test_every_preset_opens_on_a_result(preset: Preset) -> None:
    app = visit("memory_hardware", **preset_query(LAB, preset))
    assert [warning.value for warning in app.warning] == []
    assert "have not been computed" not in texts(app)
    assert app.get("plotly_chart")


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("tokens", "0", "Tokens"),
        ("tokens", "9000", "Tokens"),
        ("device", "hbm9", "pim-gpt"),
        ("change", "timing.ras=3", "timing.ras must be longer than timing.rcd"),
        ("change", "organisation.banks=0", "organisation.banks must be a whole number from 1"),
        ("change", "timing.rfc=9000", "timing.refi must be longer than timing.rfc"),
        ("change", "timing.ccd=300", "together must be at least timing.ccd"),
        ("change", "timing.rp=<img>", "changes look like"),
        ("model", "/etc/passwd", "must be one of"),
    ],
)
def test_a_bad_value_gets_one_sentence_and_figures_stay(name: str, value: str, words: str) -> None:
    app = visit("memory_hardware", **{f"memory_hardware.{name}": value})
    assert len(app.warning) == 1 and words in app.warning[0].value.replace("\\", "")
    assert app.get("plotly_chart")


@pytest.mark.usefixtures("at_once")
def test_a_config_of_the_visitors_own_is_generated() -> None:
    view = {"memory_hardware.view": "generation", "memory_hardware.model": brought(LLAMA)}
    app = visit("memory_hardware", **view)
    app.run()
    assert [warning.value for warning in app.warning] == []
    said = texts(app)
    assert "llama, 2 layers of 256 on PIM-GPT" in said and "previous settings" not in said


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden_size": None}, "hidden_size"),
        ({"num_key_value_heads": 3}, "num_key_value_heads (3) must divide the 8 heads"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers must be a whole number from 1 to"),
        ({"num_local_experts": 8}, "mixtures of experts"),
    ],
)
def test_a_config_that_cannot_be_mapped_is_refused_in_a_sentence(
    change: dict[str, object], words: str
) -> None:
    app = visit("memory_hardware", **{"memory_hardware.model": brought({**LLAMA, **change})})
    assert len(app.warning) == 1 and words in app.warning[0].value.replace("\\", "")
    assert app.get("plotly_chart")
