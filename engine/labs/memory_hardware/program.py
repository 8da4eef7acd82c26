"""A model on a device: what one token makes the memory, the link and the ASIC do, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.core.errors import BadInput
from engine.labs.memory_hardware.asic import Asic, Ints
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.geometry import engine_timing, geometry
from engine.labs.memory_hardware.in_banks import InBanks, Layout, Layouts, Weights
from engine.labs.memory_hardware.over_pins import OverPins
from engine.labs.memory_hardware.shapes import Shape
from engine.labs.memory_hardware.slots import Run, Slot, Unit, runs_of

__all__ = ["Choices", "Compiler", "Layout", "Run", "Unit"]


@dataclass(frozen=True)
class Choices:
    """What can be laid out otherwise or left out.

    Layouts and ``overlap`` (input comes while rows are multiplied) hold for memories with MAC
    units; what is read over the pins lies back to back.
    """

    key_layout: Layout = "row"
    value_layout: Layout = "column"
    head: bool = True
    weights: Weights = "columns"
    refresh: bool = True
    overlap: bool = False


class Compiler:
    """Runs of a token for one model on one device."""

    def __init__(self, shape: Shape, device: Device, choices: Choices = Choices()):
        self.shape, self.device, self.choices = shape, device, choices
        self.geometry = geometry(device)
        self.timing = engine_timing(device)
        self.channels, self.banks = self.geometry.channels, self.geometry.banks
        self.all_banks = self.geometry.all_banks
        self.row_columns = self.geometry.row_columns
        self.asic = Asic(device)
        layouts = Layouts(
            choices.key_layout, choices.value_layout, choices.weights, choices.overlap
        )
        self.memory: InBanks | OverPins = (
            InBanks(shape, device, self.geometry, self.timing, layouts)
            if self.geometry.lanes
            else OverPins(shape, device, self.geometry, self.timing)
        )

    def token(self, context: int) -> tuple[list[Run], list[Run]]:
        """The runs of one layer (every layer does the same) and those after the last.

        ``context`` counts the tokens that the new one can see, itself included.
        """
        if context < 1:
            raise BadInput("tokens", "a token sees at least itself")
        return runs_of(self.layer(np.array([context]))), runs_of(self.after())

    def layer(self, context: Ints) -> list[Slot]:
        """One layer for tokens that see ``context`` (contexts,) tokens, themselves included."""
        return list(self._layer(context))

    def after(self) -> list[Slot]:
        """What follows the last layer, the same for every token."""
        return list(self._after())

    def _layer(self, context: Ints) -> Iterator[Slot]:
        s, asic, memory = self.shape, self.asic, self.memory
        yield self._asic("norm", asic.norm(s.width, s.norm))
        yield from memory.product("QKV", s.width, s.q_width + 2 * s.kv_width)
        yield from memory.store(context)
        yield from memory.attention(context)
        yield from memory.product("projection", s.q_width, s.width)
        yield self._asic("residual", asic.add(s.width))
        yield self._asic("norm", asic.norm(s.width, s.norm))
        yield from memory.product("FFN in", s.width, s.inner * (2 if s.gated else 1))
        yield self._asic("activation", asic.gelu(s.inner) + (asic.multiply(s.inner) * s.gated))
        yield from memory.product("FFN out", s.inner, s.width)
        yield self._asic("residual", asic.add(s.width))

    def _after(self) -> Iterator[Slot]:
        s = self.shape
        yield self._asic("norm", self.asic.norm(s.width, s.norm))
        if self.choices.head:
            yield from self.memory.product("head", s.width, s.vocabulary)

    def _asic(self, label: str, cycles: Ints) -> Slot:
        return Slot(label, "asic", 1, cycles)
