"""What the selective scan costs: ratios against the plain loop and an attention layer.

python -m benchmarks.scan

One thread, CPU seconds, medians, float32, one sequence of 256 channels and 16 states. The
attention layer of the same width makes queries, keys and values, attends causally with heads of
32 and mixes its output; the scan is the recurrence alone, as in the figures it is held to.
"""

from __future__ import annotations

import math
import time
from statistics import median
from typing import Any

import torch

from benchmarks.retrieval import row
from engine.labs.motion.race.contestants import Call, Sizes, build_call, chosen_backend

WIDTH, STATES = 256, 16
LENGTH = 2048
LENGTHS = (512, 1024, 2048, 4096)
REPEATS = 5


def call(name: str, length: int) -> Call:
    """A back end of the scan or the attention layer at that length."""
    return build_call(name, Sizes(1, length, WIDTH, STATES))


def seconds(made: Call, *, backward: bool, repeats: int = REPEATS) -> float:
    """Median CPU seconds of a call, after one that is not counted."""

    def once() -> float:
        start = time.process_time()
        with torch.set_grad_enabled(backward):
            y = made.run()
            if backward:
                torch.autograd.grad(y.sum(), made.leaves)
        return time.process_time() - start

    once()
    return median(once() for _ in range(repeats))


def slope(backend: str, *, backward: bool) -> float:
    """The exponent of cost in length, fitted on logarithms: 1 is linear, 2 quadratic."""
    x = [math.log(length) for length in LENGTHS]
    y = [math.log(seconds(call(backend, length), backward=backward)) for length in LENGTHS]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    over = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return over / sum((a - mean_x) ** 2 for a in x)


def rows() -> list[dict[str, Any]]:
    """The chosen back ends against the loop, attention and linear growth."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _rows()
    finally:
        torch.set_num_threads(threads)


def _rows() -> list[dict[str, Any]]:
    chosen = chosen_backend()
    table = []
    for backward, name in ((False, "forward"), (True, "forward and backward")):
        loop = seconds(call("loop", LENGTH), backward=backward)
        layer = seconds(call("attention", LENGTH), backward=backward)
        for backend, kind in ((chosen, "S6"), ("ssd", "SSD")):
            ours = seconds(call(backend, LENGTH), backward=backward)
            # The bar is for what is chosen; SSD in torch is what is left without a compiler.
            bar = 5 if backend == chosen else None
            what = f"{kind} by {backend}, {name}, length {LENGTH}"
            table += [
                faster(f"{what}; loop over it", loop, ours, bar),
                faster(f"{what}; attention over it", layer, ours, bar),
            ]
    for backend in (chosen, "ssd"):
        grows = slope(backend, backward=True)
        table.append(row(f"exponent of cost in length, {backend}", grows, 1.2, "", most=True))
    return table


def faster(what: str, peer: float, ours: float, bar: int | None) -> dict[str, Any]:
    """How many times as long the peer takes."""
    return {
        "what": what,
        "ours": 1e3 * ours,
        "peer": 1e3 * peer,
        "ratio": peer / ours,
        "target": None if bar is None else f"at least {bar}",
        "unit": "CPU ms",
    }


if __name__ == "__main__":
    from benchmarks.__main__ import line

    for entry in rows():
        print(line(entry))
