"""The speed-up view without a browser: its points, its assumptions, and bad ones."""

from __future__ import annotations

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import texts, visit

pytestmark = pytest.mark.usefixtures("runner_off")
VIEW = {"memory_hardware.view": "speedup"}


def charts(app: AppTest) -> dict[str, dict]:
    """The figures of a page by their titles."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return {spec["layout"]["title"]["text"]: spec for spec in specs}


def test_points_stand_beside_the_published_ranges_with_their_assumptions() -> None:
    app = visit("memory_hardware", **VIEW)
    assert not app.warning
    said = texts(app)
    assert "41-137x" in said and "631-1074x" in said and "proves nothing" in said
    assert {"Times faster than the GPU", "Times faster than the CPU"} <= charts(app).keys()
    assert any("assumed" in element.value for element in app.markdown)


def test_another_gpu_moves_the_points_at_once_and_is_part_of_the_link() -> None:
    usual = visit("memory_hardware", **VIEW)
    slow = visit("memory_hardware", **VIEW, **{"memory_hardware.gpu_gb_per_s": "30"})
    first, second = (least(app) for app in (usual, slow))
    assert second > 1.5 * first
    assert not slow.warning


def least(app: AppTest) -> float:
    """The lower end of our range over the GPU, without the head."""
    found = re.search(r"\*\*([\d.]+)-[\d.]+x\*\* without the head", texts(app))
    assert found
    return float(found[1])


def test_a_cpu_with_a_cache_leaves_the_published_range() -> None:
    said = texts(visit("memory_hardware", **VIEW, **{"memory_hardware.cpu_prefix": "cached"}))
    upper = re.findall(r"\*\*[\d.]+-([\d.]+)x\*\* without the head", said)
    assert float(upper[1]) < 631


def test_the_roofline_follows_the_model_and_the_context() -> None:
    pairs = {"memory_hardware.model": "llama-3.2-1b", "memory_hardware.context": "64"}
    titles = charts(visit("memory_hardware", **VIEW, **pairs))
    assert any("llama-3.2-1b" in title and "64 tokens" in title for title in titles)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"memory_hardware.gpu_gb_per_s": "-3"}, "GPU: memory"),
        ({"memory_hardware.values": "2x two"}, "Values: look like 12 18 24"),
        ({"memory_hardware.constant": "timing.rrr"}, "Constant: "),
        ({"memory_hardware.change": "timing.ras=1"}, "timing.ras must be longer"),
        ({"memory_hardware.values": "0"}, "timing.rp must be a whole number from 1"),
    ],
)
def test_what_is_impossible_gets_one_sentence_and_the_figures_stay(
    pairs: dict[str, str], words: str
) -> None:
    app = visit("memory_hardware", **VIEW, **pairs)
    assert len(app.warning) == 1
    assert words in app.warning[0].value.replace("\\", "")
    assert len(charts(app)) == 5


def test_the_sweep_has_a_line_for_each_shape() -> None:
    spec = charts(visit("memory_hardware", **VIEW))["Time by timing.rp"]
    names = [trace["name"] for trace in spec["data"]]
    assert "gpt2, gpt3-small" in names and len(names) == 6


def test_a_memory_without_mac_units_has_a_roofline_of_its_pins() -> None:
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.device": "gddr6-readout"})
    said = texts(app)
    assert "All that is multiplied crosses the pins" in said
