"""A token's runs, placed in time, against the commands of the same window."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.expand import NAMES, expand
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import SHAPES, Shape
from engine.labs.memory_hardware.walk import clock_at, place_runs


@settings(max_examples=25, deadline=None)
@given(
    layers=st.integers(1, 3),
    heads=st.sampled_from([1, 2, 4]),
    tokens=st.integers(1, 6),
    refi=st.integers(500, 4000),
    column=st.booleans(),
)
def test_runs_tile_the_token_and_begin_with_their_first_command(
    layers: int, heads: int, tokens: int, refi: int, column: bool
) -> None:
    shape = Shape("small", layers, 64 * heads, heads, heads, 64, 256 * heads, 1000)
    device = load_device("pim-gpt").changed({"timing.refi": refi})
    layout = "column" if column else "row"
    compiler = Compiler(shape, device, Choices(key_layout=layout, head=False))
    totals = generate(compiler, tokens)
    t = device.cycles()
    token = tokens - 1
    clock = clock_at(token, totals.token_end, totals.token_refreshes, t)
    begin = clock.now
    placed = place_runs(compiler, token + 1, clock)
    assert placed[0].start == begin and placed[-1].end == totals.cycles == clock.now
    assert all(a.end == b.start for a, b in itertools.pairwise(placed))
    commands = expand(compiler, tokens, begin, totals.cycles)
    refreshes = int((commands.name == NAMES.index("REF")).sum())
    assert sum(one.refreshes for one in placed) == refreshes
    cycles = set(commands.cycle.tolist())
    for one in placed:
        assert one.start in cycles
        assert one.layer == (-1 if one.number >= len(placed) - 1 else one.number // (
            (len(placed) - 1) // layers))  # fmt: skip


@pytest.mark.parametrize("token", [0, 1, 63])
def test_the_clock_between_tokens_does_not_depend_on_where_one_starts(token: int) -> None:
    compiler = Compiler(SHAPES["gpt2"], load_device("pim-gpt"))
    totals = generate(compiler, 64)
    t = compiler.device.cycles()
    clock = clock_at(token, totals.token_end, totals.token_refreshes, t)
    place_runs(compiler, token + 1, clock)
    assert clock.now == totals.token_end[token]
    assert clock.due == t["refi"] * (1 + int(np.asarray(totals.token_refreshes)[token]))
