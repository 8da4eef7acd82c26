"""From the settings of an experiment to a compiler."""

from __future__ import annotations

from collections.abc import Callable

from engine.labs.memory_hardware.config import Machine, Served
from engine.labs.memory_hardware.device import Device, load_device, parse_changes
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import load_shape


def build_device(config: Machine) -> Device:
    """The preset with the changed constants."""
    return load_device(config.device).changed(parse_changes(config.change))


def build_compiler(config: Served, read: Callable[[str], bytes]) -> Compiler:
    """The model on the device; ``read`` gives the bytes of an "input:" address."""
    choices = Choices(config.key_layout, config.value_layout, config.head)
    return Compiler(load_shape(config.model, read), build_device(config), choices)
