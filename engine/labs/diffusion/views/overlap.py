"""The overlap of masks: matrices, kinds of pairs over the steps, one pair layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.core import Result
from engine.figures import Palette, Series, axis, heatmap, lines
from engine.figures.lines import Event
from engine.labs.diffusion.views.overlap_table import (
    ACROSS,
    MEAN,
    ORDINARY,
    WITHIN,
    Place,
    group_names,
    kinds_of_pairs,
    layer_labels,
    layer_name,
    mean_of,
    model_names,
    moment_name,
    null_band,
    pair_values,
    square,
)
from engine.labs.diffusion.views.overlap_words import describe_course, describe_kinds, describe_pair

IOU = "Overlap (IoU)"
PERCENTILES = "random splits from the 5th to the 95th percentile"


def draw_matrix(
    result: Result, palette: Palette, *, place: Place, model: int, limits: tuple[float, float]
) -> go.Figure:
    """One model's matrix with its numbers in the cells."""
    values = square(result, place, model)
    names = group_names(result)
    figure = heatmap(
        values,
        palette,
        title=f"Overlap of masks, {model_names(result)[model]}",
        subtitle=f"{moment_name(result, place.moment)}, {layer_name(result, place.layer)}",
        x="Set",
        y="Set",
        value=IOU,
        x_labels=names,
        y_labels=names,
        limits=limits,
        alt=describe_kinds(result, place, model),
        height=140 + 34 * len(names),
    )
    text = [["" if np.isnan(value) else f"{value:.2f}" for value in row] for row in values]
    return figure.update_traces(text=text, texttemplate="%{text}", selector={"type": "heatmap"})


def matrix_limits(result: Result, place: Place) -> tuple[float, float]:
    """From 0 to the largest overlap of all models and steps, so that colours can be compared."""
    held = result.array("iou")[:, place.reference, place.sparsity].astype(np.float64)
    values = mean_of(held, 2) if place.layer == MEAN else held[:, :, place.layer]
    return 0.0, float(np.nanmax(values)) if np.isfinite(values).any() else 1.0


def draw_course(result: Result, palette: Palette, *, place: Place, model: int) -> go.Figure:
    """Mean overlap of every kind of pair of paintings over the steps, with random splits."""
    steps = result.notes["steps"]
    at = np.arange(1, steps + 1)
    over = [Place(place.reference, place.sparsity, step, place.layer) for step in range(steps)]
    values = np.stack([pair_values(result, each, model) for each in over])  # steps pairs
    bands = np.array([null_band(result, each, model) for each in over])
    kinds = kinds_of_pairs(result)
    series = [
        Series(kind, at, mean_of(values[:, kinds[kind]], 1), category=slot)
        for slot, kind in enumerate((WITHIN, ORDINARY, ACROSS))
        if kind in kinds
    ]
    series.append(
        Series("random splits, median", at, bands[:, 1], bands[:, 0], bands[:, 2], category=6)
    )
    return lines(
        series,
        palette,
        title=f"Overlap over the steps, {model_names(result)[model]}",
        subtitle=f"{layer_name(result, place.layer)}; lines are means over pairs",
        x=axis("Step", "1"),
        y=axis(IOU, limits=(0, 1)),
        band=PERCENTILES,
        events=[Event(place.moment + 1, "shown")] if place.moment < steps else (),
        alt=describe_course(result, place, model),
    )


def draw_profile(
    result: Result, palette: Palette, *, place: Place, pair: tuple[int, int]
) -> go.Figure:
    """One pair layer by layer in every model, with the first one's random splits."""
    at = pair_position(result, pair)
    names = layer_labels(result)
    layers = np.arange(len(names))
    index = (place.reference, place.sparsity, place.moment)
    band = result.array("band")[(0, *index)].astype(np.float64)
    series = [
        Series(
            f"{group_names(result)[pair[0]]} with {group_names(result)[pair[1]]}, {name}",
            layers,
            result.array("iou")[(model, *index)][:, at].astype(np.float64),
            category=model,
        )
        for model, name in enumerate(model_names(result))
    ]
    series.append(
        Series(
            f"random splits, {model_names(result)[0]}, median",
            layers, band[:, 1], band[:, 0], band[:, 2], category=6,
        )
    )  # fmt: skip
    figure = lines(
        series,
        palette,
        title=f"Layer by layer: {_pair_name(result, pair)}",
        subtitle=moment_name(result, place.moment),
        x=axis("Layer, in running order"),
        y=axis(IOU, limits=(0, 1)),
        band=PERCENTILES,
        events=[Event(place.layer, "shown")] if place.layer != MEAN else (),
        alt=describe_pair(result, place, pair),
        height=400,
    )
    return figure.update_xaxes(
        tickmode="array", tickvals=list(layers), ticktext=names, tickangle=-60
    )


def steps_by_layers(result: Result, place: Place, pair: tuple[int, int]) -> np.ndarray:
    """The overlap of one pair in the first model: (layers, steps)."""
    held = result.array("iou")[
        0, place.reference, place.sparsity, :, :, pair_position(result, pair)
    ]
    return held[: result.notes["steps"]].astype(np.float64).T


def draw_steps_by_layers(
    result: Result, palette: Palette, *, place: Place, pair: tuple[int, int]
) -> go.Figure:
    """The overlap of one pair at every step and layer."""
    values = steps_by_layers(result, place, pair)
    return heatmap(
        values,
        palette,
        title=f"Every step and layer: {_pair_name(result, pair)}",
        x="Step",
        y="Layer, in running order",
        value=IOU,
        x_labels=[str(step + 1) for step in range(values.shape[1])],
        y_labels=layer_labels(result),
        alt=describe_pair(result, place, pair),
    )


def pair_position(result: Result, pair: tuple[int, int]) -> int:
    """Where a pair of groups stands on the axis of pairs, whichever comes first."""
    return result.notes["pairs"].index(sorted(pair))


def overlap_table(result: Result, place: Place) -> dict[str, list[Any]]:
    """A row for each pair: its overlap in every model."""
    names = group_names(result)
    table: dict[str, list[Any]] = {
        "set": [names[i] for i, _ in result.notes["pairs"]],
        "other set": [names[j] for _, j in result.notes["pairs"]],
    }
    for model, name in enumerate(model_names(result)):
        table[f"overlap, {name}"] = pair_values(result, place, model).tolist()
    return table


def _pair_name(result: Result, pair: tuple[int, int]) -> str:
    names = group_names(result)
    return f"{names[pair[0]]} with {names[pair[1]]}"
