"""The memory engine: commands a second against a per-command loop, and times against their limits.

python -m benchmarks.hardware
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from heapq import heappop, heappush
from statistics import median

from engine.labs.memory_hardware import fast, reference
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.expand import expand
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.shapes import SHAPES
from engine.labs.memory_hardware.sweep import sweep

TOKENS = 1024
FEW = 2  # tokens of the smallest model, for what goes command by command
EIGHT = [shape for name, shape in SHAPES.items() if name.startswith("gpt")]


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """CPU seconds: the median of several runs."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return median(found)


def commands(totals: fast.Totals) -> int:
    """ACT, columns, PRE and REF of a channel."""
    return 2 * totals.activates + totals.macs + totals.reads + totals.writes + totals.refreshes


def event_loop(compiler: Compiler, tokens: int) -> int:
    """A plain event loop: each command is an event in a heap and makes the next one.

    Without refresh; returns the cycle at which the last run is over.
    """
    t = compiler.timing
    wait = {"mac": (t["rcd_mac"], t["rtp"]), "write": (t["rcd_wr"], t["cwl"] + t["bl"] + t["wr"])}
    runs = list(reference.all_runs(compiler, tokens))
    heap: list[tuple[int, int, str, int, int]] = [(0, 0, "ACT", 0, 0)]  # cycle, run, what, row, n
    opened = cycle = 0
    while heap:
        cycle, number, name, row, n = heappop(heap)
        if number == len(runs):
            break
        run = runs[number]
        if not run.in_memory:
            heappush(heap, (cycle + run.columns, number + 1, "ACT", 0, 0))
        elif name == "ACT":
            opened = cycle
            heappush(heap, (cycle + wait[run.unit][0], number, "column", row, 1))
        elif name == "column" and n < run.columns:
            heappush(heap, (cycle + t["ccd"], number, "column", row, n + 1))
        elif name == "column":
            close = max(cycle + wait[run.unit][1], opened + t["ras"])
            heappush(heap, (close, number, "PRE", row, 0))
        else:
            last = row + 1 == run.rows
            heappush(heap, (cycle + t["rp"], number + last, "ACT", 0 if last else row + 1, 0))
    return cycle


def rows() -> list[dict[str, object]]:
    """Rates as ratios, times against their limits."""
    device = load_device("pim-gpt")
    small, large = Compiler(SHAPES["gpt2"], device), Compiler(SHAPES["gpt2-xl"], device)
    plain = fast.generate(small, FEW, refresh=False)
    assert event_loop(small, FEW) == plain.cycles
    loop = commands(plain) / seconds(lambda: event_loop(small, FEW))
    obvious = commands(plain) / seconds(lambda: reference.simulate(small, FEW, refresh=False))
    whole = fast.generate(large, TOKENS)
    spent = seconds(lambda: fast.generate(large, TOKENS))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    late = int(whole.token_end[1000])
    window = _window(large, late)
    expanded = seconds(lambda: expand(large, TOKENS, late, late + window))
    values = [8, 10, 12, 14, 18]
    swept = seconds(lambda: sweep(device, EIGHT, "timing.rp", values, TOKENS), 1)
    return [
        _row("commands a second, reference against an event loop", obvious, loop, "1/s"),
        _row("commands a second, fast engine against an event loop", commands(whole) / spent, loop,
             "1/s"),
        _row(f"GPT2-XL, {TOKENS} tokens, against the limit", spent, 5.0, "s", limit=True),
        _row("memory of the process by then, against the limit", held, 500.0, "MB",
             limit=True),
        _row("20,000 commands at token 1,000 of GPT2-XL, against the limit", expanded, 0.3, "s",
             limit=True),
        _row(f"sweep of 8 models by 5 values, {TOKENS} tokens, against the limit", swept, 20.0,
             "s", limit=True),
    ]  # fmt: skip


def _window(compiler: Compiler, first: int) -> int:
    """Cycles that hold 20,000 commands from ``first`` on."""
    width = 20_000
    while len(expand(compiler, TOKENS, first, first + width)) < 20_000:
        width += 2_000
    return width


def _row(
    what: str, ours: float, other: float, unit: str, *, limit: bool = False
) -> dict[str, object]:
    row: dict[str, object] = {"what": what, "ours": ours, "unit": unit, "ratio": ours / other}
    row["limit" if limit else "peer"] = other
    return row


if __name__ == "__main__":
    for row in rows():
        other = row.get("limit", row.get("peer"))
        print(f"{row['what']:<72} {row['ours']:>10.4g} {other:>10.4g} {row['ratio']:>12.4g}")
