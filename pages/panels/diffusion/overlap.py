"""View 4: do the weights that copied prompts point to overlap more than others do?"""

from __future__ import annotations

import streamlit as st

from engine.core import Lab, Result
from engine.labs.diffusion.views.claims import overlap_claims
from engine.labs.diffusion.views.overlap import (
    IOU,
    draw_course,
    draw_matrix,
    matrix_limits,
    overlap_table,
)
from engine.labs.diffusion.views.overlap_table import (
    MEAN,
    Place,
    anything,
    group_names,
    layer_labels,
    model_names,
    moment_name,
    square,
)
from engine.labs.diffusion.views.overlap_words import (
    describe_course,
    describe_kinds,
    judge_copies,
    kinds_table,
)
from pages.kit import (
    View,
    choose,
    explain,
    linked,
    offer,
    palette,
    say,
    section,
    select,
    show,
    show_claims,
    take_away,
)
from pages.kit.asked import Asked, begin, settings
from pages.kit.components.matrix import matrix
from pages.panels.diffusion.overlap_pair import LAYER, STEP, choose_pair, chosen_pair, show_pair

REFERENCE = "diffusion.overlap_reference"
SPARSITY = "diffusion.overlap_sparsity"
REFERENCES = {
    "null": "the empty prompt",
    "unseen": "unseen titles",
    "scenes": "unseen scenes",
}


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
    show_pair(lab, result, place)
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
        selected=chosen_pair(result),
        on_select=choose_pair(result),
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
    show_claims(overlap_claims(result, place))


VIEW = View("Overlap of masks", settings("overlap"), show_overlap)
