"""Sweeps of a constant over models, and tornadoes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import BadInput
from engine.labs.memory_hardware.choices import varied
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import SHAPES
from engine.labs.memory_hardware.sweep import sweep, tornado

PIM = load_device("pim-gpt")
MODELS = [shape for name, shape in SHAPES.items() if name.startswith("gpt")]


def test_a_sweep_is_the_generations_one_by_one() -> None:
    seen: list[tuple[float, float]] = []
    found = sweep(PIM, MODELS, "timing.rp", [8, 12, 18], 16, progress=lambda *p: seen.append(p))
    assert found.ns.shape == found.pj.shape == (len(MODELS), 3)
    one = Compiler(MODELS[3], PIM.changed({"timing.rp": 18}))
    assert found.ns[3, 2] == generate(one, 16).cycles * PIM["timing.tck_ns"]
    assert np.all(np.diff(found.ns, axis=1) > 0) and not found.refused
    assert seen[-1] == (3 * len(MODELS), 3 * len(MODELS))


def test_an_impossible_value_is_left_out_and_told() -> None:
    found = sweep(PIM, MODELS[:2], "timing.ras", [5, 28, 40], 4)
    assert np.isnan(found.ns[:, 0]).all() and np.isfinite(found.ns[:, 1:]).all()
    assert "longer than timing.rcd_mac" in found.refused[5]
    with pytest.raises(BadInput, match=r"no value of timing\.ras is possible"):
        sweep(PIM, MODELS[:2], "timing.ras", [1, 2], 4)


def test_energy_is_nan_where_currents_are_not_known() -> None:
    found = sweep(load_device("aim"), MODELS[:1], "timing.rp", [32], 4)
    assert np.isfinite(found.ns).all() and np.isnan(found.pj).all()


@pytest.mark.parametrize(
    ("field", "values", "words"),
    [
        ("timing.none", [1], "has no timing.none"),
        ("timing.rp", [], "models times values must be from 1 to 2,000"),
        ("timing.rp", list(range(2001)), "models times values"),
    ],
)
def test_a_sweep_of_nothing_is_refused(field: str, values: list[float], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        sweep(PIM, MODELS[:1], field, values, 4)


def test_a_tornado_has_its_widest_bar_first_and_the_spec_s_directions() -> None:
    # Derived in the analytic pilot for GPT3-XL: weak on the ASIC and the pins, strong on the MAC.
    constants = ["asic.clock_ghz", "link.gb_per_s", "mac.lanes", "timing.rp"]
    found = tornado(PIM, SHAPES["gpt3-xl"], 64, constants)
    by_field = {bar.field: bar for bar in found.bars}
    assert found.bars[0].field == "mac.lanes"
    spreads = [bar.spread(found.centre) for bar in found.bars]
    assert spreads == sorted(spreads, reverse=True)
    for name in ("asic.clock_ghz", "link.gb_per_s", "mac.lanes"):
        low, high = by_field[name].low, by_field[name].high
        assert low is not None and high is not None and low.ns > found.centre.ns > high.ns
    slow = by_field["timing.rp"]
    assert slow.high is not None and slow.high.ns > found.centre.ns


def test_wide_units_gain_as_the_pilot_found() -> None:
    # GPT3-XL without a head, 32 and 64 lanes instead of 16: derived there from the row time.
    found = sweep(PIM, [SHAPES["gpt3-xl"]], "mac.lanes", [16, 32, 64], 1024,
                  choices=Choices(head=False))  # fmt: skip
    ratios = found.ns[0] / found.ns[0, 0]
    assert ratios[1] == pytest.approx(0.675, abs=0.02)
    assert ratios[2] == pytest.approx(0.516, abs=0.02)


def test_a_bar_that_cannot_exist_says_why() -> None:
    found = tornado(PIM, SHAPES["gpt2"], 4, ["timing.ras"], (0.3, 2.0))
    assert found.bars[0].low is None and found.bars[0].high is not None
    assert "longer than timing.rcd_mac" in found.bars[0].reason


def test_factors_lie_around_one() -> None:
    with pytest.raises(BadInput, match="one below and one above 1"):
        tornado(PIM, SHAPES["gpt2"], 4, ["timing.rp"], (1.0, 2.0))


@pytest.mark.parametrize("name", ["pim-gpt", "aim", "gddr6-readout", "gddr6-dramsim3"])
def test_every_constant_that_is_varied_has_a_bar(name: str) -> None:
    device = load_device(name)
    fields = varied(device)
    found = tornado(device, SHAPES["gpt2"], 2, fields, (0.8, 1.25))
    assert {bar.field for bar in found.bars} == set(fields)
