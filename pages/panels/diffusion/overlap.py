"""View 4: do the weights that copied prompts point to overlap more than others do?"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.views.overlap import (
    IOU,
    draw_course,
    draw_matrix,
    draw_profile,
    draw_steps_by_layers,
    matrix_limits,
    overlap_table,
    pair_position,
    steps_by_layers,
)
from engine.labs.diffusion.views.overlap_table import (
    MEAN,
    WITHIN,
    Place,
    anything,
    group_names,
    kinds_of_pairs,
    layer_labels,
    model_names,
    moment_name,
    square,
)
from engine.labs.diffusion.views.overlap_words import (
    describe_course,
    describe_kinds,
    describe_pair,
    first_and_last,
    judge_copies,
    kinds_table,
)
from pages.kit import (
    choose,
    claim,
    explain,
    linked,
    offer,
    palette,
    say,
    section,
    select,
    show,
    take_away,
)
from pages.kit.components.matrix import Selection, matrix
from pages.panels.diffusion.scene import Asked, View, begin, settings

REFERENCE = "diffusion.overlap_reference"
SPARSITY = "diffusion.overlap_sparsity"
STEP = "diffusion.overlap_step"
LAYER = "diffusion.overlap_layer"
PAIR = "diffusion.overlap_pair"
REFERENCES = {
    "null": "the empty prompt",
    "unseen": "unseen titles",
    "scenes": "unseen scenes",
}
NOTEBOOK = "Notebook of the authors' code, github.com/ruchikachavhan/concept-prune"


def show_overlap(scene: Asked) -> None:
    """The matrices of both models, kinds of pairs over the steps, and one pair in detail."""
    lab = scene.lab
    found = begin(
        scene,
        "Overlap of masks",
        "A mask is what a group of prompts points to. If copies shared a subspace of their own, "
        "masks of copied sets would overlap more than masks of ordinary sets do.",
    )
    if found is None:
        return
    obtained, result = found
    place = _choose_place(result)
    _matrices(lab, result, place)
    for sentence in judge_copies(result, place):
        say(lab, f"- {sentence}")
    explain(lab, "Overlap of two masks")
    explain(lab, "Reading an overlap")
    _course(lab, result, place)
    _pair(lab, result, place)
    take_away(lab, scene.experiment, obtained)


def _choose_place(result: Result) -> Place:
    """Reference, sparsity, layer and step, all of them in the link."""
    references, sparsities = list(result.notes["references"]), result.notes["sparsities"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reference = choose(
            "Compared with", {name: REFERENCES[name] for name in references}, REFERENCE
        )
        labels = {f"{share:g}": f"{share:.0%}" for share in sparsities}
        sparsity = choose("Sparsity", labels, SPARSITY, default=list(labels)[-1])
    names = layer_labels(result)
    layers = {"mean": "mean over all", **{str(at): name for at, name in enumerate(names)}}
    left, right = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
    with left:
        layer = choose("Layer, in running order", layers, LAYER, menu=True)
    moments = result.notes["steps"] + 1
    moment = linked(STEP, 0, low=0, high=moments - 1)
    widget = f"{STEP}#slider"
    st.session_state[widget] = moment
    with right:
        st.select_slider(
            "Step",
            list(range(moments)),
            format_func=lambda at: str(at + 1) if at < moments - 1 else "joined",
            key=widget,
            on_change=lambda: select(STEP, int(st.session_state[widget])),
            help=f"1 is the noisiest; the last stop is {moment_name(result, moments - 1)}",
        )
    return Place(
        references.index(reference),
        list(labels).index(sparsity),
        moment,
        MEAN if layer == "mean" else int(layer),
    )


def _matrices(lab: Lab, result: Result, place: Place) -> None:
    names, models = group_names(result), model_names(result)
    panels = {name: square(result, place, at) for at, name in enumerate(models)}
    limits = matrix_limits(result, place)
    found = describe_kinds(result, place, 0)
    matrix(
        panels,
        key="diffusion_overlap",
        palette=palette(),
        title="Overlap of the masks of every two groups",
        row_title="Set",
        column_title="Set",
        value=IOU,
        row_labels=names,
        column_labels=names,
        limits=limits,
        selected=_chosen(result),
        on_select=_choose_pair(result),
        height=330,
        alt=found,
    )
    size = int(result.number("prompts_a_group"))
    st.caption(
        f"{size} prompts a group, one noise each (seed {result.notes['seed']}); "
        f"{result.notes['site']}; i and ii are two parts of one set. Choose a cell for its layers."
    )
    colours = palette()
    for at, column in enumerate(st.columns(len(models))):
        with column:
            offer(
                f"diffusion_overlap_{at}",
                lambda at=at: draw_matrix(result, colours, place=place, model=at, limits=limits),
                describe_kinds(result, place, at),
                lambda: overlap_table(result, place),
                label=f"Export: {models[at]}" if len(models) > 1 else "Export",
            )
    if not anything(result, place):
        return
    st.dataframe(
        kinds_table(result, place),
        hide_index=True,
        width="stretch",
        column_config={
            f"{name}, mean": st.column_config.NumberColumn(format="%.2f") for name in models
        },
    )
    pool = ", ".join(names[at] for at in result.notes["pool"])
    st.caption(f"Random splits draw two groups of {size} from the prompts of {pool}.")


def _chosen(result: Result) -> tuple[int, int]:
    """The pair in the link; two copied sets at first."""
    count = len(result.notes["groups"])
    first = kinds_of_pairs(result).get(WITHIN, [0])[0]
    i, j = result.notes["pairs"][first]
    at = linked(PAIR, i * count + j, low=0, high=count * count - 1)
    row, column = divmod(at, count)
    return (row, column) if row != column else (i, j)


def _choose_pair(result: Result) -> Callable[[Selection], None]:
    count = len(result.notes["groups"])

    def chosen(selection: Selection) -> None:
        if selection.row != selection.column:
            select(PAIR, selection.row * count + selection.column)

    return chosen


def _course(lab: Lab, result: Result, place: Place) -> None:
    section("Over the steps")
    for model, column in enumerate(st.columns(len(result.notes["models"]), gap="large")):
        with column:
            show(
                draw_course(result, palette(), place=place, model=model),
                f"diffusion_overlap_course_{model}",
                describe_course(result, place, model),
            )
    say(lab, describe_course(result, place, 0))
    first, last = first_and_last(result, place, 0)
    if result.notes["steps"] < 2 or isnan(first):
        return
    claim(
        "Mean overlap of the masks of different memorized sets, first to last of 51 steps of "
        "Stable Diffusion, reference the empty prompt",
        f"{first:.2f} to {last:.2f} over {result.notes['steps']} steps of this model, at the "
        "reference, sparsity and layer chosen above",
        NOTEBOOK,
        "Context only: another model, other prompts.",
        published="0.51 to 0.38, as plotted",
        mark="authors' code, not the paper",
        caveat="The code's average takes in the zeros of the matrix's diagonal; without them, we "
        "derive about 0.63 to 0.48. It has no sets of ordinary prompts to compare with.",
    )


def _pair(lab: Lab, result: Result, place: Place) -> None:
    pair = _chosen(result)
    names = group_names(result)
    section("One pair, layer by layer")
    figure = draw_profile(result, palette(), place=place, pair=pair)
    found = describe_pair(result, place, pair)
    at = pair_position(result, pair)
    index = (place.reference, place.sparsity, place.moment)
    show(
        figure,
        "diffusion_overlap_profile",
        found,
        export=lambda: {
            "layer": layer_labels(result),
            **{
                f"overlap, {name}": result.array("iou")[(model, *index)][:, at].astype(float)
                for model, name in enumerate(model_names(result))
            },
        },
    )
    say(lab, found)
    values = steps_by_layers(result, place, pair)
    if values.shape[1] < 2:
        return
    chosen = (
        (place.layer, place.moment)
        if place.layer != MEAN and place.moment < values.shape[1]
        else None
    )

    def choose_cell(selection: Selection) -> None:
        select(LAYER, str(selection.row))
        select(STEP, selection.column)

    matrix(
        values,
        key="diffusion_overlap_steps",
        palette=palette(),
        title=f"{names[pair[0]]} with {names[pair[1]]} at every step and layer",
        row_title="Layer, in running order",
        column_title="Step",
        value=IOU,
        row_labels=layer_labels(result),
        column_labels=[str(step + 1) for step in range(values.shape[1])],
        selected=chosen,
        on_select=choose_cell,
        height=420,
        alt=found,
    )
    colours = palette()
    offer(
        "diffusion_overlap_steps",
        lambda: draw_steps_by_layers(result, colours, place=place, pair=pair),
        found,
    )


VIEW = View("Overlap of masks", settings("overlap"), show_overlap)
