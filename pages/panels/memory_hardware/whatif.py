"""View 4: two memories side by side, every constant editable, and what the time depends on."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Lab, Result
from engine.core.units import si
from engine.labs.memory_hardware.config import WhatIfConfig
from engine.labs.memory_hardware.views.whatif import (
    describe,
    draw_differences,
    draw_tokens,
    part_table,
    side_names,
    token_table,
)
from pages.kit import View, badge, explain, form, obtain, palette, say, section, show, take_away
from pages.panels.memory_hardware.constants import show_constants
from pages.panels.memory_hardware.pair import show_pair
from pages.panels.memory_hardware.scene import LAID
from pages.panels.memory_hardware.tornado import show_estimates, show_tornado


@dataclass(frozen=True)
class Ask:
    """The lab, and the two memories."""

    lab: Lab
    config: WhatIfConfig


def whatif_settings(lab: Lab) -> Ask:
    """The model and its tokens, then memory A, then memory B."""
    experiment = lab.experiment("whatif")
    st.markdown("**Memory A**")
    form(lab, experiment, fields=("device", "change"))
    st.markdown("**Memory B**")
    form(lab, experiment, fields=("other", "other_change"))
    st.markdown("**On both**")
    laid = tuple(name for name in LAID if name != "change")
    config = form(lab, experiment, fields=("model", "prompt", "tokens", "start", *laid))
    assert isinstance(config, WhatIfConfig)
    return Ask(lab, config)


def show_whatif(ask: Ask) -> None:
    """Totals, differences, one layer on both, the constants, and the tornado of A."""
    lab, experiment = ask.lab, ask.lab.experiment("whatif")
    section(
        "What if?",
        "The same tokens on two memories. Choose another preset, or change any constant in the "
        "table below, and see which part of a token pays for it.",
    )
    obtained = obtain(lab, experiment, ask.config)
    if obtained.result is None:
        return
    result, config = obtained.result, obtained.config
    assert isinstance(config, WhatIfConfig)
    _totals(result)
    say(lab, describe(result))
    figure = draw_differences(result, palette())
    show(figure, "memory_hardware_differences", describe(result),
         export=lambda: part_table(result))  # fmt: skip
    a, b = (result.number(f"per_token_ns_{side}") / 1e3 for side in "ab")
    explain(lab, "What if", a=f"{a:,.2f}", b=f"{b:,.2f}", difference=f"{b - a:+,.2f}")
    if config.tokens > 1:
        figure = draw_tokens(result, palette(), start=config.start)
        show(figure, "memory_hardware_both_tokens", figure.layout.meta["alt"],
             export=lambda: token_table(result))  # fmt: skip
    show_pair(result, config)
    show_constants(lab, ask.config)
    show_tornado(lab)
    show_estimates(lab)
    take_away(lab, experiment, obtained)


def _totals(result: Result) -> None:
    a, b = (result.number(f"per_token_ns_{side}") for side in "ab")
    for place, name, ns, pj, build, own, change in zip(
        st.columns(2, gap="large"),
        side_names(result),
        (a, b),
        (result.metrics["per_token_pj_a"], result.metrics["per_token_pj_b"]),
        result.notes["builds"],
        result.notes["assumed"],
        (None, b / a - 1),
        strict=True,
    ):
        with place:
            st.metric(
                name,
                f"{ns / 1e3:,.1f} µs a token",
                delta=None if change is None else f"{100 * change:+,.1f} % time",
                delta_color="inverse",
            )
            energy = si(pj * 1e-12, "J") + " a token" if isinstance(pj, float) else "not known"
            st.caption(f"{build}; energy {energy}")
            if own:
                badge(f"{len(own)} constants assumed", "assumed", ", ".join(own))


VIEW = View("What if?", whatif_settings, show_whatif)
