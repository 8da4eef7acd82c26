"""The independent checker: silent on what is expanded, loud on anything that is shifted."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.labs.memory_hardware.checker import Violation, check
from engine.labs.memory_hardware.expand import NAMES, REASONS, Commands, expand
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Compiler
from tests.hardware_programs import compilers

LOUD = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(LOUD, max_examples=40)
WIDTH = 3000
PART = st.floats(0, 1)


def whole(compiler: Compiler) -> Commands:
    end = generate(compiler, 2, prompt=1).cycles + 1
    return expand(compiler, 2, 0, end, prompt=1)


def violations(commands: Commands, compiler: Compiler, refreshes: int = 0) -> list[Violation]:
    overlap = compiler.choices.overlap
    return check(commands, compiler.device, refreshes_before=refreshes, overlap=overlap)


def part(commands: Commands, keep: np.ndarray) -> Commands:
    own = {f.name: getattr(commands, f.name) for f in fields(commands) if f.name != "labels"}
    return Commands(**{k: v[keep] for k, v in own.items()}, labels=commands.labels)


def moved(commands: Commands, position: int, by: int) -> Commands:
    cycle = commands.cycle.copy()
    cycle[position] -= by
    return part(replace(commands, cycle=cycle), np.argsort(cycle, kind="stable"))


def device_asks(commands: Commands, position: int, compiler: Compiler) -> bool:
    """Whether a device, and not the controller alone, keeps a command from coming earlier."""
    reason, name = REASONS[commands.because[position]], NAMES[commands.name[position]]
    timing = compiler.timing
    if reason == "tCCD" and not compiler.geometry.lanes:
        # Banks take turns in a rhythm, which may leave room between two of them.
        return timing["together"] == 1 or timing["column"] == max(timing["ccd_s"], timing["bl"])
    if reason == "data":  # a device may refresh or open a row while what was read is on its way
        return name in ("LINK", "ASIC")
    if reason == "tRRD":  # of 0 cycles: only the order is left
        return timing["rrd"] > 0
    if reason == "tRP" and name == "ACT" and commands.bank[position] >= 0:
        # A stretch begins when all its banks are closed; a device asks this of the opened one.
        before = np.arange(len(commands)) < position
        own = np.isin(commands.bank, [commands.bank[position], -1])
        closed = commands.cycle[before & own & (commands.name == NAMES.index("PRE"))]
        return bool(commands.cycle[position] - closed.max() <= timing["rp"])
    return True


def same_banks(commands: Commands, position: int) -> np.ndarray:
    """Which commands mean the banks of the one at ``position``, or all."""
    channel, bank = commands.channel[position], commands.bank[position]
    return np.isin(commands.channel, [channel, -1]) & np.isin(commands.bank, [bank, -1])


def known_before(commands: Commands, position: int) -> bool:
    """Whether the bank of the command was opened or closed before it."""
    rows = np.isin(commands.name, [NAMES.index("ACT"), NAMES.index("PRE")])
    return bool((rows & same_banks(commands, position))[:position].any())


def needed_closed_after(commands: Commands, position: int) -> bool:
    """Whether a later command needs the bank's row closed."""
    rows = np.isin(commands.name, [NAMES.index("ACT"), NAMES.index("REF")])
    ends = np.isin(commands.name, [NAMES.index("LINK"), NAMES.index("ASIC")])
    return bool((ends | rows & same_banks(commands, position))[position + 1 :].any())


@LOUD
@given(compiler=compilers(), at=PART)
def test_a_window_anywhere_breaks_no_rule(compiler: Compiler, at: float) -> None:
    end = generate(compiler, 2, prompt=1).cycles
    first = int(at * end)
    before = expand(compiler, 2, 0, first, prompt=1).name if first else np.zeros(0)
    window = expand(compiler, 2, first, first + WIDTH, prompt=1)
    refreshes = int((before == NAMES.index("REF")).sum())
    assert violations(window, compiler, refreshes) == []


@FEW
@given(compiler=compilers(), at=PART)
def test_a_command_one_cycle_earlier_is_caught(compiler: Compiler, at: float) -> None:
    commands = whole(compiler)
    # "order" is the controller's choice, and what waits for nothing begins at 0.
    free = [REASONS.index(""), REASONS.index("order")]
    if compiler.choices.overlap:
        free.append(REASONS.index("LINK"))  # how much of a vector must be there is no device's rule
    able = np.flatnonzero(~np.isin(commands.because, free) & (commands.cycle > 0))
    position = int(able[int(at * (len(able) - 1))])
    assume(device_asks(commands, position, compiler))
    assert violations(moved(commands, position, 1), compiler)


@FEW
@given(compiler=compilers(), at=PART, name=st.sampled_from(["ACT", "PRE"]))
def test_a_row_that_is_not_opened_or_not_closed_is_caught(
    compiler: Compiler, at: float, name: str
) -> None:
    commands = whole(compiler)
    places = np.flatnonzero(commands.name == NAMES.index(name))
    left_out = places[int(at * (len(places) - 1))]
    keep = np.arange(len(commands)) != left_out
    found = violations(part(commands, keep), compiler)
    # Nobody knows what a bank's row was before the first command of a window, or after the last.
    told = known_before if name == "ACT" else needed_closed_after
    assert found or not told(commands, int(left_out))


@FEW
@given(compiler=compilers())
def test_a_refresh_left_out_is_caught(compiler: Compiler) -> None:
    assume(compiler.geometry.lanes > 0)
    commands = whole(compiler)
    refreshes = np.flatnonzero(commands.name == NAMES.index("REF"))
    assume(len(refreshes) > 0)
    keep = np.arange(len(commands)) != refreshes[0]
    found = violations(part(commands, keep), compiler)
    assert "refresh first" in {one.rule for one in found}


def test_a_violation_says_what_came_too_early_and_by_how_much() -> None:
    from engine.labs.memory_hardware.device import load_device
    from engine.labs.memory_hardware.program import Choices
    from engine.labs.memory_hardware.shapes import SHAPES

    compiler = Compiler(SHAPES["gpt2"], load_device("pim-gpt"), Choices())
    commands = expand(compiler, 1, 0, 2000)
    position = int(np.flatnonzero(commands.name == NAMES.index("MAC"))[0])
    cycle = int(commands.cycle[position])
    found = check(moved(commands, position, 5), compiler.device)
    assert found == [Violation(position, "MAC", cycle - 5, "tRCD", 5)]
