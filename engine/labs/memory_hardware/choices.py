"""What the widgets of this lab offer."""

from __future__ import annotations

from engine.labs.memory_hardware.device import device_names
from engine.labs.memory_hardware.shapes import SHAPES


def models() -> list[str]:
    """The named shapes."""
    return list(SHAPES)


def devices() -> list[str]:
    """The presets, the lab's own first."""
    return sorted(device_names(), key=lambda name: (name != "pim-gpt", name))
