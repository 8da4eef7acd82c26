"""A token's runs, placed in time, against the commands of the same window."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.expand import NAMES, expand
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.schedule import Schedule
from engine.labs.memory_hardware.shapes import Shape
from engine.labs.memory_hardware.walk import AFTER, place_runs


@settings(max_examples=30, deadline=None)
@given(
    device=st.sampled_from(["pim-gpt", "gddr6-readout"]),
    layers=st.integers(1, 3),
    heads=st.sampled_from([1, 2, 4]),
    prompt=st.integers(0, 3),
    tokens=st.integers(1, 6),
    refi=st.integers(1500, 4000),
    layout=st.sampled_from(["row", "column"]),
)
def test_runs_tile_the_token_and_begin_with_their_first_command(
    device: str,
    layers: int,
    heads: int,
    prompt: int,
    tokens: int,
    refi: int,
    layout: Literal["row", "column"],
) -> None:
    shape = Shape("small", layers, 64 * heads, heads, heads, 64, 256 * heads, 1000)
    memory = load_device(device).changed({"timing.refi": refi})
    compiler = Compiler(shape, memory, Choices(key_layout=layout, head=False))
    plan = Schedule(compiler, tokens, prompt=prompt)
    token = prompt + tokens - 1
    placed = place_runs(plan, token)
    begin, end = int(plan.ends[token]), int(plan.ends[-1])
    assert placed[0].start == begin and placed[-1].end == end
    assert all(a.end == b.start for a, b in pairwise(placed))
    commands = expand(compiler, tokens, begin, end, prompt=prompt)
    seen = int((commands.name == NAMES.index("REF")).sum())
    assert sum(one.refreshes for one in placed) == seen
    assert {one.start for one in placed} <= set(commands.cycle.tolist())
    assert [one.layer for one in placed if one.layer == AFTER] == [AFTER]
    assert sorted({one.layer for one in placed}) == [AFTER, *range(layers)]
