"""One constant of the memory at several values, for all eight models."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.memory_hardware.choices import timed
from engine.labs.memory_hardware.config import SweepConfig
from engine.labs.memory_hardware.device import Device
from engine.labs.memory_hardware.views.sweep import describe_sweep, draw_sweep, sweep_table
from pages.kit import form, obtain, palette, plain, say, section, show


def show_sweep(lab: Lab, device: Device) -> None:
    """The constant and its values above the figure, a line for each shape below."""
    section(
        "One constant, five values",
        "How does the time of each model follow a constant of the memory?",
    )
    experiment = lab.experiment("sweep")
    names = {"constant": timed(device)}
    config = form(lab, experiment, fields=("constant", "values"), layout="row", options=names)
    assert isinstance(config, SweepConfig)
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    show(
        draw_sweep(result, palette()),
        "memory_hardware_sweep",
        describe_sweep(result),
        export=lambda: sweep_table(result),
    )
    say(lab, describe_sweep(result))
    if refused := result.notes["refused"]:
        st.caption(f"Not possible: {plain('; '.join(refused))}.")
