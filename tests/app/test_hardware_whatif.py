"""The what-if board without a browser: two memories, the table of constants, and bad ones."""

from __future__ import annotations

import re

import pytest

from engine.core import get_lab
from engine.labs.memory_hardware.device import load_device
from pages.panels.memory_hardware import constants
from tests.app.test_hardware_speedup import charts
from tests.app.test_pages import visit

shipped = pytest.mark.usefixtures("runner_off")
VIEW = {"memory_hardware.view": "whatif"}


@shipped
def test_both_memories_and_their_difference_are_there_at_once() -> None:
    app = visit("memory_hardware", **VIEW)
    assert not app.warning
    assert [metric.label for metric in app.metric] == ["A: PIM-GPT (assumed)", "B: AiM"]
    a, b = (float(re.sub(r"[^\d.]", "", metric.value.split()[0])) for metric in app.metric)
    difference = float(app.metric[1].delta.split()[0])
    assert difference == pytest.approx(100 * (b / a - 1), abs=0.1)
    assert {"B minus A, by part", "How far B is ahead after each step"} <= charts(app).keys()


@pytest.mark.usefixtures("at_once")
def test_a_link_opens_two_memories_with_their_changes() -> None:
    pairs = {"memory_hardware.other": "pim-gpt", "memory_hardware.other_change": "timing.rp=24"}
    app = visit("memory_hardware", **VIEW, **pairs).run()
    assert not app.warning
    assert app.metric[1].label == "B: PIM-GPT (assumed), timing.rp=24"
    assert app.metric[1].delta.startswith("+")


@shipped
@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"memory_hardware.change": "timing.ras=1"}, "Changed constants: timing.ras must be"),
        ({"memory_hardware.other_change": "mac.wings=2"}, "Changed constants of B: there is no"),
        ({"memory_hardware.other": "hbm9"}, "Memory B: must be one of"),
        ({"memory_hardware.factor": "0.5"}, "divided and multiplied by: must be"),
    ],
)
def test_what_is_impossible_gets_one_sentence_and_the_figures_stay(
    pairs: dict[str, str], words: str
) -> None:
    app = visit("memory_hardware", **VIEW, **pairs)
    said = " ".join(warning.value.replace("\\", "") for warning in app.warning)
    assert len(app.warning) == 1 and words in said
    assert len(charts(app)) >= 5


@shipped
def test_the_table_says_where_each_constant_comes_from() -> None:
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.side": "b"})
    table = app.dataframe[0].value
    device = load_device("aim")
    assert list(table["Constant"]) == list(device.constants)
    assert [*table["Source"]] == [[one.source] for one in device.constants.values()]


class TestEdits:
    """What the table hands over when a cell is edited."""

    @staticmethod
    def take(monkeypatch: pytest.MonkeyPatch, change: str, cells: dict) -> dict:
        state = {"table": {"edited_rows": cells}}
        monkeypatch.setattr("streamlit.session_state", state)
        names = list(load_device("pim-gpt").constants)
        lab = get_lab("memory_hardware")
        constants._take(lab, "a", "pim-gpt", change, "table", names)
        return state

    def test_an_edit_joins_the_changes_and_the_preset_s_value_leaves_them(self, monkeypatch):
        row = list(load_device("pim-gpt").constants).index("timing.rp")
        state = self.take(monkeypatch, "mac.lanes=32", {row: {"Value": 18}})
        assert state["memory_hardware.change"] == "mac.lanes=32 timing.rp=18"
        state = self.take(monkeypatch, "mac.lanes=32 timing.rp=18", {row: {"Value": 12.0}})
        assert state["memory_hardware.change"] == "mac.lanes=32"

    @pytest.mark.parametrize("value", [0, -1, 1e12, 2.5, None, "many"])
    def test_an_impossible_value_is_refused_with_a_sentence(self, monkeypatch, value):
        row = list(load_device("pim-gpt").constants).index("timing.rp")
        state = self.take(monkeypatch, "mac.lanes=32", {row: {"Value": value}})
        assert "memory_hardware.change" not in state
        assert "timing.rp" in state[constants.REFUSED]
