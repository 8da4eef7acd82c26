"""The mapping as a Result: the places of a window of numbers, and the cache laid all four ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.config.mapping import HIGH, WIDE, MappingConfig
from engine.labs.memory_hardware.in_banks import Layout
from engine.labs.memory_hardware.mapping import (
    Cached,
    Places,
    cache_places,
    footprint,
    place_weight,
)
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.rows import run_cycles
from engine.labs.memory_hardware.serving import build_device, choices_of
from engine.labs.memory_hardware.shapes import Shape, load_shape
from engine.labs.memory_hardware.work import work_of

LAYOUTS: tuple[Layout, ...] = ("row", "column")
STEPS = ("K write", "QK", "V write", "SV")
CACHES: dict[str, Cached] = {"keys": "key", "values": "value"}
CONTEXTS = 64


def matrix_shape(shape: Shape, matrix: str, tokens: int) -> tuple[int, int]:
    """Rows and columns: inputs by outputs of a weight, tokens by values of a cache."""
    return {
        "QKV": (shape.width, shape.q_width + 2 * shape.kv_width),
        "projection": (shape.q_width, shape.width),
        "FFN in": (shape.width, shape.inner * (2 if shape.gated else 1)),
        "FFN out": (shape.inner, shape.width),
        "head": (shape.width, shape.vocabulary),
    }.get(matrix, (tokens, shape.kv_width))


def mapping(config: MappingConfig, read: Callable[[str], bytes]) -> Result:
    """channel, bank, row and offset (y, x) of the window; cache_cycles (layout of keys, layout of
    values, step, context) of one layer and one token, with the rows opened, and the columns missed
    and used there.
    """
    shape, device = load_shape(config.model, read), build_device(config)
    choices = choices_of(config)
    compiler = Compiler(shape, device, choices)
    rows, columns = matrix_shape(shape, config.matrix, config.tokens)
    top, left = min(config.top, rows - 1), min(config.left, columns - 1)
    window = _window(compiler, config, top, left, min(HIGH, rows - top), min(WIDE, columns - left))
    contexts = np.unique(np.linspace(1, max(2, config.tokens), CONTEXTS).round().astype(np.int64))
    cycles = np.zeros((2, 2, len(STEPS), len(contexts)), np.int64)
    opened, missed, used = np.zeros((3, 2, 2, len(STEPS)), np.int64)
    for (i, keys), (j, values) in product(enumerate(LAYOUTS), enumerate(LAYOUTS)):
        laid = Compiler(shape, device, replace(choices, key_layout=keys, value_layout=values))
        cycles[i, j], opened[i, j], missed[i, j], used[i, j] = _cache_costs(laid, contexts)
    space = footprint(compiler, config.tokens)
    return Result(
        fields={
            "channel": Field(window.channel, ("y", "x")),
            "bank": Field(window.bank, ("y", "x")),
            "row": Field(window.row, ("y", "x")),
            "offset": Field(window.offset, ("y", "x")),
            "cache_cycles": Field(cycles, ("keys", "values", "step", "context"), "cycles"),
            "opened": Field(opened, ("keys", "values", "step")),
            "missed": Field(missed, ("keys", "values", "step")),
            "used": Field(used, ("keys", "values", "step")),
            "context": Field(contexts, ("context",), "tokens"),
        },
        metrics={
            "rows": rows,
            "columns": columns,
            "top": top,
            "left": left,
            "tck_ns": device["timing.tck_ns"],
            "layers": shape.layers,
            "channels": compiler.channels,
            "banks": compiler.banks,
            "used_rows": space.used,
            "bank_rows": space.rows,
            "own_layouts": bool(compiler.geometry.lanes),
        },
        notes={
            "model": shape.name,
            "device": device.title,
            "matrix": config.matrix,
            "keys": config.key_layout,
            "values": config.value_layout,
        },
    )


def _window(
    compiler: Compiler, config: MappingConfig, top: int, left: int, high: int, wide: int
) -> Places:
    """Places (high, wide) of the numbers from (top, left) on."""
    if config.matrix not in CACHES:
        d_in, _ = matrix_shape(compiler.shape, config.matrix, config.tokens)
        i, j = np.ogrid[top : top + high, left : left + wide]
        return place_weight(compiler, d_in, i, j)
    places = cache_places(compiler, CACHES[config.matrix], top + high, config.tokens)
    flat = (top + high, compiler.shape.kv_width)

    def cut(array: np.ndarray) -> np.ndarray:
        return array.reshape(flat)[top:, left : left + wide]

    return Places(*(cut(getattr(places, name)) for name in
                    ("channel", "bank", "row", "offset", "column")))  # fmt: skip


def _cache_costs(
    compiler: Compiler, contexts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cycles (step, context) of one token in one layer, the link and sums in the ASIC included;
    rows opened, columns that were the first of their bank's row, and all
    columns at the last context, of a channel.
    """
    cycles = np.zeros((len(STEPS), len(contexts)), np.int64)
    opened, missed, used = np.zeros((3, len(STEPS)), np.int64)
    slots = [one for one in compiler.layer(contexts) if one.label in STEPS]
    last = np.zeros(len(contexts), np.int64)
    last[-1] = 1
    for slot in slots:
        step = STEPS.index(slot.label)
        cycles[step] += np.broadcast_to(run_cycles(slot, compiler.timing), len(contexts))
        if not slot.in_memory:
            continue
        work = work_of(slot, compiler.timing, compiler.channels, last)
        opened[step] += work.activates
        missed[step] += work.misses
        used[step] += work.macs + work.reads + work.writes
    return cycles, opened, missed, used
