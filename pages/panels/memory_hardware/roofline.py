"""The roofline of one token: what the banks and the pins allow, and what is reached."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.memory_hardware.config import GenerationConfig, SpeedupConfig
from engine.labs.memory_hardware.roofline import parts, roofs
from engine.labs.memory_hardware.views.roofline import (
    describe_parts,
    describe_pins,
    draw_busy,
    draw_roofline,
    part_table,
)
from pages.kit import explain, form, linked, palette, say, section, select, show
from pages.panels.memory_hardware.scene import compiler_of

CONTEXT = "memory_hardware.context"
USUAL = 512


def show_roofline(lab: Lab, config: SpeedupConfig) -> None:
    """Ceilings and products of the chosen model at one length of context."""
    section(
        "Roofline of a token",
        "Every product of a token twice: by the bytes that come out of the rows, and by the bytes "
        "that cross the pins. A circle lies below its line by what is lost to opening rows, to "
        "columns that are not full and to the link: half as high is twice the time.",
    )
    asked = form(lab, lab.experiment("generation"), fields=("head",), layout="row")
    assert isinstance(asked, GenerationConfig)
    compiler = compiler_of(asked)
    if compiler is None:
        return
    context = _context(config.tokens)
    found, roof = parts(compiler, context), roofs(compiler)
    where = f"{compiler.device.title}; {compiler.shape.name}, {context:,} tokens of context"
    figure = draw_roofline(found, roof, palette(), gpu_gb_per_s=config.gpu_gb_per_s, subtitle=where)
    show(figure, "memory_hardware_roofline", figure.layout.meta["alt"],
         export=lambda: part_table(found))  # fmt: skip
    say(lab, describe_pins(found, roof))
    figure = draw_busy(found, palette())
    show(figure, "memory_hardware_busy", figure.layout.meta["alt"],
         export=lambda: part_table(found))  # fmt: skip
    say(lab, describe_parts(found, roof))
    explain(lab, "Roofline", pins=f"{roof.pins:,.0f}", macs=f"{roof.macs:,.0f}")


def _context(most: int) -> int:
    context = linked(CONTEXT, min(USUAL, most), low=1, high=most)
    if most > 1:
        widget = f"{CONTEXT}#slider"
        st.session_state[widget] = context
        st.slider(
            "Context of the token, with itself (tokens)",
            1,
            most,
            key=widget,
            on_change=lambda: select(CONTEXT, st.session_state[widget]),
        )
    return context
