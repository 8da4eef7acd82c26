"""The table of constants: what it says, and what becomes of an edit."""

from __future__ import annotations

import pytest

from engine.core import BadInput
from engine.labs.memory_hardware.constants import constant_rows, unit_of, with_edits
from engine.labs.memory_hardware.device import parse_changes


def test_edits_become_changes_and_the_preset_s_values_leave_them() -> None:
    assert with_edits("pim-gpt", "", {"timing.rp": 18.0}) == "timing.rp=18"
    assert with_edits("pim-gpt", "timing.rp=18", {"timing.rp": 12.0}) == ""
    text = with_edits("pim-gpt", "mac.lanes=32", {"link.gb_per_s": 0.1})
    assert parse_changes(text) == {"mac.lanes": 32, "link.gb_per_s": 0.1}
    for edits in ({"timing.ras": 3.0}, {"mac.wings": 1.0}, {"mac.lanes": 2.5}):
        with pytest.raises(BadInput):
            with_edits("pim-gpt", "", edits)
    every = {row.name: row.value + 1 for row in constant_rows("pim-gpt", "")
             if row.name not in ("organisation.row_bytes", "currents.mac_share")}  # fmt: skip
    with pytest.raises(BadInput, match="characters"):
        with_edits("pim-gpt", "", {**every, "organisation.column_bytes": 64.0})


def test_rows_of_the_table_say_value_preset_unit_and_source() -> None:
    rows = {row.name: row for row in constant_rows("pim-gpt", "timing.rp=18")}
    assert (rows["timing.rp"].value, rows["timing.rp"].preset) == (18, 12)
    assert rows["timing.rp"].source == "changed" and rows["mac.lanes"].source == "repository"
    units = {name: unit_of(name) for name in rows}
    assert units["timing.tck_ns"] == "ns" and units["timing.rp"] == "cycles"
    assert units["currents.idd0"] == "mA" and units["currents.vdd"] == "V"
    assert units["asic.power_mw"] == "mW" and units["organisation.row_bytes"] == "bytes"
    assert units["currents.row_pj"] == "pJ" and units["currents.mac_share"] == ""
    assert units["link.pj_per_bit"] == "pJ/bit" and units["organisation.banks"] == ""
