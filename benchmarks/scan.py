"""What the selective scan costs: ratios against the plain loop and an attention layer.

python -m benchmarks.scan

One thread, CPU seconds, medians, float32, one sequence of 256 channels and 16 states. The
attention layer of the same width makes queries, keys and values, attends causally with heads of
32 and mixes its output; the scan is the recurrence alone, as in the figures it is held to.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from benchmarks.retrieval import row
from engine.models.ssm import choose_backend, selective_scan

WIDTH, STATES, HEAD = 256, 16, 32
LENGTH = 2048
LENGTHS = (512, 1024, 2048, 4096)
REPEATS = 5


class Attention(nn.Module):
    """Queries, keys, values and output of one width."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.into(x).unflatten(-1, (3, WIDTH // HEAD, HEAD)).permute(2, 0, 3, 1, 4)
        y = scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).flatten(2))


def scan(length: int, backend: str) -> tuple[Callable[[], Tensor], list[Tensor]]:
    """A call of the scan and the tensors that gradients are asked for."""
    torch.manual_seed(0)
    heads = WIDTH // HEAD if backend == "ssd" else 0
    A = -(1 + 15 * torch.rand(heads)) if heads else -(1 + 15 * torch.rand(WIDTH, STATES))
    dt = 0.1 * torch.rand(1, length, heads or WIDTH)
    B, C = torch.randn(2, 1, length, STATES)
    inputs = [torch.randn(1, length, WIDTH), dt, A, B, C, torch.randn(WIDTH)]
    leaves = [tensor.detach().requires_grad_() for tensor in inputs]
    return lambda: selective_scan(*leaves, backend=backend), leaves


def attention(length: int) -> tuple[Callable[[], Tensor], list[Tensor]]:
    torch.manual_seed(0)
    layer, x = Attention(), torch.randn(1, length, WIDTH, requires_grad=True)
    return lambda: layer(x), [x, *layer.parameters()]


def seconds(
    made: tuple[Callable[[], Tensor], list[Tensor]], *, backward: bool, repeats: int = REPEATS
) -> float:
    """Median CPU seconds of a call, after one that is not counted."""
    run, leaves = made

    def once() -> float:
        start = time.process_time()
        with torch.set_grad_enabled(backward):
            y = run()
            if backward:
                torch.autograd.grad(y.sum(), leaves)
        return time.process_time() - start

    once()
    return median(once() for _ in range(repeats))


def slope(backend: str, *, backward: bool) -> float:
    """The exponent of cost in length, fitted on logarithms: 1 is linear, 2 quadratic."""
    x = [math.log(length) for length in LENGTHS]
    y = [math.log(seconds(scan(length, backend), backward=backward)) for length in LENGTHS]
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
    chosen = choose_backend(False, torch.zeros(1))
    table = []
    for backward, name in ((False, "forward"), (True, "forward and backward")):
        loop = seconds(scan(LENGTH, "loop"), backward=backward)
        layer = seconds(attention(LENGTH), backward=backward)
        for backend, kind in ((chosen, "S6"), ("ssd", "SSD")):
            ours = seconds(scan(LENGTH, backend), backward=backward)
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
