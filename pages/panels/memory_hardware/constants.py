"""Every constant of a memory with its source, in a table that writes into "Changed constants"."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core import BadInput, EngramError, Lab
from engine.labs.memory_hardware.config import WhatIfConfig
from engine.labs.memory_hardware.constants import constant_rows, with_edits
from pages.kit import choose, complain, section, set_values

SIDE = "memory_hardware.side"
TABLE = "memory_hardware.constants"
REFUSED = f"{TABLE}#refused"
SIDES = {"a": "Memory A", "b": "Memory B"}
COLOURS = {
    "paper": "violet",
    "repository": "blue",
    "derived": "gray",
    "assumed": "orange",
    "changed": "green",
}
FIELDS = {"a": ("device", "change"), "b": ("other", "other_change")}


def show_constants(lab: Lab, config: WhatIfConfig) -> None:
    """The table of one side; an edit becomes part of the settings and of the link."""
    section(
        "Every constant",
        "Where each number comes from: the paper, a public repository, derived from others, or "
        "assumed. Type another value and all figures follow.",
    )
    side = choose("Constants of", SIDES, SIDE)
    device, change = (str(getattr(config, field)) for field in FIELDS[side])
    if refused := st.session_state.pop(REFUSED, None):
        complain(refused)
    try:
        rows = constant_rows(device, change)
    except EngramError as error:
        complain(error)
        return
    # Another table for other changes: the settings are the one place where an edit is kept.
    key = f"{TABLE}.{side}.{device}.{change}"
    st.data_editor(
        {
            "Constant": [row.name for row in rows],
            "Value": [row.value for row in rows],
            "Unit": [row.unit for row in rows],
            "Preset": [row.preset for row in rows],
            "Source": [[row.source] for row in rows],
        },
        key=key,
        hide_index=True,
        width="stretch",
        height=420,
        num_rows="fixed",
        disabled=["Constant", "Unit", "Preset", "Source"],
        column_config={
            "Value": st.column_config.NumberColumn(required=True, format="%.6g"),
            "Preset": st.column_config.NumberColumn(format="%.6g"),
            "Source": st.column_config.MultiselectColumn(
                options=list(COLOURS), color=list(COLOURS.values())
            ),
        },
        on_change=_take,
        args=(lab, side, device, change, key, [row.name for row in rows]),
    )
    if change:
        st.button(
            "Back to the preset",
            key=f"{TABLE}#reset",
            on_click=_set,
            args=(lab, side, ""),
            type="tertiary",
            icon=":material/undo:",
        )


def _take(lab: Lab, side: str, device: str, change: str, key: str, names: list[str]) -> None:
    edited: dict[Any, dict[str, Any]] = st.session_state[key]["edited_rows"]
    try:
        edits = {names[int(row)]: _number(names[int(row)], cells) for row, cells in edited.items()}
        _set(lab, side, with_edits(device, change, edits))
    except BadInput as error:
        st.session_state[REFUSED] = str(error)


def _number(name: str, cells: dict[str, Any]) -> float:
    value = cells.get("Value")
    if not isinstance(value, int | float):
        raise BadInput(name, "must be a number")
    return float(value)


def _set(lab: Lab, side: str, change: str) -> None:
    set_values(lab, lab.experiment("whatif"), {FIELDS[side][1]: change})
