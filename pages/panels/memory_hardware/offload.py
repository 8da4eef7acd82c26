"""View 3: optimizer offload as timelines, beside what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from engine.core import Experiment, Lab, Result
from engine.core.units import count
from engine.labs.memory_hardware.config import TrainingConfig
from engine.labs.memory_hardware.offload.presets import UNITS
from engine.labs.memory_hardware.views.claims import offload_claims
from engine.labs.memory_hardware.views.offload import (
    describe_errors,
    describe_gains,
    describe_phases,
    draw_iterations,
    draw_phases,
    iteration_table,
    phase_table,
)
from engine.labs.memory_hardware.views.offload_memory import describe_overflow
from engine.labs.memory_hardware.views.offload_node import describe_configuration
from engine.labs.memory_hardware.views.offload_sweeps import balance, best_k
from pages.kit import (
    View,
    badge,
    choose,
    explain,
    form,
    obtain,
    palette,
    say,
    section,
    show,
    show_claims,
    take_away,
)
from pages.panels.memory_hardware.offload_capacity import show_capacity
from pages.panels.memory_hardware.offload_fit import show_fit
from pages.panels.memory_hardware.offload_lanes import show_lanes, show_memory
from pages.panels.memory_hardware.offload_sweeps import show_sweeps

PAPER = "https://arxiv.org/abs/2410.21316"
PARTS = {
    "stride": "Stride and ratio",
    "memory": "Memory in time",
    "capacity": "Largest model",
    "runs": "Own runs",
}


@dataclass(frozen=True)
class Training:
    """The lab, and the model whose optimizer is offloaded."""

    lab: Lab
    experiment: Experiment
    config: TrainingConfig


def offload_settings(lab: Lab) -> Training:
    """The node, the model, how it is updated, and rates that differ."""
    experiment = lab.experiment("training")
    config = form(lab, experiment)
    assert isinstance(config, TrainingConfig)
    return Training(lab, experiment, config)


def show_offload(training: Training) -> None:
    """Iterations beside logs, lanes, and one part at a time of what follows from them."""
    lab = training.lab
    section(
        "Optimizer state on the host",
        "Adam's state lies in host memory. Gradients go down to it during the backward pass, new "
        "parameters come up after the update. What waits for what decides how long it takes.",
    )
    obtained = obtain(lab, training.experiment, training.config)
    result = obtained.result
    if result is not None:
        say(lab, describe_gains(result))
        _rates(result)
        _iterations(lab, result)
        show_lanes(result)
        _iteration_equation(lab, result)
    part = choose("Part", PARTS, "memory_hardware.part", label_visibility="collapsed")
    if part == "capacity":
        show_capacity(lab)
    elif part == "runs":
        show_fit(lab)
    elif result is not None and part == "memory":
        show_memory(result)
    elif result is not None:
        show_sweeps(lab, result)
        _stride_equation(lab, result)
    if result is not None:
        take_away(lab, training.experiment, obtained)


def _rates(result: Result) -> None:
    """Each rate of the node with where it comes from."""
    rates = result.notes["rates"]
    with st.expander(f"Rates of {result.notes['title']} and where they come from"):
        st.dataframe(
            [
                {
                    "Rate": name.replace("_", " "),
                    "Value": rate["value"],
                    "Unit": UNITS[name],
                    "Source": rate["source"],
                    "95 % range": f"{rate['low']:g} to {rate['high']:g}" if rate["low"] else "",
                }
                for name, rate in rates.items()
            ],
            hide_index=True,
            width="stretch",
        )
        st.markdown(result.notes["node_note"])
        if result.notes["fitted_by"]:
            st.caption("Fitted with")
            st.code(result.notes["fitted_by"], language="bash", wrap_lines=True)
    with st.container(horizontal=True):
        _badges(rates)
        if apart := describe_configuration(result):
            badge("not as fitted", "warn", "Some settings are not those of the fitted runs.")
        if overflow := describe_overflow(result):
            badge("does not fit", "bad", "The GPU has less memory than this needs.")
    for sentence in (*apart, *([overflow] if overflow else [])):
        st.markdown(sentence)


def _badges(rates: dict[str, dict[str, Any]]) -> None:
    """How many rates have which source, and which they are."""
    origins: tuple[tuple[str, Literal["assumed", "measured", "published"], str], ...] = (
        ("assumed", "assumed", "nobody gives them; change them on the left"),
        ("changed", "assumed", "they differ from the node's"),
        ("scaled", "assumed", "fitted with more ranks on the node; fewer are taken to share it"),
        ("fitted", "measured", "fitted on logged steps"),
        ("secondary", "published", "of the paper, by a third party's note"),
    )
    for source, kind, words in origins:
        names = [name.replace("_", " ") for name, rate in rates.items() if rate["source"] == source]
        if names:
            told = f"{count(len(names), 'rate')} {source}"
            badge(told, kind, f"{', '.join(names)}: {words}.")


def _iterations(lab: Lab, result: Result) -> None:
    figure = draw_iterations(result, palette())
    show(
        figure,
        "memory_hardware_iterations",
        figure.layout.meta["alt"],
        export=lambda: iteration_table(result),
    )
    say(lab, describe_errors(result))
    figure = draw_phases(result, palette())
    show(
        figure,
        "memory_hardware_phases",
        figure.layout.meta["alt"],
        export=lambda: phase_table(result),
    )
    say(lab, describe_phases(result))
    show_claims(offload_claims(result))


def _iteration_equation(lab: Lab, result: Result) -> None:
    phases = dict(zip(result.notes["phases"], result.array("phase_s")[0].tolist(), strict=True))
    explain(
        lab,
        "Iteration",
        forward=f"{phases['forward']:.2f}",
        backward=f"{phases['backward']:.2f}",
        step=f"{phases['step']:.2f}",
        rest=f"{phases['other']:.2f}",
        default=f"{result.number('default_s'):.2f}",
        delayed=f"{result.number('delayed_s'):.2f}",
    )


def _stride_equation(lab: Lab, result: Result) -> None:
    explain(
        lab,
        "Stride",
        link=f"{result.number('link_rate'):.3g}",
        cpu_adam=f"{result.number('cpu_adam_rate'):.3g}",
        balance=f"{balance(result):.2f}",
        best=best_k(result),
    )


VIEW = View("Offload", offload_settings, show_offload)
