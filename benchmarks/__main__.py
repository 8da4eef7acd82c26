"""``make bench``: one table of ratios, ours against a peer or a limit measured in the same run."""

from __future__ import annotations

import importlib
import sys

PARTS = (
    "formats",
    "evaluate",
    "cache",
    "retrieval",
    "memory",
    "growth",
    "hardware",
    "scan",
    "diffusion",
    "cluster",
)


def line(row: dict[str, object]) -> str:
    """One row: what, ours, the other figure, the ratio, and the target where there is one."""
    other = row.get("limit", row.get("peer"))
    target = row.get("target")
    aim = "" if target is None else f"  (target {target})"
    ours, ratio = row["ours"], row["ratio"]
    return f"{row['what']!s:<72} {ours:>10.4g} {other:>10.4g} {ratio:>8.3f}  {row['unit']}{aim}"


def main(names: list[str]) -> None:
    """Print the named parts, or all."""
    print(f"{'what':<72} {'ours':>10} {'other':>10} {'ratio':>8}  unit")
    for name in names or PARTS:
        for row in importlib.import_module(f"benchmarks.{name}").rows():
            print(line(row), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
