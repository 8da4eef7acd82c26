"""Memory devices as data: organisation, timing, currents and arithmetic, each with its source.

A preset is a TOML file in ``devices/``. Timing values are whole cycles of ``tck_ns``.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from engine.core.errors import BadInput

FIELD = "device"
FOLDER = Path(__file__).parent / "devices"
Source = Literal["paper", "repository", "derived", "assumed", "changed"]
REAL = frozenset({"timing.tck_ns", "mac.power_mw", "link.gb_per_s", "link.pj_per_bit",
                  "asic.clock_ghz", "asic.power_mw"})  # fmt: skip
# May be nothing at all, unlike a rate.
ZERO = frozenset({"mac.power_mw", "link.pj_per_bit", "asic.power_mw"})
LARGEST = 1e9
# Bounds that keep cycles in 64 bits and a row's commands in memory.
SMALLEST_REAL = 0.01
MOST = {
    "timing.": 1e6,
    "organisation.channels": 4096,
    "organisation.banks": 1024,
    "organisation.row_bytes": 65_536,
    "organisation.column_bytes": 4096,
    "organisation.row_requests": 4096,
    "organisation.request_bytes": 4096,
    "controller.": 1024,
}
_CHANGE = re.compile(r"([a-z_]+\.[a-z0-9_]+)=(-?[0-9.eE+-]{1,20})")
POSITIVE = ("organisation.", "mac.lanes", "buffer.", "controller.", "link.", "asic.",
            "timing.tck_ns", "timing.ccd", "timing.rp", "timing.rcd_mac", "timing.rcd_rd",
            "timing.rcd_wr", "timing.burst")  # fmt: skip


@dataclass(frozen=True)
class Constant:
    """A number and where it comes from."""

    value: float
    source: Source


@dataclass(frozen=True)
class Device:
    """Constants by "section.name"; ``note`` says what a reader must know about the whole."""

    name: str
    title: str
    constants: Mapping[str, Constant]
    note: str = ""

    def __getitem__(self, key: str) -> float:
        """The value of "section.name"; raises BadInput for one that the device has not."""
        if key not in self.constants:
            raise BadInput(FIELD, f"{self.title} has no {key}")
        return self.constants[key].value

    def whole(self, key: str) -> int:
        """A count or a number of cycles."""
        return int(self[key])

    def section(self, name: str) -> dict[str, float]:
        """The values of one section by their short names."""
        start = f"{name}."
        return {
            key.removeprefix(start): constant.value
            for key, constant in self.constants.items()
            if key.startswith(start)
        }

    def cycles(self) -> dict[str, int]:
        """The timing in cycles."""
        return {k: int(v) for k, v in self.section("timing").items() if k != "tck_ns"}

    @property
    def assumed(self) -> list[str]:
        """The constants whose values nobody printed."""
        return [name for name, one in self.constants.items() if one.source == "assumed"]

    def scaled(self, key: str, factor: float) -> float:
        """A constant times a factor: counts and cycles rounded, and at least 1 where they are."""
        value = self[key] * factor
        if not math.isfinite(value):
            raise BadInput(FIELD, f"{key} times {factor:g} is no number")
        return value if is_real(key) else float(max(round(value), min(self[key], 1)))

    def changed(self, changes: Mapping[str, float]) -> Device:
        """The device with other values; raises BadInput for unknown names and impossible values."""
        constants = dict(self.constants)
        for key, value in changes.items():
            if key not in constants:
                near = ", ".join(name for name in constants if name.split(".")[0] in key)
                raise BadInput(FIELD, f"there is no {key[:40]!r} ({near or 'see the preset'})")
            constants[key] = Constant(value, "changed")
        device = replace(self, constants=constants)
        device.check()
        return device

    def check(self) -> None:
        """Raise BadInput where no such device can exist."""
        for key, constant in self.constants.items():
            low, high = _bounds(key)
            value = constant.value
            if not low <= value <= high or (not is_real(key) and value != int(value)):
                kind = "a number" if is_real(key) else "a whole number"
                raise BadInput(FIELD, f"{key} must be {kind} from {low:g} to {high:g} "
                               f"(got {value:g})")  # fmt: skip
        t = self.section("timing")
        # A MAC may come later than a row could be closed (AiM's 56 and 54 cycles); a read may not.
        opened = "rcd_rd" if "rcd_rd" in t else "rcd_mac"
        for first, second in (("ras", opened), ("refi", "rfc")):
            if {first, second} <= t.keys() and t[first] <= t[second]:
                raise BadInput(FIELD, f"timing.{first} must be longer than timing.{second} "
                               f"({t[first]:g} and {t[second]:g} cycles)")  # fmt: skip
        # Columns keep their distance within a row; from row to row they must have it by themselves.
        column = "ccd_l" if "ccd_l" in t else "ccd"
        if {"rtp", "rp", opened, column} <= t.keys():
            again = t["rtp"] + t["rp"] + t[opened]
            if again < t[column]:
                raise BadInput(
                    FIELD,
                    f"timing.rtp, timing.rp and timing.{opened} together must be "
                    f"at least timing.{column} ({again:g} and {t[column]:g} cycles)",
                )
        rows = self.section("organisation")
        if rows.get("row_bytes", 0) % rows.get("column_bytes", 1):
            raise BadInput(FIELD, "organisation.row_bytes must be whole columns")
        if self.section("buffer").get("bytes", LARGEST) < rows.get("column_bytes", 0):
            raise BadInput(FIELD, "buffer.bytes must hold at least a column "
                           f"({rows['column_bytes']:g} bytes)")  # fmt: skip
        i = self.section("currents")
        for name in ("idd4r", "idd4w", "idd5b", "idd5ab"):
            if "idd3n" in i and i.get(name, i["idd3n"]) < i["idd3n"]:
                raise BadInput(FIELD, f"currents.{name} must be at least currents.idd3n "
                               f"({i[name]:g} and {i['idd3n']:g} mA)")  # fmt: skip
        share = i.get("mac_share", 0)
        if share > 1:
            raise BadInput(FIELD, f"currents.mac_share must be at most 1 (got {share:g})")


def _bounds(key: str) -> tuple[float, float]:
    """The least and the greatest value of a constant."""
    low = SMALLEST_REAL if key in REAL - ZERO else 1 if key.startswith(POSITIVE) else 0
    high = min((most for name, most in MOST.items() if key.startswith(name)), default=LARGEST)
    return (0 if key in ZERO else low), high


def is_real(key: str) -> bool:
    """Whether a constant may be a fraction."""
    return key in REAL or key.startswith("currents.")


@cache
def load_device(name: str) -> Device:
    """A preset by its name; raises BadInput and lists those that there are."""
    if name not in device_names():
        raise BadInput(FIELD, f"{name[:40]!r} is none of {', '.join(device_names())}")
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    device = _read(name, table)
    device.check()
    return device


@cache
def device_names() -> tuple[str, ...]:
    """The presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def parse_changes(text: str) -> dict[str, float]:
    """``"timing.rp=18 mac.lanes=32"`` as a mapping; raises BadInput."""
    found = {}
    for part in re.split(r"[\s,;]+", text.strip()):
        if not part:
            continue
        match = _CHANGE.fullmatch(part)
        try:
            value = float(match[2]) if match else math.nan
        except ValueError:
            value = math.nan
        if match and match[1] in found:
            raise BadInput(FIELD, f"{match[1]} is given twice")
        if match and math.isfinite(value):
            found[match[1]] = value
        else:
            wanted = "timing.rp=18 mac.lanes=32"
            raise BadInput(FIELD, f"changes look like {wanted} (got {part[:40]!r})")
    return found


def _read(name: str, table: dict[str, Any]) -> Device:
    usual: Source = table["source"]
    sources: dict[str, Source] = table.get("sources", {})
    constants = {
        f"{section}.{key}": Constant(float(value), sources.get(f"{section}.{key}", usual))
        for section, values in table.items()
        if isinstance(values, dict) and section != "sources"
        for key, value in values.items()
    }
    if unknown := {c.source for c in constants.values()} - set(get_args(Source)):
        raise BadInput(FIELD, f"{name} has a source {min(unknown)!r}")
    return Device(name, table["title"], constants, table.get("note", ""))
