"""One pair of the overlap's matrix, layer by layer."""

from __future__ import annotations

from collections.abc import Callable

from engine.core import Lab, Result
from engine.labs.diffusion.views.overlap import (
    IOU,
    draw_profile,
    draw_steps_by_layers,
    pair_position,
    steps_by_layers,
)
from engine.labs.diffusion.views.overlap_table import (
    MEAN,
    WITHIN,
    Place,
    group_names,
    kinds_of_pairs,
    layer_labels,
    model_names,
)
from engine.labs.diffusion.views.overlap_words import describe_pair
from pages.kit import linked, offer, palette, say, section, select, show
from pages.kit.components.matrix import Selection, matrix

STEP = "diffusion.overlap_step"
LAYER = "diffusion.overlap_layer"
PAIR = "diffusion.overlap_pair"


def chosen_pair(result: Result) -> tuple[int, int]:
    """The pair in the link; two copied sets at first."""
    count = len(result.notes["groups"])
    first = kinds_of_pairs(result).get(WITHIN, [0])[0]
    i, j = result.notes["pairs"][first]
    at = linked(PAIR, i * count + j, low=0, high=count * count - 1)
    row, column = divmod(at, count)
    return (row, column) if row != column else (i, j)


def choose_pair(result: Result) -> Callable[[Selection], None]:
    """What a click on the matrix does: the pair goes into the link."""
    count = len(result.notes["groups"])

    def chosen(selection: Selection) -> None:
        if selection.row != selection.column:
            select(PAIR, selection.row * count + selection.column)

    return chosen


def show_pair(lab: Lab, result: Result, place: Place) -> None:
    """The overlap of the chosen pair in every layer, then at every step and layer."""
    pair = chosen_pair(result)
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
