"""What is refused because it would take the machine's memory or minutes of its time."""

from __future__ import annotations

import pytest

from engine.core.errors import BadInput, LimitExceeded
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.expand import expand
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.shapes import SHAPES, Shape
from engine.labs.memory_hardware.walk import place_runs

WIDE = Shape("wide", 1, 65_536, 1024, 1024, 4096, 1_048_576, 1000)


@pytest.mark.parametrize("name", ["pim-gpt", "gddr6-readout", "aim"])
def test_a_key_in_thousands_of_rows_is_refused_at_once(name: str) -> None:
    with pytest.raises(BadInput, match="at most 256 rows of a bank"):
        Compiler(WIDE, load_device(name))


def test_rows_too_short_for_the_model_are_refused() -> None:
    changes = {"organisation.row_bytes": 2, "organisation.column_bytes": 2, "mac.lanes": 1}
    with pytest.raises(BadInput, match=r"1,600.*too short"):
        Compiler(SHAPES["gpt2-xl"], load_device("pim-gpt").changed(changes))


def test_a_refresh_at_every_row_is_counted_but_not_taken_apart() -> None:
    device = load_device("pim-gpt").changed({"timing.refi": 2, "timing.rfc": 1})
    compiler = Compiler(SHAPES["gpt2-xl"], device)
    plan = Schedule(compiler, 1024)
    with pytest.raises(LimitExceeded, match="50,000 refreshes"):
        place_runs(plan, 1023)
    with pytest.raises(LimitExceeded, match="50,000 refreshes"):
        expand(compiler, 1024, 0, 1000)
