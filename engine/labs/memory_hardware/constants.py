"""The constants of a device as a table that can be edited, and edits as changes of a preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.device import FIELD, Source, load_device, parse_changes

LONGEST = 500
UNITS = {
    "timing.tck_ns": "ns",
    "timing": "cycles",
    "currents.vdd": "V",
    "currents": "mA",
    "link.gb_per_s": "GB/s",
    "asic.clock_ghz": "GHz",
    "currents.row_pj": "pJ",
    "currents.mac_share": "",
    "link.pj_per_bit": "pJ/bit",
    "power_mw": "mW",
    "bytes": "bytes",
}


@dataclass(frozen=True)
class Row:
    """A constant as it is now, beside the preset's value and where that comes from."""

    name: str
    value: float
    unit: str
    preset: float
    source: Source


def constant_rows(device: str, change: str) -> list[Row]:
    """All constants of a preset with its changes; raises BadInput."""
    preset = load_device(device)
    changed = preset.changed(parse_changes(change))
    return [
        Row(name, changed[name], unit_of(name), constant.value, changed.constants[name].source)
        for name, constant in preset.constants.items()
    ]


def with_edits(device: str, change: str, edits: Mapping[str, float]) -> str:
    """The changes with ``edits`` on top, without those that say what the preset says.

    Raises BadInput where no such device can exist.
    """
    preset = load_device(device)
    wanted = {**parse_changes(change), **edits}
    preset.changed(wanted)
    text = " ".join(
        f"{name}={_written(value)}" for name, value in wanted.items() if value != preset[name]
    )
    if len(text) > LONGEST:
        raise BadInput(FIELD, f"changes may have {LONGEST} characters (these have {len(text)})")
    return text


def unit_of(name: str) -> str:
    """The unit of a constant; a count has none."""
    section, _, short = name.partition(".")
    for key in (name, short, short.split("_")[-1], section):
        if key in UNITS:
            return UNITS[key]
    return ""


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
