"""The energy view without a browser: its bars, both versions of the paper, and bad values."""

from __future__ import annotations

import re

import pytest

from tests.app.test_hardware_speedup import charts
from tests.app.test_memory_hardware_page import LLAMA, brought
from tests.app.test_pages import texts, visit

shipped = pytest.mark.usefixtures("runner_off")
VIEW = {"memory_hardware.view": "energy"}


@shipped
def test_both_versions_of_the_paper_are_shown_and_told_apart() -> None:
    app = visit("memory_hardware", **VIEW)
    assert not app.warning
    said = texts(app)
    for words in ("339-1085x", "890-1632x", "123-383x", "320-602x"):
        assert words in said
    names = [trace["name"] for trace in charts(app)["Times less energy than the GPU"]["data"]]
    assert "version 1: 339-1085x" in names and "version 2 and journal: 123-383x" in names


@shipped
def test_the_currents_that_contradict_each_other_are_said() -> None:
    said = texts(visit("memory_hardware", **VIEW))
    found = re.search(r"\*\*(-?[\d.]+) pJ\*\*", said)
    assert found and float(found[1]) < 0
    assert "716.4 pJ (row_pj)" in said


@shipped
def test_a_row_that_goes_by_the_currents_is_said_to_cost_nothing_and_no_other_price() -> None:
    change = {"memory_hardware.change": "currents.row_pj=0"}
    said = texts(visit("memory_hardware", **VIEW, **change))
    assert "makes **0 pJ**" in said and "a row is taken to cost" not in said


@pytest.mark.usefixtures("at_once")
def test_a_row_at_another_price_is_not_said_to_be_the_simulator_s() -> None:
    change = {"memory_hardware.change": "currents.row_pj=500"}
    said = texts(visit("memory_hardware", **VIEW, **change).run())
    assert "a row costs 500 pJ" in said and "GDDR6 device" not in said


@shipped
def test_more_power_of_the_gpu_raises_its_ratios_in_proportion() -> None:
    once, twice = (
        float(re.findall(r"\*\*([\d.]+)-[\d.]+x\*\* without the head", texts(app))[0])
        for app in (
            visit("memory_hardware", **VIEW),
            visit("memory_hardware", **VIEW, **{"memory_hardware.gpu_watts": "140"}),
        )
    )
    assert twice == pytest.approx(2 * once, rel=0.01)


@shipped
@pytest.mark.parametrize(
    ("by", "title"),
    [("part", "By part of the model"), ("device", "By memory"), ("moon", "By model")],
)
def test_bars_by_what_the_link_says(by: str, title: str) -> None:
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.energy_by": by})
    assert any(title in name for name in charts(app))
    assert not app.warning


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("view", ["energy", "speedup"])
def test_a_config_of_the_visitors_own_stands_beside_the_eight(view: str) -> None:
    pairs = {"memory_hardware.view": view, "memory_hardware.model": brought(LLAMA)}
    app = visit("memory_hardware", **pairs).run()
    assert not app.warning
    said = texts(app)
    name = "llama, 2 layers of 256"
    if view == "energy":
        assert f"{name}: " in said and "gpt2-xl: " not in said
    named = [spec["layout"]["xaxis"].get("ticktext", []) for spec in charts(app).values()]
    assert sum(len(names) == 9 and names[-1] == name for names in named) == 2


@pytest.mark.usefixtures("at_once")
def test_a_memory_without_known_currents_says_so() -> None:
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.device": "aim"}).run()
    assert "No energy: the currents of AiM are not known." in texts(app)
    assert any("By memory" in name for name in charts(app))


@shipped
@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"memory_hardware.gpu_watts": "0"}, "GPU: power"),
        ({"memory_hardware.change": "currents.vdd=-1"}, "currents.vdd must be"),
        ({"memory_hardware.change": "currents.mac_share=2"}, "currents.mac_share must be"),
    ],
)
def test_what_is_impossible_gets_one_sentence_and_the_figures_stay(
    pairs: dict[str, str], words: str
) -> None:
    app = visit("memory_hardware", **VIEW, **pairs)
    assert len(app.warning) == 1 and words in app.warning[0].value.replace("\\", "")
    assert len(charts(app)) == 3
