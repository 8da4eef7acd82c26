"""From the settings of an experiment to a compiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.labs.memory_hardware.config import LaidOut, Machine, Served
from engine.labs.memory_hardware.device import Device, load_device, parse_changes
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.shapes import load_shape


def build_device(config: Machine) -> Device:
    """The preset with the changed constants."""
    return load_device(config.device).changed(parse_changes(config.change))


def build_compiler(config: Served, read: Callable[[str], bytes]) -> Compiler:
    """The model on the device; ``read`` gives the bytes of an "input:" address."""
    return compiler_on(config, config, read)


def compiler_on(config: Served, machine: Machine, read: Callable[[str], bytes]) -> Compiler:
    """The model of ``config`` on another memory."""
    return Compiler(load_shape(config.model, read), build_device(machine), choices_of(config))


def choices_of(config: LaidOut) -> Choices:
    """How the model is laid out, and what is left out."""
    laid = Choices(config.key_layout, config.value_layout, config.head, config.weights)
    if isinstance(config, Served):
        return replace(laid, refresh=config.refresh, overlap=config.overlap)
    return laid
