"""View 6: is a mask a few neurons? All weights of a layer by score, and one of its columns."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.config import AtlasConfig, NeuronConfig
from engine.labs.diffusion.views.atlas import (
    column_table,
    describe_columns,
    describe_rows,
    describe_scores,
    draw_columns,
    draw_mask,
    draw_rows,
    draw_scores,
    mask_values,
)
from engine.labs.diffusion.views.atlas_table import SIDES, Scored, Spot, control, layer_at, score
from pages.kit import (
    View,
    choose,
    explain,
    field_key,
    form,
    linked,
    obtain,
    offer,
    palette,
    say,
    section,
    select,
    set_values,
    show,
    take_away,
)
from pages.kit.components.matrix import Selection, matrix
from pages.panels.diffusion.neuron import show_neuron

SIDE = "diffusion.atlas_side"
SPARSITY = "diffusion.atlas_sparsity"
STEP = "diffusion.atlas_step"
SPARSITIES = {"0.01": "1%", "0.05": "5%", "0.2": "20%"}


@dataclass(frozen=True)
class Atlas:
    """The lab, what the atlas is asked, and which neuron is looked at."""

    lab: Lab
    settings: AtlasConfig
    neuron: NeuronConfig


def atlas_settings(lab: Lab) -> Atlas:
    """The left column: prompts, site, and the column that is watched."""
    settings = form(lab, lab.experiment("atlas"))
    # Fields of the same names are shared: only what the atlas lacks is drawn.
    neuron = form(lab, lab.experiment("neuron"), fields=("neuron_layer", "column", "pictures"))
    assert isinstance(settings, AtlasConfig) and isinstance(neuron, NeuronConfig)
    return Atlas(lab, settings, neuron)


def show_atlas(scene: Atlas) -> None:
    """Scores of a layer, its mask by columns and rows, and the chosen neuron."""
    lab, experiment = scene.lab, scene.lab.experiment("atlas")
    section(
        "Neuron atlas",
        "Is a mask a few neurons, that is whole columns of a layer, or is it spread over all of "
        "them? Choose a layer and a step, then a cell for its column.",
    )
    obtained = obtain(lab, experiment, scene.settings)
    if obtained.result is None:
        return
    result = obtained.result
    spot, column = _choose_spot(lab, result)
    scored = score(result, spot)
    _scores(lab, result, spot, scored, column)
    _mask(lab, result, spot, scored, column)
    show_neuron(lab, scene.neuron)
    take_away(lab, experiment, obtained)


def _key(lab: Lab, name: str) -> str:
    return field_key(lab, lab.experiment("neuron"), name)


def _choose_spot(lab: Lab, result: Result) -> tuple[Spot, int]:
    """Layer, step, reference and sparsity; the layer and the column are the neuron's."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        side = choose("Compared with", SIDES, SIDE)
        sparsity = choose("Sparsity", SPARSITIES, SPARSITY, default="0.2")
    numbers = result.notes["numbers"]
    asked = int(st.session_state.get(_key(lab, "neuron_layer"), 0))
    layer = numbers.index(asked) if asked in numbers else 0
    left, right = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
    widget = "diffusion.atlas_layer#menu"
    st.session_state[widget] = layer
    with left:
        st.selectbox(
            "Layer, in running order",
            list(range(len(numbers))),
            format_func=lambda at: f"{numbers[at]}: {layer_at(result, at)}",
            key=widget,
            on_change=_take_layer,
            args=(lab, result, side, float(sparsity), widget),
        )
    steps = result.notes["steps"]
    step = linked(STEP, 0, low=0, high=steps - 1)
    slider = f"{STEP}#slider"
    st.session_state[slider] = step + 1
    with right:
        st.slider(
            "Step",
            1,
            steps,
            key=slider,
            on_change=lambda: select(STEP, int(st.session_state[slider]) - 1),
            help="1 is the noisiest",
        )
    channels = result.notes["shapes"][layer][2]
    column = int(st.session_state.get(_key(lab, "column"), 0))
    return Spot(layer, step, side, float(sparsity)), min(column, channels - 1)


def _take_layer(lab: Lab, result: Result, side: str, sparsity: float, widget: str) -> None:
    """Another layer, with the column that is cut most in it."""
    layer = st.session_state[widget]
    spot = Spot(layer, linked(STEP, 0, low=0, high=result.notes["steps"] - 1), side, sparsity)
    values = {
        "neuron_layer": result.notes["numbers"][layer],
        "column": int(score(result, spot).cuts.argmax()),
    }
    set_values(lab, lab.experiment("neuron"), values)


def _scores(lab: Lab, result: Result, spot: Spot, scored: Scored, column: int) -> None:
    found = describe_scores(result, spot, scored)
    show(
        draw_scores(result, palette(), spot=spot, scored=scored, column=column),
        "diffusion_atlas_scores",
        found,
    )
    say(lab, found)


def _mask(lab: Lab, result: Result, spot: Spot, scored: Scored, column: int) -> None:
    section("A few columns, or spread?")
    found = describe_scores(result, spot, scored)
    values = mask_values(scored)
    if scored.mask.any():

        def choose_column(selection: Selection) -> None:
            channel = int(scored.channels[selection.column])
            numbers = {"neuron_layer": result.notes["numbers"][spot.layer], "column": channel}
            set_values(lab, lab.experiment("neuron"), numbers)

        matrix(
            values,
            key="diffusion_atlas_mask",
            palette=palette(),
            title=f"Cut weights of {layer_at(result, spot.layer)}; the others are empty",
            row_title="Row",
            column_title="Column",
            value="Score",
            selected=(0, int((scored.channels == column).argmax())),
            on_select=choose_column,
            height=240,
            alt=found,
        )
        colours = palette()
        offer(
            "diffusion_atlas_mask",
            lambda: draw_mask(result, colours, spot=spot, scored=scored),
            found,
        )
    everywhere, allowed = control(scored), control(scored, scored.more)
    words = describe_columns(scored, everywhere, allowed)
    show(
        draw_columns(
            result, palette(), spot=spot, scored=scored, everywhere=everywhere, allowed=allowed
        ),
        "diffusion_atlas_columns",
        words,
        export=lambda: column_table(scored, everywhere),
    )
    say(lab, words)
    show(
        draw_rows(result, palette(), spot=spot, scored=scored),
        "diffusion_atlas_rows",
        describe_rows(spot, scored),
    )
    say(lab, describe_rows(spot, scored))
    explain(lab, "Columns as neurons")


VIEW = View("Neuron atlas", atlas_settings, show_atlas)
