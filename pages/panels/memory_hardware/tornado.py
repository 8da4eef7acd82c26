"""What the time of a memory depends on, and closed forms beside the engine."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.memory_hardware.config import EstimateConfig, TornadoConfig
from engine.labs.memory_hardware.views.tornado import (
    describe_estimates,
    describe_tornado,
    draw_estimates,
    draw_tornado,
    estimate_table,
    tornado_table,
)
from pages.kit import badge, form, obtain, palette, plain, say, section, show


def show_tornado(lab: Lab) -> None:
    """Each constant of memory A divided and multiplied."""
    section(
        "What the time depends on",
        "Each constant of memory A is divided and multiplied by the same factor, one at a time.",
    )
    experiment = lab.experiment("tornado")
    config = form(lab, experiment, fields=("factor",), layout="row")
    assert isinstance(config, TornadoConfig)
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    show(
        draw_tornado(result, palette()),
        "memory_hardware_tornado",
        describe_tornado(result),
        export=lambda: tornado_table(result),
    )
    say(lab, describe_tornado(result))
    if idle := result.notes["without_effect"]:
        st.caption(f"Without effect on the time: {plain(', '.join(idle))}.")
    if refused := result.notes["refused"]:
        st.caption(f"Not possible: {plain('; '.join(refused))}.")


def show_estimates(lab: Lab) -> None:
    """Sensitivities in closed form beside those of the engine."""
    section(
        "Beside closed forms",
        "The paper's figures of its sensitivities could not be read. These were derived for "
        "GPT3-XL without any simulation: the shape should agree.",
    )
    badge("derived", "synthetic", "closed forms of row times, link and ASIC; not the paper's")
    experiment = lab.experiment("estimate")
    config = form(lab, experiment, fields=())
    assert isinstance(config, EstimateConfig)
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    show(
        draw_estimates(result, palette()),
        "memory_hardware_estimates",
        describe_estimates(result),
        export=lambda: estimate_table(result),
    )
    say(lab, describe_estimates(result))
