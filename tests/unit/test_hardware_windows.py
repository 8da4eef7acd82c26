"""Windows in nanoseconds tile a run; what was chosen in one window is forgotten in another."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from engine.core import get_lab
from engine.core.errors import BadInput
from engine.labs.memory_hardware.device import device_names, load_device
from engine.labs.memory_hardware.expand import expand
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.shapes import SHAPES
from engine.labs.memory_hardware.table import as_table, cycles_of
from engine.labs.memory_hardware.views.banks import END, bank_window, waits
from engine.labs.memory_hardware.walk import place_runs

PANELS = Path(__file__).parents[2] / "pages" / "panels" / "memory_hardware"
COMPONENT_KEY = re.compile(r"memory_hardware\.[a-z_]+")


@pytest.mark.parametrize("name", device_names())
def test_two_windows_side_by_side_are_the_window_of_both(name: str) -> None:
    device = load_device(name)
    compiler, tck = Compiler(SHAPES["gpt2"], device), device["timing.tck_ns"]

    def count(from_ns: float, to_ns: float) -> int:
        first, last = cycles_of(from_ns, to_ns, tck)
        return len(expand(compiler, 4, first, last)) if last > first else 0

    whole = count(0, 2000)
    times = as_table(expand(compiler, 4, *cycles_of(0, 2000, tck)), tck)["ns"].to_pylist()
    for cut in [*times[:: len(times) // 40 or 1], 81.5, 333.3]:
        assert count(0, cut) + count(cut, 2000) == whole, cut
        # A command belongs to the window that begins at its own printed time.
        assert cycles_of(cut, cut + 1000, tck)[0] * tck >= cut - 1e-9 * max(cut, 1)


@pytest.mark.parametrize("window", [(-1, 5), (float("nan"), 5), (0, float("inf")), (0, 1e30)])
def test_a_window_that_is_none_is_refused(window: tuple[float, float]) -> None:
    with pytest.raises(BadInput, match="a window lies between"):
        cycles_of(*window, 1.0)


def test_no_two_panels_keep_different_things_under_one_key() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for path in PANELS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and COMPONENT_KEY.fullmatch(value):
                owners[value].add(path.name)
    shared = {key: files for key, files in owners.items() if len(files) > 1}
    assert not shared


@pytest.mark.parametrize("name", ["pim-gpt", "aim", "gddr6-readout"])
@pytest.mark.parametrize("begin", [0, 1_301_000])
def test_what_a_window_s_time_goes_to_adds_up_to_it(name: str, begin: int) -> None:
    compiler = Compiler(SHAPES["gpt2-xl"], load_device(name))
    commands = expand(compiler, 2, begin, begin + 24_000)
    parts = waits(commands, begin, begin + 4_000, 1.0)
    assert sum(parts.values()) == pytest.approx(4_000)
    end = int(Schedule(compiler, 2).ends[-1])
    last = expand(compiler, 2, end - 1_000, end + 9_000)
    assert waits(last, end - 1_000, end + 1_000, 1.0)[END] >= 1_000


@pytest.mark.parametrize("preset", ["what-a-value-waits-for", "a-refresh-in-the-middle"])
def test_the_chosen_command_of_a_preset_is_the_one_of_its_story(preset: str) -> None:
    page = next(one.page for one in get_lab("memory_hardware").presets if one.name == preset)
    compiler = Compiler(SHAPES["gpt2-xl"], load_device("pim-gpt"))
    run = next(
        one
        for one in place_runs(Schedule(compiler, 1024), page["token"])
        if one.number == page["run"]
    )
    last = run.start + round(1000 * float(page["window"]))
    drawn = bank_window(expand(compiler, 1024, run.start, last), compiler).timeline
    chosen = page["bank_command"]
    kind, why = drawn.kinds[drawn.kind[chosen]], drawn.details["waited for"][chosen]
    assert (kind, why, run.run.label) in {("PRE", "tWR", "V write"), ("REF", "tRP", "projection")}
