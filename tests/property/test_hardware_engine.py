"""The fast engine against the per-command reference: equal in time, counts and reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.labs.memory_hardware import fast, reference
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.expand import NAMES, REASONS, expand
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.shapes import SHAPES
from tests.hardware_programs import compilers

GENERATIONS = {
    "tokens": st.integers(1, 4),
    "start": st.sampled_from([0, 3, 50]),
    "prompt": st.sampled_from([0, 0, 1, 3]),
}
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@QUIET
@given(compiler=compilers(), refresh=st.booleans(), **GENERATIONS)
def test_time_and_counts_are_the_reference_s(
    compiler: Compiler, tokens: int, start: int, prompt: int, refresh: bool
) -> None:
    given_tokens = {"start": start, "prompt": prompt, "refresh": refresh}
    totals = fast.generate(compiler, tokens, **given_tokens)
    simulated = reference.simulate(compiler, tokens, **given_tokens)
    count = Counter(command.name for command in simulated.commands)
    assert totals.cycles == simulated.cycles == totals.token_end[-1]
    assert totals.activates == count["ACT"] == count["PRE"]
    assert (totals.macs, totals.writes, totals.reads) == (count["MAC"], count["WR"], count["RD"])
    assert totals.refreshes == count["REF"]


@QUIET
@given(compiler=compilers(), tokens=st.integers(1, 4), prompt=st.integers(1, 4))
def test_a_prompt_ends_where_its_tokens_would_without_a_head(
    compiler: Compiler, tokens: int, prompt: int
) -> None:
    totals = fast.generate(compiler, tokens, prompt=prompt)
    assert totals.prefill is not None
    assert totals.prefill.cycles == totals.token_end[prompt - 1]
    assert len(totals.token_end) == prompt + tokens
    headless = replace(compiler.choices, head=False)
    alone = Compiler(compiler.shape, compiler.device, headless)
    macs = fast.generate(alone, prompt)
    assert (totals.prefill.macs, totals.prefill.reads) == (macs.macs, macs.reads)


@QUIET
@given(compiler=compilers(), where=st.tuples(st.floats(0, 1), st.floats(0, 1)), **GENERATIONS)
def test_a_window_holds_the_reference_s_commands_and_reasons(
    compiler: Compiler, tokens: int, start: int, prompt: int, where: tuple[float, float]
) -> None:
    simulated = reference.simulate(compiler, tokens, start=start, prompt=prompt)
    first, last = sorted(int(part * simulated.cycles) for part in where)
    window = expand(compiler, tokens, first, last + 1, start=start, prompt=prompt)
    found = [
        (int(cycle), NAMES[name], REASONS[because], int(since))
        for cycle, name, because, since in zip(
            window.cycle, window.name, window.because, window.since, strict=True
        )
    ]
    wanted = sorted(
        (command.cycle, command.name, command.because, command.since)
        for command in simulated.commands
        if first <= command.cycle <= last
    )
    assert list(window.cycle) == sorted(window.cycle)
    # What the very first command waits for is nothing, however that is written.
    assert sorted(one for one in found if one[0]) == [one for one in wanted if one[0]]
    assert len(found) == len(wanted)


@QUIET
@given(compiler=compilers(), **GENERATIONS)
def test_windows_tile_the_whole(compiler: Compiler, tokens: int, start: int, prompt: int) -> None:
    given_tokens = {"start": start, "prompt": prompt}
    end = fast.generate(compiler, tokens, **given_tokens).cycles + 1
    whole = expand(compiler, tokens, 0, end, **given_tokens)
    cut = end // 3 + 1
    parts = [
        expand(compiler, tokens, low, min(low + cut, end), **given_tokens)
        for low in range(0, end, cut)
    ]
    for name in ("cycle", "name", "because", "since", "layer", "token", "row", "channel", "bank"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(joined, getattr(whole, name)), name


@QUIET
@given(compiler=compilers(), name=st.sampled_from(["rcd", "rp", "ccd", "wr"]))
def test_a_slower_device_is_not_faster(compiler: Compiler, name: str) -> None:
    in_banks = compiler.geometry.lanes > 0
    # A longer tCCD_L can put more banks into a set, which opens short rows earlier.
    assume(in_banks or name != "ccd")
    field = "timing.rcd_mac" if in_banks else "timing.rcd_rd"
    field = field if name == "rcd" else f"timing.{name}"
    slower = {field: compiler.device[field] + 1}
    if name == "rcd":
        slower["timing.ras"] = compiler.device["timing.ras"] + 1
    other = Compiler(compiler.shape, compiler.device.changed(slower), compiler.choices)
    quick = fast.generate(compiler, 2, refresh=False).cycles
    assert fast.generate(other, 2, refresh=False).cycles >= quick


@pytest.mark.parametrize("name", ["pim-gpt", "gddr6-readout"])
def test_a_longer_refresh_takes_longer_by_as_much_as_there_are_refreshes(name: str) -> None:
    device = load_device(name)
    shape = SHAPES["gpt2"]
    quick = fast.generate(Compiler(shape, device), 8)
    longer = device.changed({"timing.rfc": device["timing.rfc"] + 100})
    slow = fast.generate(Compiler(shape, longer), 8)
    undisturbed = fast.generate(Compiler(shape, device), 8, refresh=False).cycles
    assert slow.cycles > quick.cycles > undisturbed
    assert slow.cycles - undisturbed == slow.refreshes * longer.whole("timing.rfc")


@QUIET
@given(compiler=compilers(), tokens=st.integers(1, 3))
def test_what_is_hidden_beneath_rows_is_sent_all_the_same(compiler: Compiler, tokens: int) -> None:
    assume(compiler.geometry.lanes > 0)
    turns, beneath = (
        Compiler(compiler.shape, compiler.device, replace(compiler.choices, overlap=overlap))
        for overlap in (False, True)
    )
    slow, quick = (fast.generate(one, tokens, refresh=False) for one in (turns, beneath))
    for part, work in slow.work.items():
        assert quick.work[part].link_cycles == work.link_cycles
        assert quick.work[part].macs == work.macs
    saved = slow.link_cycles - quick.link_cycles
    assert slow.cycles - quick.cycles == saved >= 0
    # Hidden work ends before the rows above it do, so the link is never asked twice at a time.
    window = expand(beneath, tokens, 0, quick.cycles + 1, refresh=False)
    link = window.name == NAMES.index("LINK")
    ends = (window.cycle + window.duration)[link]
    assert np.all(ends[:-1] <= window.cycle[link][1:]) and ends[-1] <= quick.cycles
