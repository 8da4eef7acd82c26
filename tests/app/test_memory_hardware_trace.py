"""The trace workbench without a browser: traces of the visitor's own, good, bad and hostile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.store import Store
from tests.app.test_pages import texts, visit
from tests.security.test_html import PAYLOAD, check

VIEW = {"memory_hardware.view": "replay"}
GOOD = b"# mine\n0x0 READ 0\n0x80000 READ 0\n"


def brought(data: bytes, name: str = "own.trace") -> str:
    return Store.open().inputs.put(data, name)


def opened(data: bytes, **settings: str) -> Any:
    given = {f"memory_hardware.{name}": value for name, value in settings.items()}
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.trace": brought(data)}, **given)
    app.run()
    return app


def warnings(app: Any) -> list[str]:
    return [warning.value.replace("\\", "") for warning in app.warning]


@pytest.mark.usefixtures("at_once")
def test_a_trace_of_the_visitors_own_is_run() -> None:
    app = opened(GOOD)
    assert warnings(app) == []
    said = texts(app)
    # ACT, RD, then the other row of the bank: 54 after the ACT, 24 and 24 more, and 25 to the data.
    assert "DRAMsim3 requests: 130 cycles" in said and "previous settings" not in said


@pytest.mark.usefixtures("at_once")
def test_the_language_can_be_set_and_is_then_held_to() -> None:
    app = opened(GOOD, dialect="aim")
    assert warnings(app) == ["Trace: line 2: a line starts with AiM, R or W (got '0x0')."]
    assert app.get("plotly_chart")


@pytest.mark.usefixtures("at_once")
def test_reported_cycles_are_compared() -> None:
    app = opened(GOOD, reference_cycles="100")
    assert "30 cycles more than the 100 reported (+30 %)" in texts(app)


@pytest.mark.shared
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("name", "cycles"), [("aim_a1_mac_full_rows", "57,815"), ("ds3_d1_seq4096", "12,539")]
)
def test_a_trace_that_simulators_reported_on_is_equal(
    name: str, cycles: str, shared_data: Path
) -> None:
    app = opened((shared_data / "pim" / f"{name}.trace").read_bytes())
    assert f"Equal to the reference simulator: {cycles} cycles" in texts(app)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"AiM MAC_ABK 1 0x0 0\nAiM EOC\n", "line 1: the channel mask must be from 0x1"),
        (b"AiM MAC_ABK 1 0x1 99999\nAiM EOC\n", "line 1: row must be from 0 to 16383"),
        (b"AiM MAC_ABK 1 0x1 0\n", "AiM EOC, is missing"),
        (b"0x0 READ -3\n", "line 1: the cycle must be"),
        (b"0x0 READ 0\n" * 300_000, "at most 250,000 lines are run (got 300,000)"),
        (b"\x00\x01\x02", "a zero byte at offset 0"),
        (b"\xff\xfe0x0", "not UTF-8"),
        (b"hello there\n", "line 1: 'hello there' is neither an AiM instruction"),
    ],
)
def test_a_bad_trace_gets_one_sentence_and_figures_stay(data: bytes, words: str) -> None:
    app = opened(data)
    assert len(app.warning) == 1 and words in warnings(app)[0]
    assert app.get("plotly_chart") and not app.exception
    assert "15,154 cycles" in texts(app)


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("trace", "/etc/passwd", "must be one of"),
        ("trace", "input:0123456789abcdef", "bring the file again"),
        ("trace_change", "timing.rp=0", "timing.rp must be a whole number from 1"),
        ("trace_change", "<img>", "changes look like"),
        ("trace_device", "hbm9", "aim"),
        ("trace_device", "pim-gpt", "which PIM-GPT (assumed) has not"),
    ],
)
def test_a_bad_setting_gets_one_sentence(name: str, value: str, words: str) -> None:
    app = visit("memory_hardware", **VIEW, **{f"memory_hardware.{name}": value})
    assert len(app.warning) == 1 and words in warnings(app)[0]
    assert app.get("plotly_chart")


@pytest.mark.usefixtures("at_once")
def test_markup_in_a_trace_and_its_name_stays_text() -> None:
    address = brought(f"{PAYLOAD} READ 0\n".encode(), f"{PAYLOAD}.trace")
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.trace": address})
    assert len(app.warning) == 1
    check(app)
    fine = brought(f"# {PAYLOAD}\n0x0 READ 0\n".encode(), f"{PAYLOAD}.trace")
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.trace": fine})
    app.run()
    assert "52 cycles" in texts(app)
    check(app)


@pytest.mark.usefixtures("at_once")
def test_pasted_lines_are_a_trace() -> None:
    app = visit("memory_hardware", **VIEW)
    area = next(area for area in app.text_area if area.label == "Or paste lines")
    area.input("AiM MAC_ABK 1 0x1 0\nAiM EOC").run()
    next(button for button in app.button if button.label == "Take these lines").click().run()
    app.run()
    assert warnings(app) == [] and "AiM instructions: 59 cycles" in texts(app)


def test_no_lines_are_no_trace() -> None:
    app = visit("memory_hardware", **VIEW)
    next(button for button in app.button if button.label == "Take these lines").click().run()
    assert warnings(app) == ["Lines: there are none yet: paste some first."]


@pytest.mark.usefixtures("runner_off")
def test_a_command_in_the_link_is_explained() -> None:
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.trace_command": "2"})
    assert (
        "PRE (precharge a bank) on bank 0 of channel 0 at cycle 56, for line 4 of the trace: "
        "waited 54 cycles for tRAS since ACT at 2."
    ) in texts(app).replace("*", "")


@pytest.mark.usefixtures("runner_off")
@pytest.mark.parametrize("command", ["-7", "999999", "x"])
def test_a_command_that_is_not_there_is_none(command: str) -> None:
    app = visit("memory_hardware", **VIEW, **{"memory_hardware.trace_command": command})
    assert warnings(app) == [] and app.get("plotly_chart")
