"""Lanes of the iterations side by side, and the memory beside them."""

from __future__ import annotations

import streamlit as st

from engine.core import Result
from engine.core.timeline import Timeline
from engine.labs.memory_hardware.views.offload import COMPARED
from engine.labs.memory_hardware.views.offload_lanes import (
    describe_lanes,
    draw_lanes,
    offload_timeline,
)
from engine.labs.memory_hardware.views.offload_memory import (
    compare_memory,
    describe_memory,
    draw_memory,
    memory_table,
)
from pages.kit import choose, palette, section, show

SHOWN = {"compared": "Default, flush, interleaved", "delayed": "Delayed update"}


def show_lanes(result: Result) -> None:
    """What every resource does, on one axis of time."""
    section(
        "What each lane does",
        "All modes start at the same time. A gap on the GPU's lane is time in which it waits.",
    )
    shown = choose("Modes", SHOWN, "memory_hardware.lanes", label_visibility="collapsed")
    modes = COMPARED if shown == "compared" else ("delayed",)
    timeline = offload_timeline(result, modes)
    alt = describe_lanes(result, modes)
    figure = draw_lanes(timeline, palette(), title="Lanes", alt=alt)
    show(figure, "memory_hardware_lanes", alt, export=lambda: span_table(timeline))
    st.caption(alt)


def span_table(timeline: Timeline) -> dict[str, object]:
    """Every span as a row."""
    return {
        "mode": [timeline.lanes[i].group for i in timeline.lane],
        "lane": [timeline.lanes[i].name for i in timeline.lane],
        "what": [timeline.kinds[i] for i in timeline.kind],
        **timeline.details,
        f"start {timeline.unit}": timeline.start,
        f"end {timeline.unit}": timeline.end,
    }


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
