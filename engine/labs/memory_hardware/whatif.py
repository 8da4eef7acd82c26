"""The same tokens on two memories: totals, and what each part takes on both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.config import WhatIfConfig
from engine.labs.memory_hardware.energy import energy
from engine.labs.memory_hardware.fast import Totals, generate
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.roofline import roofs
from engine.labs.memory_hardware.serving import compiler_on

SIDES = ("A", "B")
REFRESH = ("refresh", "refresh")


def whatif(
    config: WhatIfConfig,
    read: Callable[[str], bytes],
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """part_ns (side, part), token_end in cycles and token_refreshes (side, token)."""
    compilers = [compiler_on(config, one, read) for one in (config.first, config.second)]
    totals: list[Totals] = []
    for compiler in compilers:
        totals.append(generate(compiler, config.tokens, start=config.start, prompt=config.prompt))
        progress(len(totals), len(SIDES))
    cycles = [
        {**one.by_label, REFRESH: _refresh(one, at)}
        for one, at in zip(totals, compilers, strict=True)
    ]
    parts = list(dict.fromkeys(part for one in cycles for part in one if part != REFRESH))
    parts.append(REFRESH)
    tck = [compiler.device["timing.tck_ns"] for compiler in compilers]
    part_ns = [
        [one.get(part, 0) * ns for part in parts] for one, ns in zip(cycles, tck, strict=True)
    ]
    whole = [one.cycles * ns for one, ns in zip(totals, tck, strict=True)]
    tokens = config.prompt + config.tokens
    return Result(
        fields={
            "part_ns": Field(np.array(part_ns), ("side", "part"), "ns"),
            "token_end": Field(np.stack([one.token_end for one in totals]), ("side", "token"),
                               "cycles"),
            "token_refreshes": Field(np.stack([one.token_refreshes for one in totals]),
                                     ("side", "token")),
            "tck_ns": Field(np.array(tck), ("side",), "ns"),
            "total_ns": Field(np.array(whole), ("side",), "ns"),
        },
        metrics={
            "ratio": whole[1] / whole[0],
            "per_token_ns_a": whole[0] / tokens,
            "per_token_ns_b": whole[1] / tokens,
            "per_token_pj_a": _energy(compilers[0], totals[0], tokens),
            "per_token_pj_b": _energy(compilers[1], totals[1], tokens),
        },
        notes={
            "model": compilers[0].shape.name,
            "devices": [compiler.device.title for compiler in compilers],
            "builds": [_build(compiler) for compiler in compilers],
            "changes": [config.change, config.other_change],
            "parts": [label for label, _ in parts],
            "units": [unit for _, unit in parts],
            "assumed": [
                compiler.device.assumed
                for compiler in compilers
            ],
        },
    )  # fmt: skip


def _energy(compiler: Compiler, totals: Totals, tokens: int) -> float | None:
    """Picojoule a token; None where the currents are not known."""
    whole = energy(compiler, totals).total_pj
    return None if whole is None else whole / tokens


def _refresh(totals: Totals, compiler: Compiler) -> int:
    return totals.refreshes * int(compiler.device.section("timing").get("rfc", 0))


def _build(compiler: Compiler) -> str:
    """What a memory can do at most: two may differ in size, not only in speed."""
    roof, cut = roofs(compiler), compiler.geometry
    if not cut.lanes:
        return f"{cut.channels} channels, {roof.pins:,.0f} GB/s over the pins"
    return f"{cut.all_banks} banks multiply, {roof.macs:,.0f} GFLOP/s at most"
