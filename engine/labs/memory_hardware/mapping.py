"""Where every number lies: channel, bank, row and column of weights, keys and values.

The compiler's runs are counts of these places; a test compares them bank by bank. Rows are counted
from the first row of their matrix, as each matrix (and the cache of each layer) begins a new row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_hardware.asic import Ints
from engine.labs.memory_hardware.in_banks import Layout
from engine.labs.memory_hardware.over_pins import OverPins
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.slots import at

Cached = Literal["key", "value"]
MOST_PLACES = 50_000_000


@dataclass(frozen=True, eq=False)
class Places:
    """Integers of one shape; ``offset`` counts values from the row's begin, ``column`` columns."""

    channel: np.ndarray
    bank: np.ndarray
    row: np.ndarray
    offset: np.ndarray
    column: np.ndarray


@dataclass(frozen=True)
class Footprint:
    """Rows of the fullest bank: ``used`` of ``rows`` (0: the device does not say)."""

    used: int
    rows: int

    @property
    def fits(self) -> bool | None:
        """Whether the model fits; None where that is not known."""
        return self.used <= self.rows if self.rows else None


def weight_places(compiler: Compiler, d_in: int, d_out: int) -> Places:
    """Places (d_in, d_out) of a matrix; raises BadInput for more than 50 million."""
    if not 1 <= d_in * d_out <= MOST_PLACES:
        raise BadInput("matrix", f"may have 1 to {MOST_PLACES:,} numbers (got {d_in} x {d_out})")
    i, j = np.ogrid[:d_in, :d_out]
    return place_weight(compiler, d_in, i, j)


def place_weight(compiler: Compiler, d_in: int, i: np.ndarray, j: np.ndarray) -> Places:
    """Places of the weights from inputs ``i`` to outputs ``j`` (any shapes that broadcast)."""
    cut, memory = compiler.geometry, compiler.memory
    if isinstance(memory, OverPins):
        number = j * d_in + i
        column = number // cut.column_values
        inside = number % cut.column_values
        return _packed(memory, column % cut.channels, column // cut.channels, inside)
    if memory.layouts.weights == "columns":
        home = j % cut.all_banks
        channel, bank, turn, height, k = *_bank(compiler, home), j // cut.all_banks, d_in, i
    else:
        height = -(-d_in // cut.channels)
        channel, bank, turn, k = i // height, j % cut.banks, j // cut.banks, i % height
    step = turn * -(-height // cut.step) + k // cut.step
    return _in_row(compiler, channel, bank, step, k % cut.step)


def cache_places(compiler: Compiler, kind: Cached, tokens: int, capacity: int = 0) -> Places:
    """Places (tokens, kv_heads, head_dim) of one layer's keys or values.

    ``capacity`` (``tokens`` where it is less) is for how many tokens the rows of a column-major
    cache are kept free.
    """
    s, cut, memory = compiler.shape, compiler.geometry, compiler.memory
    if not 1 <= tokens * s.kv_width <= MOST_PLACES:
        raise BadInput("tokens", f"may have 1 to {MOST_PLACES:,} numbers in all (got {tokens} "
                       f"tokens)")  # fmt: skip
    token, head, d = np.ogrid[:tokens, : s.kv_heads, : s.head_dim]
    number = head * s.head_dim + d
    if isinstance(memory, OverPins):
        column = token // cut.channels * memory.key_columns + number // cut.column_values
        inside = number % cut.column_values
        return _packed(memory, token % cut.channels, column, inside)
    layout: Layout = memory.layouts.key if kind == "key" else memory.layouts.value
    if layout == "row":
        channel, bank = _bank(compiler, token % cut.all_banks)
        head_steps = memory.key_steps // s.kv_heads
        step = token // cut.all_banks * memory.key_steps + head * head_steps + d // cut.step
        return _in_row(compiler, channel, bank, step, d % cut.step)
    channel, bank = _bank(compiler, number % cut.all_banks)
    rows = -(-max(tokens, capacity) // (cut.row_steps * cut.step))
    step = number // cut.all_banks * rows * cut.row_steps + token // cut.step
    return _in_row(compiler, channel, bank, step, token % cut.step)


def footprint(compiler: Compiler, tokens: int) -> Footprint:
    """Rows that weights and the cache of ``tokens`` tokens take; tables of embeddings left out."""
    context = np.array([tokens])
    memory = compiler.memory

    def rows(slots: list) -> int:
        opened = [at(one.rows, 0) for one in slots if one.unit in ("mac", "read")]
        each = memory.stretch_height if isinstance(memory, OverPins) else 1
        return sum(opened) * each

    used = compiler.shape.layers * rows(compiler.layer(context)) + rows(compiler.after())
    return Footprint(used, compiler.geometry.rows)


def _bank(compiler: Compiler, home: Ints) -> tuple[Ints, Ints]:
    """Channel and bank of a number over all banks: neighbours lie in different channels."""
    return home % compiler.channels, home // compiler.channels


def _in_row(compiler: Compiler, channel: Ints, bank: Ints, step: Ints, inside: Ints) -> Places:
    """From the count of steps in a bank to row and column."""
    cut = compiler.geometry
    offset = step % cut.row_steps * cut.step + inside
    return _same_shape(channel, bank, step // cut.row_steps, offset, offset // cut.column_values)


def _packed(memory: OverPins, channel: Ints, column: Ints, inside: Ints) -> Places:
    """From the count of columns in a channel to bank and row, set after set in each stretch."""
    cut, turns = memory.cut, memory.together
    stretch, place = column // memory.stretch, column % memory.stretch
    group, within = place // memory.span, place % memory.span
    number = group * turns + within % turns
    row = stretch * memory.stretch_height + number // cut.banks
    own = within // turns
    return _same_shape(channel, number % cut.banks, row, own * cut.column_values + inside, own)


def _same_shape(*values: Ints) -> Places:
    return Places(*(np.ascontiguousarray(one, np.int32) for one in np.broadcast_arrays(*values)))
