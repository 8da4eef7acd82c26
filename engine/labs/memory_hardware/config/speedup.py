"""The eight GPT models on a device: against a GPU and a CPU, and with one constant varied."""

from __future__ import annotations

import math
import re
from typing import Self

from pydantic import Field, model_validator

from engine.core.errors import BadInput
from engine.labs.memory_hardware.config.baseline import Compared
from engine.labs.memory_hardware.config.generation import MOST_TOKENS, Hosted, Machine
from engine.labs.memory_hardware.device import Device, load_device, parse_changes

MOST_VALUES = 9
_VALUE = re.compile(r"([0-9.eE+-]{1,20})(x?)")


class SpeedupConfig(Hosted, Compared):
    """The eight models and ``model``, with and without head, beside the GPU and the CPU."""

    tokens: int = Field(1024, ge=1, le=MOST_TOKENS, title="Tokens")
    refresh: bool = Field(
        True,
        title="Refresh",
        json_schema_extra={"help": "off: as if rows never faded; shows what refresh costs"},
    )


class SweepConfig(Machine):
    """One constant of the device at several values, for each model."""

    constant: str = Field(
        "timing.rp",
        title="Constant",
        max_length=40,
        json_schema_extra={
            "widget": "combo",
            "options": "engine.labs.memory_hardware.choices:constants",
            "help": "one constant of the device; all others stay",
        },
    )
    values: str = Field(
        "0.5x 1x 2x 4x 8x",
        title="Values",
        max_length=120,
        json_schema_extra={
            "help": f"up to {MOST_VALUES}: numbers such as 12 18 24, or factors such as 0.5x 2x; "
            "cycles and counts times a factor are rounded to whole numbers"
        },
    )
    tokens: int = Field(1024, ge=1, le=MOST_TOKENS, title="Tokens")
    head: bool = Field(
        True,
        title="Language-model head",
        json_schema_extra={"help": "the product with the vocabulary after the last layer"},
    )

    @model_validator(mode="after")
    def _possible_values(self) -> Self:
        device = load_device(self.device).changed(parse_changes(self.change))
        if self.constant not in device.constants:
            raise BadInput("constant", f"{device.title} has no {self.constant}")
        reasons = []
        for value in (values := swept_values(device, self.constant, self.values)):
            try:
                device.changed({self.constant: value})
            except BadInput as error:
                reasons.append(error.reason)
        if len(reasons) == len(values):
            raise BadInput("values", reasons[0])
        return self


def swept_values(device: Device, constant: str, text: str) -> list[float]:
    """``"0.5x 1x 24"`` as rising values of a constant, none twice; raises BadInput."""
    found = set()
    for part in re.split(r"[\s,;]+", text.strip()):
        match = _VALUE.fullmatch(part)
        try:
            number = float(match[1]) if match else math.nan
        except ValueError:
            number = math.nan
        if match is None or not math.isfinite(number):
            raise BadInput("values", f"look like 12 18 24 or 0.5x 1x 2x (got {part[:40]!r})")
        found.add(device.scaled(constant, number) if match[2] else number)
    if len(found) > MOST_VALUES:
        raise BadInput("values", f"must be at most {MOST_VALUES} (got {len(found)})")
    return sorted(found)
