"""A visitor's own measured runs: rates fitted on some, the others predicted."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.memory_hardware.views.training_fit import (
    describe_fit,
    describe_fit_iterations,
    describe_fit_strides,
    describe_trade,
    draw_fit,
    draw_fit_iterations,
    draw_fit_strides,
    fit_table,
    rate_rows,
)
from pages.kit import badge, form, obtain, palette, say, section, show


def show_fit(lab: Lab) -> None:
    """Rates with their ranges, and predicted steps over measured ones."""
    section(
        "Fit a node on your own runs",
        "Bring a CSV of measured steps. Rates are fitted on the rows that you name; all rows are "
        "then predicted.",
    )
    experiment = lab.experiment("training_fit")
    config = form(lab, experiment, layout="row")
    obtained = obtain(lab, experiment, config)
    if obtained.result is None:
        return
    result = obtained.result
    if result.notes["synthetic"]:
        badge(
            "made here",
            "synthetic",
            "No file was brought. These steps are our own model's on the H100 node, with noise of "
            "2 %; the fit has to find the node again.",
        )
    say(lab, describe_fit(result))
    figure = draw_fit(result, palette())
    show(figure, "memory_hardware_fit", figure.layout.meta["alt"], export=lambda: fit_table(result))
    iterations = draw_fit_iterations(result, palette())
    if iterations is not None:
        show(iterations, "memory_hardware_fit_iterations", iterations.layout.meta["alt"])
        say(lab, describe_fit_iterations(result))
    strides = draw_fit_strides(result, palette())
    if strides is not None:
        show(strides, "memory_hardware_fit_strides", strides.layout.meta["alt"])
        say(lab, describe_fit_strides(result))
    st.dataframe(rate_rows(result), hide_index=True, width="stretch")
    st.caption(
        f"{describe_trade(result)} Balance of CPU and link: k* = "
        f"{result.number('balance_stride'):.2f}."
    )
