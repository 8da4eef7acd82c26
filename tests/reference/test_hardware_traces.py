"""Traces whose cycle counts other simulators report: equal in cycles, counts and energy."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.trace.aim_system import run_aim
from engine.labs.memory_hardware.trace.dramsim3 import energy_units, run_dramsim3
from engine.labs.memory_hardware.trace.instructions import parse_aim
from engine.labs.memory_hardware.trace.requests import parse_dramsim3

pytestmark = pytest.mark.shared


def text(shared_data: Path, name: str) -> str:
    return (shared_data / "pim" / name).read_text(encoding="ascii")


def test_a1_takes_the_cycles_that_the_aim_simulator_reports(shared_data: Path) -> None:
    aim = load_device("aim").cycles()
    run = run_aim(parse_aim(text(shared_data, "aim_a1_mac_full_rows.trace")), aim)
    assert run.cycles == 57_815
    assert run.counts(31) == {"ACT16": 256, "PREA": 255, "MAC16": 16_384}
    assert run.counts(0) == {}


def test_d1_takes_the_cycles_counts_and_energy_that_dramsim3_reports(shared_data: Path) -> None:
    device = load_device("gddr6-dramsim3")
    organisation = {k: int(v) for k, v in device.section("organisation").items()}
    accesses = parse_dramsim3(text(shared_data, "ds3_d1_seq4096.trace"))
    run = run_dramsim3(accesses, device.cycles(), organisation)
    assert run.cycles == 12_539
    assert run.counts == {"ACT": 34, "PRE": 32, "RD": 4096, "REF": 1}
    assert run.hits == 4062
    assert run.latency == pytest.approx(156.13, abs=0.005)
    energy = energy_units(run, device.cycles(), device.section("currents"), organisation["devices"])
    assert sum(energy.values()) == pytest.approx(17_132_742, abs=0.5)
