"""Fake quantisation of a 16 MiB float32 tensor, as a share of the rate of a plain copy.

One thread, CPU time of this thread (so a busy machine does not count), medians; the copy is
measured between the runs of each row and goes into memory that is already there. The allocator is
told to keep freed memory, so that results too land in memory the process already has: otherwise
page faults, which cost several copies, decide at random.

    python -m benchmarks.formats
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from engine.labs.kv_cache.formats import parse_format
from engine.labs.kv_cache.formats.fast import has_compiler

TOKENS, WIDTH, HEAD_DIM = 4096, 1024, 128
RUNS = 15

EAGER = (
    ("bfp12:b32", 0.12),
    ("bfp12:b128", None),
    ("bfp16:b64", None),
    ("mxint8", None),
    ("mxfp8-e4m3", None),
    ("mxfp8-e5m2", None),
    ("mxfp6-e2m3", None),
    ("mxfp6-e3m2", None),
    ("mxfp4", None),
    ("fp8-e4m3", None),
    ("int4:token:head", None),
    ("int4:token", None),
    ("int4:channel:g32", None),
    ("int8:token:sym", None),
    ("nvfp4", None),
    ("q8_0", None),
)
COMPILED = (("bfp12:b32", 0.45), ("bfp12:b128", None), ("mxfp8-e4m3", None), ("mxfp4", None))


def _keep_freed_memory() -> None:
    """glibc only: serve 16 MiB blocks from the heap and do not return them to the system."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD


def rows() -> list[dict[str, Any]]:
    """Rows of the table: what, ours, limit (the copy), ratio, target or None. Rates in GB/s."""
    threads, choice = torch.get_num_threads(), os.environ.get("ENGRAM_COMPILE")
    torch.set_num_threads(1)
    _keep_freed_memory()
    try:
        return _rows()
    finally:
        torch.set_num_threads(threads)
        if choice is None:
            os.environ.pop("ENGRAM_COMPILE", None)
        else:
            os.environ["ENGRAM_COMPILE"] = choice


def _rows() -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(TOKENS, WIDTH, generator=generator)
    os.environ["ENGRAM_COMPILE"] = "0"
    table = [_row(name, "eager", x, target) for name, target in EAGER]
    block = next(row for row in table if row["what"].startswith("bfp12:b32"))["ratio"]
    for row in table:
        if row["what"].startswith("mx"):
            row["target"] = round(block / 2, 3)
    if has_compiler():
        os.environ["ENGRAM_COMPILE"] = "1"
        table += [_row(name, "compiled", x, target) for name, target in COMPILED]
    return table


def _row(name: str, how: str, x: torch.Tensor, target: float | None) -> dict[str, Any]:
    chosen = parse_format(name)
    ours, copy = _alternate(lambda: chosen.fake_quantize(x, head_dim=HEAD_DIM), x)
    rate = x.numel() * 4 / 1e9
    return {
        "what": f"{name} {how}, 16 MiB fp32",
        "ours": round(rate / ours, 3),
        "limit": round(rate / copy, 3),
        "ratio": round(copy / ours, 3),
        "target": target,
        "unit": "GB/s per thread (limit: copy)",
    }


def _alternate(call: Callable[[], torch.Tensor], x: torch.Tensor) -> tuple[float, float]:
    """Median CPU seconds of the call and of a copy, taken in turns."""
    target = torch.empty_like(x)
    call()
    target.copy_(x)
    ours, copies = [], []
    for _ in range(RUNS):
        start = time.thread_time()
        call()
        middle = time.thread_time()
        target.copy_(x)
        ours.append(middle - start)
        copies.append(time.thread_time() - middle)
    return statistics.median(ours), statistics.median(copies)


def main() -> None:
    """Print the table."""
    print(f"{'what':40} {'ours GB/s':>10} {'copy GB/s':>10} {'ratio':>7} {'target':>7}")
    for row in rows():
        target = "" if row["target"] is None else f"{row['target']:.3f}"
        print(
            f"{row['what']:40} {row['ours']:10.2f} {row['limit']:10.2f} {row['ratio']:7.3f} "
            f"{target:>7}"
        )


if __name__ == "__main__":
    main()
