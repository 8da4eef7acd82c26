"""Changes of PIM-GPT whose effect was estimated in closed form, beside what the engine finds.

The estimates are derived, not the paper's: closed forms without overlap, for GPT3-XL and 1,024
tokens.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.config import EstimateConfig
from engine.labs.memory_hardware.device import load_device, parse_changes
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import SHAPES

MODEL, DEVICE = "gpt3-xl", "pim-gpt"
ESTIMATES = (
    ("ASIC at 0.5 GHz", "asic.clock_ghz=0.5", 1.04),
    ("ASIC at 0.2 GHz", "asic.clock_ghz=0.2", 1.16),
    ("ASIC at 0.1 GHz", "asic.clock_ghz=0.1", 1.36),
    ("pins at 1/2", "link.gb_per_s=16", 1.05),
    ("pins at 1/4", "link.gb_per_s=8", 1.14),
    ("pins at 1/8", "link.gb_per_s=4", 1.33),
    ("32 lanes of a MAC unit", "mac.lanes=32", 0.675),
    ("64 lanes of a MAC unit", "mac.lanes=64", 0.516),
    ("tRCD and tRP 18 ns", "timing.rcd_mac=18 timing.rcd_wr=18 timing.rp=18", 1.13),
)
"""What is changed, how, and the time relative to the unchanged memory as derived."""


def estimate(
    config: EstimateConfig,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """Relative time by change: ``derived`` and ``here`` (change,)."""
    device = load_device(DEVICE)

    def total(change: str) -> int:
        compiler = Compiler(
            SHAPES[MODEL], device.changed(parse_changes(change)), Choices(head=config.head)
        )
        return generate(compiler, config.tokens).cycles

    base = total("")
    here: list[float] = []
    for _, change, _ in ESTIMATES:
        here.append(total(change) / base)
        progress(len(here), len(ESTIMATES))
    derived = np.array([value for *_, value in ESTIMATES])
    return Result(
        fields={
            "derived": Field(derived, ("change",)),
            "here": Field(np.array(here), ("change",)),
        },
        metrics={"furthest": float(np.abs(np.array(here) / derived - 1).max())},
        notes={
            "names": [name for name, *_ in ESTIMATES],
            "model": MODEL,
            "device": device.title,
            "head": config.head,
        },
    )
