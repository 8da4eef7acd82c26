"""The engine against figures that were not made by it: other simulators, and the pilot's."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.errors import BadInput
from engine.labs.memory_hardware.baseline import Baselines
from engine.labs.memory_hardware.config import SpeedupConfig
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.energy import ledger
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.geometry import engine_timing
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.published import ENERGY, SPEEDUP
from engine.labs.memory_hardware.rows import row_cycles
from engine.labs.memory_hardware.shapes import SHAPES
from engine.labs.memory_hardware.slots import Run
from engine.labs.memory_hardware.speedup import HEADS, speedup
from engine.labs.memory_hardware.stretch import read_stretch
from engine.labs.memory_hardware.trace.dramsim3 import run_dramsim3
from engine.labs.memory_hardware.trace.requests import Access, parse_dramsim3
from engine.labs.memory_hardware.work import Work

PIM = load_device("pim-gpt")


def test_a_row_of_aim_takes_what_its_simulator_needs() -> None:
    # 256 such rows take the 57,815 cycles that the AiM simulator reports for trace A1.
    row = row_cycles(Run("any", "mac", 1, 64, 16), engine_timing(load_device("aim")))
    assert row == 226
    assert 256 * row - (12 + 32) + 3 == 57_815


@pytest.mark.parametrize("columns", [128, 1024, 2048])
def test_reading_is_as_fast_as_dramsim3_reads_the_same_bytes(columns: int) -> None:
    device = load_device("gddr6-dramsim3")
    organisation = {k: int(v) for k, v in device.section("organisation").items()}
    accesses = [Access(256 * number, False, 0, number + 1) for number in range(columns)]
    theirs = run_dramsim3(accesses, device.cycles(), organisation)
    ours = read_stretch(columns, engine_timing(device))
    assert theirs.counts["ACT"] == ours.rows == columns // 128
    cycles = {
        name: [one.cycle for one in theirs.log if one.command == name] for name in ("ACT", "RD")
    }
    assert cycles["RD"][-1] - cycles["ACT"][0] == ours.sets[-1].last


@pytest.mark.shared
def test_prices_are_those_that_dramsim3_reports_for_d1(shared_data: Path) -> None:
    device = load_device("gddr6-dramsim3")
    organisation = {k: int(v) for k, v in device.section("organisation").items()}
    trace = (shared_data / "pim" / "ds3_d1_seq4096.trace").read_text(encoding="ascii")
    run = run_dramsim3(parse_dramsim3(trace), device.cycles(), organisation)
    work = Work(
        bank_activates=run.counts["ACT"],
        columns_read=run.counts["RD"],
        open_cycles=run.active_cycles,
    )
    own = ledger(device, work, run.cycles, run.counts["REF"])
    assert own.total_pj == pytest.approx(17_132_742 * device["timing.tck_ns"], rel=1e-6)


@pytest.mark.parametrize(
    ("model", "with_head", "seconds"),
    [
        ("gpt2", False, 0.095),
        ("gpt2", True, 0.124),
        ("gpt2-medium", True, 0.347),
        ("gpt2-large", False, 0.684),
        ("gpt2-xl", True, 1.442),
        ("gpt3-large", False, 0.614),
        ("gpt3-xl", False, 1.049),
    ],
)
def test_totals_agree_with_the_analytic_pilot(model: str, with_head: bool, seconds: float) -> None:
    # 1,024 tokens from nothing, worked out by hand before this engine; it left out tRTP.
    totals = generate(Compiler(SHAPES[model], PIM, Choices(head=with_head)), 1024)
    assert totals.cycles / 1e9 == pytest.approx(seconds, rel=0.07)
    assert totals.hits / (totals.hits + totals.activates) == pytest.approx(0.984, abs=0.003)


def test_the_published_versions_agree_on_time_and_not_on_energy() -> None:
    gpu = [band for band in ENERGY if band.against == "GPU"]
    assert len(gpu) == 2 and gpu[0].high < 2 * gpu[1].low < 2 * gpu[1].high
    assert {band.against for band in SPEEDUP} == {"GPU", "CPU"}
    # What the watts of the baselines follow from: energy over speed-up is a ratio of powers.
    low, high = (gpu[0].low / SPEEDUP[0].low, gpu[0].high / SPEEDUP[0].high)
    cpu = next(band for band in ENERGY if band.against == "CPU")
    of_cpu = cpu.low / SPEEDUP[1].low, cpu.high / SPEEDUP[1].high
    assumed = Baselines()
    ratio = assumed.cpu_watts / assumed.gpu_watts
    assert of_cpu[0] / low == pytest.approx(ratio, rel=0.1)
    assert of_cpu[1] / high == pytest.approx(ratio, rel=0.15)


def test_ratios_fall_with_the_model() -> None:
    found = speedup(SpeedupConfig(), lambda address: b"")
    ratio = found.array("gpu_ns") / found.array("total_ns")[HEADS.index("without head")]
    own = dict(zip(found.notes["models"], ratio, strict=True))
    assert own["gpt2"] > own["gpt2-medium"] > own["gpt2-large"] > own["gpt2-xl"]
    assert own["gpt3-medium"] > own["gpt3-large"] > own["gpt3-xl"]


@pytest.mark.parametrize("field", ["gpu_watts", "cpu_watts", "gpu_gb_per_s"])
def test_a_baseline_without_power_is_refused(field: str) -> None:
    with pytest.raises(BadInput, match=f"{field}: must be above 0"):
        Baselines(**{field: 0.0})
