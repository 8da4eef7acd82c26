"""A trace as an experiment: its fields, views, and what is known of it elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core import BadInput, Result
from engine.figures import Palette
from engine.labs.memory_hardware.config import TraceConfig
from engine.labs.memory_hardware.trace.lines import guess_dialect
from engine.labs.memory_hardware.trace.samples import SAMPLES
from engine.labs.memory_hardware.tracing import tracing
from engine.labs.memory_hardware.views.trace import (
    count_table,
    describe,
    describe_reference,
    draw_latencies,
    draw_waits,
    hit_rate,
    shown_timeline,
    waits,
)

PALETTE = Palette.of("light")


def run(text: str = "", **settings: object) -> Result:
    """The result of ``text``, or of a shipped trace."""
    given = {"trace": "input:mine"} if text else {}
    config = TraceConfig.build({**given, **settings})
    return tracing(config, lambda address: text.encode())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_shipped_trace_runs_and_is_drawn(name: str) -> None:
    result = run(trace=name)
    timeline = shown_timeline(result).timeline
    assert len(timeline) == result.number("commands") == sum(count_table(result)["Number"])
    assert draw_waits(result, PALETTE).layout.meta["alt"] == describe(result)
    assert sum(waits(result).values()) == sum(
        result.array("cycle")[result.array("channel") == members[0]].max()
        for members in result.notes["channels"]
    )
    for lane in np.unique(timeline.lane):
        own = timeline.lane == lane
        assert np.all(timeline.end[own][:-1] <= timeline.start[own][1:] + 1e-9)
    held = timeline.cause >= 0
    assert held.any()
    cause = timeline.cause[held]
    cycle = timeline.details["cycle"]
    assert np.array_equal(cycle[held] - cycle[cause], timeline.details["waited cycles"][held])
    assert np.array_equal(result.array("channel")[held], result.array("channel")[cause])


def test_the_storm_has_no_hits_and_the_stream_all_but_one_a_row() -> None:
    storm, stream = run(trace="bank-conflict-storm"), run(trace="sequential-reads")
    assert hit_rate(storm) == 0
    assert hit_rate(stream) == pytest.approx(1 - 6 / 768)
    assert next(iter(waits(storm))) == "tRAS" and next(iter(waits(stream))) == "tCCD"
    # What the preset says: four times the reads in less than a sixth of the time.
    assert stream.number("cycles") < storm.number("cycles") / 6


def test_hits_of_all_banks_are_told_bank_by_bank() -> None:
    result = run(
        "AiM MAC_ABK 2 0x1 4\nAiM MAC_SBK 1 0x1 3 4\nAiM MAC_SBK 1 0x1 3 5\n"
        "AiM MAC_ABK 1 0x1 4\nAiM EOC\n"
    )
    names = [result.notes["names"][code] for code in result.array("name")]
    hits = dict(enumerate(result.array("hit")))
    columns = [(name, int(hits[i])) for i, name in enumerate(names) if name.startswith("MAC")]
    assert columns == [("MAC16", 0), ("MAC16", 1), ("MAC", 1), ("MAC", 0), ("MAC16", 0)]


def test_latencies_are_of_reads_only() -> None:
    assert draw_latencies(run(trace="aim-matrix-vector"), PALETTE) is None
    figure = draw_latencies(run(trace="bank-conflict-storm"), PALETTE)
    assert figure is not None and "192 reads took" in figure.layout.meta["alt"]


def test_a_long_trace_is_shown_in_part() -> None:
    result = run(trace="sequential-reads")
    shown = shown_timeline(result, most=100)
    assert len(shown.timeline) == 100 and shown.left_out == result.number("commands") - 100


def test_a_reference_is_compared_in_words() -> None:
    assert describe_reference(run("0x0 READ 0\n")) is None
    assert describe_reference(run("0x0 READ 0\n", reference_cycles=52)) == (
        "Equal to the reference simulator: 52 cycles."
    )
    assert describe_reference(run("0x0 READ 0\n", reference_cycles=50)) == (
        "2 cycles more than the 50 reported (+4 %)."
    )


def test_a_trace_without_commands_has_a_result() -> None:
    result = run("W GPR 1\nAiM EOC\n")
    assert result.number("commands") == 0 and "3 cycles" in describe(result)
    assert len(shown_timeline(result).timeline) == 0
    assert draw_waits(result, PALETTE).data


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("# of ours\n\nAiM EOC", "aim"),
        ("R,MEM,0,1,2\nAiM EOC", "aim"),
        (",W,GPR,0,,,,,\n", "aim"),
        ("0x1F00 READ 0", "dramsim3"),
        ("abc WRITE 4", "dramsim3"),
    ],
)
def test_the_first_line_tells_the_language(text: str, dialect: str) -> None:
    assert guess_dialect(text) == dialect


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"trace_device": "hbm9"}, "trace_device"),
        ({"trace_change": "timing.rp"}, "changes look like"),
        ({"dialect": "aim", "trace_device": "gddr6-dramsim3"}, "traces of aim need"),
        ({"trace_device": "pim-gpt"}, "traces of"),
        ({"reference_cycles": -1}, "reference_cycles"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        TraceConfig.build(settings)


def test_a_text_in_no_language_is_refused_before_a_run() -> None:
    config = TraceConfig(trace="input:mine")
    with pytest.raises(BadInput, match="line 2: 'hello there' is neither"):
        config.fits(lambda address: b"# mine\nhello there\n")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "cycles"), [("aim_a1_mac_full_rows", 57_815), ("ds3_d1_seq4096", 12_539)]
)
def test_a_trace_with_reported_cycles_is_recognised(
    name: str, cycles: int, shared_data: Path
) -> None:
    text = (shared_data / "pim" / f"{name}.trace").read_text(encoding="ascii")
    result = run(text.replace("\n", "\r\n"), reference_cycles=3)
    assert result.metrics["reference_cycles"] == cycles
    assert describe_reference(result) == f"Equal to the reference simulator: {cycles:,} cycles."
    assert "commit" in result.notes["reference"]
