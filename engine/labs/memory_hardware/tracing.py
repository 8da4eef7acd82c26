"""A trace as a Result: every command with what bound it, and how long all took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from engine.core.result import Field, Result
from engine.io.text import read_text
from engine.labs.memory_hardware.config.trace import OWN_DEVICE, TRACE_BYTES, TraceConfig
from engine.labs.memory_hardware.device import Device, load_device, parse_changes
from engine.labs.memory_hardware.trace.issued import ARRIVAL, TURN, Issued
from engine.labs.memory_hardware.trace.known import reported
from engine.labs.memory_hardware.trace.lines import FIELD, Dialect, guess_dialect
from engine.labs.memory_hardware.trace.replay import DEVICES, Progress, Replay, check_device, replay
from engine.labs.memory_hardware.trace.samples import SAMPLES, sample_path

Read = Callable[[str], bytes]
COLUMN_ACCESSES = frozenset(
    {"RD", "WR", "MAC", "MAC16", "AF16", "EWMUL16", "RDCP", "WRCP", "WRA16"}
)


class Asked(NamedTuple):
    """What a config asks for, read: the text, its language, and the device."""

    text: str
    dialect: Dialect
    device: Device


def tracing(
    config: TraceConfig, read: Read, progress: Progress = lambda done, total: None
) -> Result:
    """Fields by command in order of time; ``read`` gives the bytes of an "input:" address.

    Raises BadInput naming the line of the trace, or the constant of the device.
    """
    asked = ask(config, read)
    return summarise(replay(*asked, progress), config, asked.text)


def ask(config: TraceConfig, read: Read) -> Asked:
    """The trace of a config with its language and device; raises BadInput."""
    if config.trace in SAMPLES:
        text = read_text(sample_path(config.trace), limit=TRACE_BYTES, field=FIELD)
    else:
        text = read_text(read(config.trace), limit=TRACE_BYTES, field=FIELD)
    dialect = guess_dialect(text) if config.dialect == "guess" else config.dialect
    name = DEVICES[dialect] if config.trace_device == OWN_DEVICE else config.trace_device
    device = load_device(name).changed(parse_changes(config.trace_change))
    check_device(dialect, device)
    return Asked(text, dialect, device)


def check_trace(config: TraceConfig, read: Read) -> None:
    """Raise BadInput where a trace cannot be read to its end; nothing is run."""
    from engine.labs.memory_hardware.trace.dramsim3 import check_length
    from engine.labs.memory_hardware.trace.instructions import parse_aim
    from engine.labs.memory_hardware.trace.requests import parse_dramsim3

    text, dialect, device = ask(config, read)
    if dialect == "aim":
        parse_aim(text)
    else:
        check_length(parse_dramsim3(text), device.cycles())


def summarise(run: Replay, config: TraceConfig, text: str) -> Result:
    """What the views show of a replay.

    ``name`` and ``because`` (commands,) are positions in the notes of the same names; ``channel``
    is the first of those that did the same; ``bank`` -1 is all banks, ``since`` -1 no command.
    ``hit``: 1 for a column of a row that was used before, 0 for the first since it was opened, -1
    for what reads or writes no column.
    """
    logs = [(members[0], one) for members, log in run.channels for one in log]
    logs.sort(key=lambda entry: entry[1].cycle)
    issued = [one for _, one in logs]
    names = _order([one.command for one in issued])
    reasons = _order([one.because for one in issued], first=(ARRIVAL, TURN))
    known = reported(text)
    energy = run.energy_pj
    return Result(
        fields={
            "cycle": _column(issued, "cycle", np.int64, "cycles"),
            "name": Field(_codes([one.command for one in issued], names), ("command",)),
            "channel": Field(np.array([channel for channel, _ in logs], np.uint8), ("command",)),
            "bank": _column(issued, "bank", np.int8),
            "row": _column(issued, "row", np.int32),
            "because": Field(_codes([one.because for one in issued], reasons), ("command",)),
            "since": _column(issued, "since", np.int64, "cycles"),
            "line": _column(issued, "line", np.int32),
            "hit": Field(_hits(logs, run.device.whole("organisation.banks")), ("command",)),
            "latency": Field(np.array(run.latencies, np.int64), ("read",), "cycles"),
        },
        metrics={
            "cycles": run.cycles,
            "ns": run.ns,
            "tck_ns": run.device["timing.tck_ns"],
            "commands": len(issued),
            "unwritten": run.unwritten,
            "energy_pj": None if energy is None else sum(energy.values()),
            "reference_cycles": known.cycles if known else config.reference_cycles or None,
        },
        notes={
            "trace": config.trace if config.trace in SAMPLES else "your own trace",
            "dialect": run.dialect,
            "device": run.device.title,
            "changed": sorted(
                name for name, one in run.device.constants.items() if one.source == "changed"
            ),
            "names": names,
            "reasons": reasons,
            "banks": run.device.whole("organisation.banks"),
            "channels": [list(members) for members, _ in run.channels],
            "timing": run.device.cycles(),
            "energy_pj": energy,
            "reference": known.source if known else "as typed" if config.reference_cycles else None,
        },
    )


def _hits(logs: Sequence[tuple[int, Issued]], banks: int) -> np.ndarray:
    found = np.full(len(logs), -1, np.int8)
    used: dict[int, list[bool]] = {}
    for i, (channel, one) in enumerate(logs):
        rows = used.setdefault(channel, [False] * banks)
        places = range(banks) if one.bank < 0 else (one.bank,)
        if one.command in COLUMN_ACCESSES:
            found[i] = all(rows[place] for place in places)
        elif one.command not in ("ACT", "ACT16"):
            continue
        for place in places:
            rows[place] = one.command in COLUMN_ACCESSES
    return found


def _order(words: Sequence[str], first: Sequence[str] = ()) -> list[str]:
    return list(dict.fromkeys((*first, *sorted(set(words)))))


def _codes(words: Sequence[str], order: Sequence[str]) -> np.ndarray:
    place = {word: i for i, word in enumerate(order)}
    return np.array([place[word] for word in words], np.uint8)


def _column(issued: Sequence[Issued], name: str, dtype: type, unit: str = "1") -> Field:
    return Field(np.array([getattr(one, name) for one in issued], dtype), ("command",), unit)
