"""The fast engine against the per-command reference: equal in time, counts and reasons."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.core.errors import BadInput
from engine.labs.memory_hardware import fast, reference
from engine.labs.memory_hardware.device import Device, load_device
from engine.labs.memory_hardware.expand import NAMES, REASONS, expand
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import Shape

CYCLES = {
    "timing.rcd_mac": (1, 40),
    "timing.rcd_wr": (1, 40),
    "timing.rp": (1, 40),
    "timing.ras": (10, 120),
    "timing.ccd": (1, 4),
    "timing.rtp": (0, 20),
    "timing.cwl": (0, 20),
    "timing.bl": (0, 4),
    "timing.wr": (0, 40),
    "timing.rfc": (1, 600),
    "organisation.channels": (1, 3),
    "organisation.banks": (1, 4),
    "mac.lanes": (1, 16),
}


@st.composite
def compilers(draw: st.DrawFn) -> Compiler:
    changes = {name: draw(st.integers(*bounds)) for name, bounds in CYCLES.items()}
    changes["timing.refi"] = changes["timing.rfc"] + draw(st.sampled_from([1, 3, 50, 700, 7000]))
    changes["organisation.row_bytes"] = 32 * draw(st.integers(1, 20))
    rate = draw(st.sampled_from([0.5, 3.0, 32.0]))
    try:
        device: Device = load_device("pim-gpt").changed({**changes, "link.gb_per_s": rate})
    except BadInput:
        assume(False)
        raise AssertionError from None
    kv_heads = draw(st.integers(1, 2))
    shape = Shape(
        "any",
        layers=draw(st.integers(1, 3)),
        width=draw(st.integers(1, 40)),
        heads=kv_heads * draw(st.integers(1, 3)),
        kv_heads=kv_heads,
        head_dim=draw(st.integers(1, 8)),
        inner=draw(st.integers(1, 60)),
        vocabulary=draw(st.integers(1, 99)),
        gated=draw(st.booleans()),
    )
    layouts = st.sampled_from(["row", "column"])
    return Compiler(shape, device, Choices(draw(layouts), draw(layouts), draw(st.booleans())))


GENERATIONS = {"tokens": st.integers(1, 4), "start": st.sampled_from([0, 3, 50])}
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@QUIET
@given(compiler=compilers(), refresh=st.booleans(), **GENERATIONS)
def test_time_and_counts_are_the_reference_s(
    compiler: Compiler, tokens: int, start: int, refresh: bool
) -> None:
    totals = fast.generate(compiler, tokens, start=start, refresh=refresh)
    simulated = reference.simulate(compiler, tokens, start=start, refresh=refresh)
    count = Counter(command.name for command in simulated.commands)
    assert totals.cycles == simulated.cycles
    assert totals.activates == count["ACT"] == count["PRE"]
    assert (totals.macs, totals.writes) == (count["MAC"], count["WR"])
    assert totals.refreshes == count["REF"]


@QUIET
@given(compiler=compilers(), where=st.tuples(st.floats(0, 1), st.floats(0, 1)), **GENERATIONS)
def test_a_window_holds_the_reference_s_commands_and_reasons(
    compiler: Compiler, tokens: int, start: int, where: tuple[float, float]
) -> None:
    simulated = reference.simulate(compiler, tokens, start=start)
    first, last = sorted(int(part * simulated.cycles) for part in where)
    window = expand(compiler, tokens, first, last + 1, start=start)
    found = [
        (int(cycle), NAMES[name], REASONS[because], int(since))
        for cycle, name, because, since in zip(
            window.cycle, window.name, window.because, window.since, strict=True
        )
    ]
    wanted = [
        (command.cycle, command.name, command.because, command.since)
        for command in simulated.commands
        if first <= command.cycle <= last
    ]
    # What the very first command waits for is nothing, however that is written.
    assert [one for one in found if one[0]] == [one for one in wanted if one[0]]
    assert len(found) == len(wanted)


@QUIET
@given(compiler=compilers(), **GENERATIONS)
def test_windows_tile_the_whole(compiler: Compiler, tokens: int, start: int) -> None:
    end = fast.generate(compiler, tokens, start=start).cycles + 1
    whole = expand(compiler, tokens, 0, end, start=start)
    cut = end // 3 + 1
    parts = [
        expand(compiler, tokens, low, min(low + cut, end), start=start)
        for low in range(0, end, cut)
    ]
    assert sum(map(len, parts)) == len(whole)


@QUIET
@given(compiler=compilers(), name=st.sampled_from(["rcd_mac", "rp", "ccd", "wr"]))
def test_a_slower_device_is_not_faster(compiler: Compiler, name: str) -> None:
    slower = {f"timing.{name}": compiler.device[f"timing.{name}"] + 1}
    if name == "rcd_mac":
        slower["timing.ras"] = compiler.device["timing.ras"] + 1
    other = Compiler(compiler.shape, compiler.device.changed(slower), compiler.choices)
    quick = fast.generate(compiler, 2, refresh=False).cycles
    assert fast.generate(other, 2, refresh=False).cycles >= quick
