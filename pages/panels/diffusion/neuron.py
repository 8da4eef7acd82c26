"""The lower half of the atlas: one column of a layer, watched and switched off."""

from __future__ import annotations

import streamlit as st

from engine.core import Lab
from engine.labs.diffusion.config import NeuronConfig
from engine.labs.diffusion.views.neuron import (
    describe_prompts,
    describe_steps,
    draw_prompts,
    draw_steps,
    picture_grid,
)
from pages.kit import obtain, palette, say, section, show, show_pictures


def show_neuron(lab: Lab, settings: NeuronConfig) -> None:
    """Which prompts excite a column, at which steps and places, and pictures without it."""
    section(
        f"Column {settings.column}",
        "A neuron is an input channel of the layer: the column of weights that take it.",
    )
    result = obtain(lab, lab.experiment("neuron"), settings).result
    if result is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        show(draw_prompts(result, palette()), "diffusion_neuron_prompts", describe_prompts(result))
    with right:
        show(draw_steps(result, palette()), "diffusion_neuron_steps", describe_steps(result))
    say(lab, describe_prompts(result))
    say(lab, describe_steps(result))
    show_pictures(picture_grid(result, palette()), "diffusion_neuron_pictures", size=104)
    st.caption(
        "The map is the size of the column's input at every place, mean over the steps, on one "
        f"scale for all pictures. Prompts: {'; '.join(result.notes['prompts'])}. One seed "
        f"({result.notes['seed']})."
    )
