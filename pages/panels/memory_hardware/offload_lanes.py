"""Lanes of the iterations side by side, and the memory beside them."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.labs.memory_hardware.views.offload import COMPARED
from engine.labs.memory_hardware.views.offload_lanes import (
    describe_lanes,
    describe_measured,
    offload_timeline,
)
from engine.labs.memory_hardware.views.offload_memory import (
    compare_memory,
    describe_by_construction,
    describe_memory,
    describe_other_machine,
    draw_memory,
    memory_table,
)
from pages.kit import choose, linked, palette, section, select, show, show_timeline

TASK = "memory_hardware.task"
NONE = -1
HEIGHT = 760
MEANINGS = {
    "cast up": "gradients to fp32, on the GPU",
    "gradients": "the flush to the host",
    "update": "Adam on one subgroup",
    "cast down": "new parameters to half precision, on the CPU",
    "new parameters": "half-precision parameters to the GPU",
    "state": "fp32 parameters and both moments of a subgroup",
    "other": "what belongs to no phase",
}
SHOWN = {"compared": "Default, flush, interleaved", "delayed": "Delayed update"}


def show_lanes(result: Result) -> None:
    """What every resource does, on one axis of time."""
    section(
        "What each lane does",
        "All modes start at the same time. A gap on the GPU's lane is time in which it waits.",
    )
    shown = choose("Modes", SHOWN, "memory_hardware.lanes", label_visibility="collapsed")
    modes = COMPARED if shown == "compared" else ("delayed",)
    spans = offload_timeline(result, modes)
    alt = describe_lanes(result, modes)
    chosen = linked(TASK, NONE, low=NONE, high=len(spans) - 1)
    show_timeline(
        spans,
        "memory_hardware_lanes",
        alt,
        label="Lanes of an iteration" if shown == "compared" else "Lanes of four iterations",
        because="waited for",
        legend=MEANINGS,
        selected=None if chosen == NONE else chosen,
        on_select=lambda task: select(TASK, NONE if task is None else task),
        height=HEIGHT,
    )
    if said := describe_measured(result, modes):
        st.caption(said)


def show_memory(result: Result) -> None:
    """GB on the GPU in time; beside a log where there is one of this model."""
    section("Memory in time")
    figure = draw_memory(result, palette())
    show(
        figure,
        "memory_hardware_memory",
        figure.layout.meta["alt"],
        export=lambda: memory_table(result),
    )
    st.caption(describe_memory(result))
    if table := compare_memory(result):
        st.markdown(
            "A training log of this model prints what was allocated. Parameters, gradients, "
            "inputs and scores explain it; its peak has buffers of gathered parameters, which are "
            "left out here."
        )
        st.dataframe(table, hide_index=True)
        if same := describe_by_construction(result):
            st.markdown(same)
        st.markdown(describe_other_machine(result))
