"""What the widgets of this lab offer."""

from __future__ import annotations

from engine.labs.memory_hardware.device import device_names
from engine.labs.memory_hardware.shapes import SHAPES
from engine.labs.memory_hardware.trace.replay import DEVICES
from engine.labs.memory_hardware.trace.samples import SAMPLES


def models() -> list[str]:
    """The named shapes."""
    return list(SHAPES)


def devices() -> list[str]:
    """The presets, the lab's own first."""
    return sorted(device_names(), key=lambda name: (name != "pim-gpt", name))


def traces() -> list[str]:
    """The shipped traces."""
    return list(SAMPLES)


def trace_devices() -> list[str]:
    """The simulator's own, and the devices on which its traces run."""
    return ["simulator", *DEVICES.values()]
