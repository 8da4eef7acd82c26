"""The energy ledger against a walk over every command of the reference."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.labs.memory_hardware import fast, reference
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.energy import energy, energy_by_part
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import Shape


@st.composite
def compilers(draw: st.DrawFn) -> Compiler:
    name = draw(st.sampled_from(["pim-gpt", "gddr6-readout"]))
    changes: dict[str, float] = {
        "organisation.channels": draw(st.integers(1, 3)),
        "organisation.banks": draw(st.integers(1, 4)),
        "organisation.row_bytes": 32 * draw(st.integers(1, 8)),
        "timing.refi": draw(st.sampled_from([460, 900, 7000])),
        "timing.bl": draw(st.integers(1, 2)),
        "timing.ras": draw(st.integers(20, 60)),
        "currents.row_pj": draw(st.sampled_from([0, 500])),
        "currents.idd0": draw(st.sampled_from([122, 150])),
        "currents.vdd": draw(st.sampled_from([1.0, 1.25])),
        "organisation.devices": draw(st.integers(1, 2)),
        "asic.power_mw": draw(st.sampled_from([0, 304.59])),
    }
    if name == "pim-gpt":
        changes["buffer.bytes"] = draw(st.sampled_from([32, 64]))
        changes["currents.mac_share"] = draw(st.sampled_from([0, 0.25, 1]))
    kv_heads = draw(st.integers(1, 2))
    shape = Shape(
        "any",
        layers=draw(st.integers(1, 2)),
        width=draw(st.integers(1, 40)),
        heads=kv_heads * draw(st.integers(1, 2)),
        kv_heads=kv_heads,
        head_dim=draw(st.integers(1, 8)),
        inner=draw(st.integers(1, 60)),
        vocabulary=draw(st.integers(1, 99)),
    )
    layouts = st.sampled_from(["row", "column"])
    weights = draw(st.sampled_from(["columns", "rows"]))
    overlap = name == "pim-gpt" and draw(st.booleans())
    choices = Choices(draw(layouts), draw(layouts), weights=weights, overlap=overlap)
    return Compiler(shape, load_device(name).changed(changes), choices)


def walked(compiler: Compiler, tokens: int, prompt: int) -> dict[str, float]:
    """Command by command in volt, milliampere and nanosecond; standby from row to row."""
    device, t = compiler.device, compiler.device.cycles()
    i, tck = device.section("currents"), device["timing.tck_ns"]
    channels, banks = compiler.channels, compiler.banks
    volts = i["vdd"] * device["organisation.devices"]
    cycle = t["ras"] + t["rp"]
    by_currents = volts * tck * (i["idd0"] * cycle - i["idd3n"] * t["ras"] - i["idd2n"] * t["rp"])
    row = i["row_pj"] or max(0.0, by_currents)
    bit = device["link.pj_per_bit"]
    simulated = reference.simulate(compiler, tokens, prompt=prompt)
    runs = list(reference.all_runs(compiler, tokens, prompt=prompt))
    pj: dict[str, float] = defaultdict(float)
    open_rows = 0
    since = 0
    standby = 0.0  # channel-cycles with a row open
    for command in sorted(simulated.commands, key=lambda one: one.cycle):
        run = runs[command.run]
        if open_rows:
            standby += (command.cycle - since) * run.channels
        since = command.cycle
        if command.name == "ACT":
            pj["activate"] += row * run.banks * run.channels
            open_rows += 1
        elif command.name == "PRE":
            open_rows -= 1
        elif command.name == "MAC":
            read = volts * (i["idd4r"] - i["idd3n"]) * t["bl"] * tck
            pj["mac column"] += read * i["mac_share"] * banks * channels
            pj["mac unit"] += device["mac.power_mw"] * t["ccd"] * tck * channels
        elif command.name in ("RD", "WR"):
            active = i["idd4r"] if command.name == "RD" else i["idd4w"]
            name = "read" if command.name == "RD" else "write"
            pj[name] += volts * (active - i["idd3n"]) * t["bl"] * tck * run.channels
            pj["link"] += bit * 8 * device["organisation.column_bytes"] * run.channels
        elif command.name == "REF":
            pj["refresh"] += volts * (i["idd5b"] - i["idd3n"]) * t["rfc"] * tck * channels
        elif command.name == "LINK":
            sent = device["link.gb_per_s"] * tck * (run.columns + run.hidden)
            pj["link"] += bit * 8 * sent * channels
        else:
            pj["asic"] += device["asic.power_mw"] * run.columns * tck
    pj["active standby"] = volts * i["idd3n"] * standby * tck
    closed = simulated.cycles * channels - standby
    pj["precharge standby"] = volts * i["idd2n"] * closed * tck
    return pj


@settings(max_examples=60, deadline=None)
@given(compiler=compilers(), tokens=st.integers(1, 3), prompt=st.sampled_from([0, 2]))
def test_every_class_is_what_the_commands_cost_one_by_one(
    compiler: Compiler, tokens: int, prompt: int
) -> None:
    totals = fast.generate(compiler, tokens, prompt=prompt)
    ledger = energy(compiler, totals)
    slow = walked(compiler, tokens, prompt)
    assert ledger.pj is not None and set(slow) <= set(ledger.pj)
    for name, pj in ledger.pj.items():
        assert pj == pytest.approx(slow[name], rel=1e-9, abs=1e-6), name
    assert ledger.total_pj == sum(ledger.pj.values())


@settings(max_examples=30, deadline=None)
@given(compiler=compilers(), tokens=st.integers(1, 3), prompt=st.sampled_from([0, 2]))
def test_the_parts_are_the_whole(compiler: Compiler, tokens: int, prompt: int) -> None:
    totals = fast.generate(compiler, tokens, prompt=prompt)
    whole = energy(compiler, totals).pj
    parts = energy_by_part(compiler, totals).values()
    assert whole is not None
    for name, pj in whole.items():
        sums = sum(part.pj[name] for part in parts if part.pj is not None)
        assert pj == pytest.approx(sums, rel=1e-9, abs=1e-6), name


SMALL = Shape("small", 1, 32, 2, 2, 16, 64, 100)


def notes(**changes: float) -> tuple[str, ...]:
    device = load_device("pim-gpt").changed({f"currents.{k}": v for k, v in changes.items()})
    compiler = Compiler(SMALL, device)
    return energy(compiler, fast.generate(compiler, 2)).notes


def test_a_row_that_would_cost_less_than_nothing_is_said() -> None:
    assert any("row_pj" in note for note in notes())
    assert any("a row would cost less than nothing" in note for note in notes(row_pj=0))
    # With a current that fits the standby currents nothing is odd.
    assert notes(row_pj=0, idd0=150) == ()


def test_without_currents_there_is_a_sentence_and_no_energy() -> None:
    compiler = Compiler(SMALL, load_device("aim"))
    ledger = energy(compiler, fast.generate(compiler, 2))
    assert ledger.pj is None and ledger.total_pj is None
    assert "currents of AiM are not known" in ledger.notes[0]
