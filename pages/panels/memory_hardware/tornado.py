"""What time and energy of a memory depend on, and closed forms beside the engine."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.memory_hardware.config import EstimateConfig, TornadoConfig
from engine.labs.memory_hardware.views.estimate import (
    describe_estimates,
    draw_estimates,
    estimate_table,
)
from engine.labs.memory_hardware.views.tornado import (
    OF,
    Of,
    bars_of,
    describe_tornado,
    draw_tornado,
    known,
    tornado_table,
)
from pages.kit import badge, choose, form, obtain, palette, plain, say, section, show

WHOLE = "memory_hardware.tornado_of"


def show_tornado(lab: Lab) -> None:
    """Each constant of memory A divided and multiplied."""
    section(
        "What it depends on",
        "Each constant of memory A is divided and multiplied by the same factor, one at a time. "
        "The context before counts; a prompt is no part of it.",
    )
    experiment = lab.experiment("tornado")
    config = form(lab, experiment, fields=("factor",), layout="row")
    assert isinstance(config, TornadoConfig)
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    of: Of = choose("Whole", {of: OF[of][1] for of in known(result)}, WHOLE)  # type: ignore[assignment]
    words = describe_tornado(result, of)
    show(
        draw_tornado(result, palette(), of=of),
        f"memory_hardware_tornado_{of}",
        words,
        export=lambda: tornado_table(result),
    )
    say(lab, words)
    if idle := bars_of(result, of).idle:
        st.caption(f"Without effect on the {OF[of][0]}: {plain(', '.join(idle))}.")
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
