"""View 8: a trace that the visitor brings, run by the rules of the simulator it was made for."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Experiment, Lab, Result
from engine.labs.memory_hardware.config import TraceConfig
from engine.labs.memory_hardware.views.trace import (
    WORDS,
    Shown,
    count_table,
    describe,
    describe_reference,
    describe_waits,
    draw_latencies,
    draw_waits,
    shown_timeline,
)
from pages.kit import (
    View,
    badge,
    explain,
    form,
    linked,
    obtain,
    palette,
    plain,
    say,
    section,
    select,
    show,
    show_timeline,
    take_away,
)

FIELDS = ("trace", "dialect", "trace_device", "trace_change", "reference_cycles")
COMMAND = "memory_hardware.trace_command"
NOBODY = -1
LANGUAGES = {"aim": "AiM instructions", "dramsim3": "DRAMsim3 requests"}


@dataclass(frozen=True)
class TraceScene:
    """The lab, and the trace that is asked for."""

    lab: Lab
    experiment: Experiment
    config: TraceConfig


def trace_settings(lab: Lab) -> TraceScene:
    """The trace, its language, the device, and what another simulator said of it."""
    experiment = lab.experiment("replay")
    config = form(lab, experiment, fields=FIELDS)
    assert isinstance(config, TraceConfig)
    return TraceScene(lab, experiment, config)


def show_trace(scene: TraceScene) -> None:
    """Every command on its bank, what they waited for, counts, and the reference beside them."""
    section(
        "Trace workbench",
        "Bring a trace for the AiM simulator or for DRAMsim3. It is run here by the same rules, "
        "cycle by cycle, and every command says what bound it.",
    )
    obtained = obtain(scene.lab, scene.experiment, scene.config)
    if obtained.result is None:
        return
    result = obtained.result
    say(scene.lab, f"{LANGUAGES[result.notes['dialect']]}: {describe(result)}")
    _reference(result)
    _commands(scene.lab, result)
    figure = draw_waits(result, palette())
    show(figure, "memory_hardware_waits", figure.layout.meta["alt"],
         export=lambda: count_table(result))  # fmt: skip
    latencies = draw_latencies(result, palette())
    if latencies is not None:
        show(latencies, "memory_hardware_latencies", latencies.layout.meta["alt"],
             export=lambda: {"cycles": result.array("latency")})  # fmt: skip
    _counts(result)
    _energy(result)
    explain(scene.lab, "A trace")
    take_away(scene.lab, scene.experiment, obtained)


def _reference(result: Result) -> None:
    """Equal, or how far off; and where the other figure is from."""
    with st.container(horizontal=True):
        badge(result.notes["device"], "measured", "The rules and constants that were used.")
        if result.notes["changed"]:
            badge(f"changed: {', '.join(result.notes['changed'])}", "assumed")
        if result.notes["dialect"] == "aim":
            badge("no refresh", "warn", NO_REFRESH)
    compared = describe_reference(result)
    if compared is None:
        st.caption(
            "What does your simulator say? Type its cycles on the left and see the difference."
        )
        return
    st.markdown(f"**{compared}** Source: {plain(str(result.notes['reference']))}.")


NO_REFRESH = (
    "The AiM simulator looks its refresh time up beyond the end of a table, and never sends a "
    "refresh, since it counts ranks that this memory has not. None is run here either."
)


def _commands(lab: Lab, result: Result) -> None:
    section(
        "Every command",
        "A lane for each bank, one for commands to all banks. Click a command: an arrow leads to "
        "the one it waited for.",
    )
    shown = shown_timeline(result)
    if shown.left_out:
        st.caption(f"The first {len(shown.timeline):,} commands; {shown.left_out:,} more follow.")
    count = len(shown.timeline)
    chosen = linked(COMMAND, NOBODY, low=NOBODY, high=count - 1)
    show_timeline(
        shown.timeline,
        "memory_hardware_trace",
        describe_waits(shown),
        label="Commands of the trace",
        because="waited for",
        waited="waited ns",
        legend={name: WORDS[name] for name in result.notes["names"]},
        selected=None if chosen == NOBODY else chosen,
        on_select=lambda place: select(COMMAND, NOBODY if place is None else place),
        whole=lambda: shown_timeline(result, len(result.array("cycle"))).timeline,
    )
    if chosen != NOBODY:
        say(lab, told(shown, result, chosen))


def told(shown: Shown, result: Result, place: int) -> str:
    """One command in a sentence: when, where, and what it had waited for."""
    data = shown.timeline
    name = result.notes["names"][int(data.kind[place])]
    lane = data.lanes[int(data.lane[place])]
    cycle, line = (int(data.details[key][place]) for key in ("cycle", "line of the trace"))
    why = str(data.details["waited for"][place])
    waited = int(data.details["waited cycles"][place])
    held = data.cause is not None and int(data.cause[place]) >= 0
    if held and data.cause is not None:
        cause = int(data.cause[place])
        before = result.notes["names"][int(data.kind[cause])]
        since = int(data.details["cycle"][cause])
        reason = f"waited {waited:,} cycles for {why} since {before} at {since:,}"
    else:
        reason = {
            "arrival": "had just been asked for",
            "turn": "waited for its turn: other commands went first",
        }.get(why, f"waited for {why}")
    asked = f"line {line:,} of the trace" if line else "the refresh"
    return (
        f"**{name}** ({WORDS[name]}) on {lane.name.lower()} of {lane.group.lower()} at cycle "
        f"{cycle:,}, for {asked}: {reason}."
    )


def _counts(result: Result) -> None:
    section("Counts")
    st.dataframe(
        count_table(result),
        hide_index=True,
        width="stretch",
        column_config={"Mean wait [cycles]": st.column_config.NumberColumn(format="%.1f")},
    )


def _energy(result: Result) -> None:
    """Energy by class, where the currents are known."""
    energy = result.notes["energy_pj"]
    if energy is None:
        st.caption("No energy: the currents of this device are not known.")
        return
    total = sum(energy.values())
    section("Energy", f"**{total / 1e6:,.3f} µJ** by DRAMsim3's formulas and currents.")
    rows = {
        "Class": list(energy),
        "Energy [pJ]": list(energy.values()),
        "Share [%]": [100 * one / total if total else 0.0 for one in energy.values()],
    }
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            "Energy [pJ]": st.column_config.NumberColumn(format="%.0f"),
            "Share [%]": st.column_config.NumberColumn(format="%.1f"),
        },
    )


VIEW = View("Traces", trace_settings, show_trace)
