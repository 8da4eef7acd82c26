"""What the widgets of this lab offer."""

from __future__ import annotations

from engine.labs.memory_hardware.device import Device, device_names, load_device
from engine.labs.memory_hardware.offload.presets import node_names
from engine.labs.memory_hardware.shapes import SHAPES

# How much fits and what it costs, not how long it takes.
TIMELESS = ("currents.", "organisation.rows", "organisation.devices", "buffer.bytes",
            "mac.power_mw", "asic.power_mw", "link.pj_per_bit")  # fmt: skip


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
    return [name for name in device.constants if not name.startswith(TIMELESS)]


def nodes() -> list[str]:
    """The nodes of optimizer offload, the best measured first."""
    return sorted(node_names(), key=lambda name: (name != "h100", name))
