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
    reason = REASONS[commands.because[position]]
    # A read's rhythm may leave room for tCCD where few banks take turns.
    uneven = compiler.timing["together"] * compiler.timing["column"] > compiler.timing["ccd"]
    assume(reason != "tCCD" or compiler.geometry.lanes or not uneven)
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
    first = left_out == places[0] and name == "ACT"
    # Before the first ACT of a window nobody knows whether a row is open.
    assert found or first


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
