"""What the widgets of this lab offer."""

from __future__ import annotations

from engine.labs.memory_hardware.device import Device, device_names, load_device
from engine.labs.memory_hardware.offload.presets import node_names
from engine.labs.memory_hardware.shapes import SHAPES
from engine.labs.memory_hardware.trace.replay import DEVICES
from engine.labs.memory_hardware.trace.samples import SAMPLES

# What something costs, not how long it takes; and how much fits, which is neither.
COSTS = ("currents.", "organisation.devices", "mac.power_mw", "asic.power_mw",
         "link.pj_per_bit")  # fmt: skip
SIZES = ("organisation.rows", "buffer.bytes")


def models() -> list[str]:
    """The named shapes."""
    return list(SHAPES)


def devices() -> list[str]:
    """The presets, the lab's own first."""
    return sorted(device_names(), key=lambda name: (name != "pim-gpt", name))


def constants() -> list[str]:
    """The constants of the lab's own preset that time can depend on."""
    return timed(load_device("pim-gpt"))


def timed(device: Device) -> list[str]:
    """The constants of a device that time can depend on."""
    return [name for name in varied(device) if not name.startswith(COSTS)]


def varied(device: Device) -> list[str]:
    """The constants of a device that time or energy can depend on."""
    return [name for name in device.constants if name not in SIZES]


def nodes() -> list[str]:
    """The nodes of optimizer offload, the best measured first."""
    return sorted(node_names(), key=lambda name: (name != "h100", name))


def traces() -> list[str]:
    """The shipped traces."""
    return list(SAMPLES)


def trace_devices() -> list[str]:
    """The simulator's own, and the devices on which its traces run."""
    return ["simulator", *DEVICES.values()]
