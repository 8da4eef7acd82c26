"""The map of every number against the runs that the compiler makes: the same rows and columns."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import BadInput
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.mapping import (
    Cached,
    Places,
    cache_places,
    footprint,
    weight_places,
)
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import SHAPES, Shape
from engine.labs.memory_hardware.slots import Run, runs_of
from engine.labs.memory_hardware.stretch import opened_rows
from tests.hardware_programs import compilers

QUIET = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
Bank = tuple[int, int]


def used(compiler: Compiler, places: Places) -> dict[Bank, dict[int, set[int]]]:
    """By (channel, bank) and row the steps that hold a number."""
    found: dict[Bank, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    step = compiler.geometry.step
    columns = (places.channel, places.bank, places.row, places.offset)
    for channel, bank, row, offset in zip(*(one.ravel().tolist() for one in columns), strict=True):
        found[channel, bank][row].add(offset // step)
    return found


def fullest(compiler: Compiler, places: Places) -> list[int]:
    """Steps of each row of the bank that holds most, in the order of its rows."""
    rows = max(
        used(compiler, places).values(), key=lambda bank: sum(len(steps) for steps in bank.values())
    )
    return [len(rows[row]) for row in sorted(rows)]


def by_channel(places: Places) -> tuple[int, int]:
    """Columns and rows of the channel that holds most."""
    names = ("channel", "bank", "row", "column")
    columns = set(zip(*(getattr(places, name).ravel().tolist() for name in names), strict=True))
    rows = {one[:3] for one in columns}
    most = Counter(one[0] for one in columns).most_common(1)[0][0]
    return (
        sum(one[0] == most for one in columns),
        sum(one[0] == most for one in rows),
    )


def spread(runs: list[Run], group: int = 1) -> list[int]:
    return [run.columns // group for run in runs for _ in range(run.rows)]


def check(compiler: Compiler, places: Places, runs: list[Run], group: int = 1) -> None:
    if compiler.geometry.lanes:
        assert sorted(fullest(compiler, places)) == sorted(spread(runs, group))
        return
    columns, rows = by_channel(places)
    assert columns == sum(run.rows * run.columns for run in runs)
    assert rows == sum(run.rows * opened_rows(run.columns, compiler.timing) for run in runs)


@QUIET
@given(compiler=compilers(), d_in=st.integers(1, 90), d_out=st.integers(1, 40))
def test_a_matrix_lies_in_the_rows_and_columns_that_its_product_uses(
    compiler: Compiler, d_in: int, d_out: int
) -> None:
    places = weight_places(compiler, d_in, d_out)
    runs = runs_of(compiler.memory.product("any", d_in, d_out))
    check(compiler, places, [run for run in runs if run.in_memory])
    cut = compiler.geometry
    assert places.offset.max() < cut.row_bytes // 2
    assert places.channel.max() < cut.channels and places.bank.max() < cut.banks
    alone = np.stack([places.channel, places.bank, places.row, places.offset]).reshape(4, -1)
    assert np.unique(alone, axis=1).shape[1] == d_in * d_out


@QUIET
@given(compiler=compilers(), context=st.integers(1, 70), kind=st.sampled_from(["key", "value"]))
def test_a_cache_lies_in_the_rows_and_columns_that_attention_uses(
    compiler: Compiler, context: int, kind: Cached
) -> None:
    places = cache_places(compiler, kind, context)
    label = "QK" if kind == "key" else "SV"
    layer, _ = compiler.token(context)
    runs = [run for run in layer if run.in_memory and run.label == label]
    check(compiler, places, runs, compiler.shape.heads // compiler.shape.kv_heads)
    alone = np.stack([places.channel, places.bank, places.row, places.offset]).reshape(4, -1)
    assert np.unique(alone, axis=1).shape[1] == places.row.size


def written_where_it_lies(compiler: Compiler, context: int, kind: Cached) -> None:
    places = cache_places(compiler, kind, context)
    cut = compiler.geometry
    names = ("channel", "bank", "row", "offset")
    numbers = zip(*(getattr(places, name)[-1].ravel().tolist() for name in names), strict=True)
    # A head fills whole steps, and what fills up its last one is written along.
    own = {
        (channel, bank, row, (offset // cut.step * cut.step + filled) // cut.column_values)
        for channel, bank, row, offset in numbers
        for filled in range(cut.step)
    }
    label = "K write" if kind == "key" else "V write"
    layer, _ = compiler.token(context)
    runs = [run for run in layer if run.label == label]
    if runs[0].bank < 0:
        # All banks are opened; each row takes one column of every bank that a number lies in.
        taken = Counter((row, channel) for channel, _, row in {one[:3] for one in own})
        fullest: dict[int, int] = {}
        for (row, _), banks in taken.items():
            fullest[row] = max(fullest.get(row, 0), banks)
        assert sorted(fullest.values()) == sorted(
            run.columns for run in runs for _ in range(run.rows)
        )
        return
    columns = Counter((channel, bank, row) for channel, bank, row, _ in own)
    found = sorted((channel, bank, count) for (channel, bank, _), count in columns.items())
    assert found == sorted((run.channel, run.bank, run.columns) for run in runs)


@QUIET
@given(compiler=compilers(), context=st.integers(1, 300), kind=st.sampled_from(["key", "value"]))
def test_a_token_is_written_to_where_it_lies(
    compiler: Compiler, context: int, kind: Cached
) -> None:
    written_where_it_lies(compiler, context, kind)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("pim-gpt", {"organisation.row_bytes": 96, "mac.lanes": 4}),
        ("gddr6-ramulator-1v35", {"organisation.row_bytes": 96, "controller.stretch_rows": 3}),
    ],
)
def test_a_token_across_rows_sets_and_stretches_is_written_to_where_it_lies(
    name: str, changes: dict[str, float]
) -> None:
    device = load_device(name).changed(
        {"organisation.channels": 1, "organisation.banks": 4, **changes}
    )
    # 5 steps of 12 in a row; 5 columns of sets of 6 and stretches of 9.
    width = 20 if name == "pim-gpt" else 80
    shape = Shape("any", 1, 8, 2, 1, width, 8, 8)
    compiler = Compiler(shape, device, Choices(value_layout="row"))
    for context in range(1, 60):
        written_where_it_lies(compiler, context, "key")
        written_where_it_lies(compiler, context, "value")


def test_a_key_is_one_bank_s_and_a_value_everybody_s() -> None:
    compiler = Compiler(SHAPES["gpt2"], load_device("pim-gpt"))
    keys, values = (cache_places(compiler, kind, 256) for kind in ("key", "value"))
    own = {(int(c), int(b)) for c, b in zip(keys.channel[7].flat, keys.bank[7].flat, strict=True)}
    assert len(own) == 1
    touched = {
        (int(c), int(b)) for c, b in zip(values.channel[7].flat, values.bank[7].flat, strict=True)
    }
    assert len(touched) == compiler.all_banks


def test_a_model_that_is_too_large_for_its_memory_is_seen() -> None:
    small = footprint(Compiler(SHAPES["gpt2"], load_device("pim-gpt")), 1024)
    large = footprint(Compiler(SHAPES["gpt3-xl"], load_device("pim-gpt")), 8192)
    assert small.fits and large.used > small.used
    shrunk = load_device("pim-gpt").changed({"organisation.rows": small.used - 1})
    assert footprint(Compiler(SHAPES["gpt2"], shrunk), 1024).fits is False
    # 124 million weights of 2 bytes in 128 banks of 2 KB rows, and 38 MB of cache.
    bound = (SHAPES["gpt2"].weights * 2 + 2 * 1024 * 768 * 12 * 2) / 128 / 2048
    assert bound <= small.used < 1.3 * bound


def test_partial_sums_trade_what_goes_in_for_what_comes_back() -> None:
    device = load_device("pim-gpt")
    columns, rows = (
        runs_of(
            Compiler(SHAPES["gpt2-xl"], device, Choices(weights=how)).memory.product(
                "x", 1600, 6400
            )
        )
        for how in ("columns", "rows")
    )
    link = [[run.columns for run in one if run.unit == "link"] for one in (columns, rows)]
    assert link[1][0] < link[0][0] and link[1][1] > link[0][1]


def test_a_map_that_is_too_large_is_refused() -> None:
    compiler = Compiler(SHAPES["gpt2"], load_device("pim-gpt"))
    with pytest.raises(BadInput, match="50,000,000"):
        weight_places(compiler, 100_000, 100_000)
