"""What the overlap's figures and sentences are made of: pairs by kind, random splits, a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import Result
from engine.labs.diffusion.layer_names import layer_label

WITHIN = "copied with copied"
ORDINARY = "ordinary with ordinary"
ACROSS = "copied with ordinary"
OTHER = "painting with scene"
SCENES = "scene with scene"
MEAN = -1
"""The layer that stands for the mean over all."""


@dataclass(frozen=True)
class Place:
    """What is looked at: positions in the result's axes; ``layer`` -1 is the mean over layers."""

    reference: int = 0
    sparsity: int = 0
    moment: int = 0
    layer: int = MEAN


def pair_values(result: Result, place: Place, model: int) -> np.ndarray:
    """The overlap of every pair (pairs,); nan where both masks are empty."""
    held = result.array("iou")[model, place.reference, place.sparsity, place.moment]
    values = held.astype(np.float64)
    return mean_of(values, 0) if place.layer == MEAN else values[place.layer]


def anything(result: Result, place: Place) -> bool:
    """Whether any mask of the first model holds a weight here."""
    return bool(np.isfinite(pair_values(result, place, 0)).any())


def square(result: Result, place: Place, model: int) -> np.ndarray:
    """The overlaps as a matrix (groups, groups); its diagonal is empty."""
    count = len(result.notes["groups"])
    matrix = np.full((count, count), np.nan)
    for (i, j), value in zip(result.notes["pairs"], pair_values(result, place, model), strict=True):
        matrix[i, j] = matrix[j, i] = value
    return matrix


def null_band(result: Result, place: Place, model: int) -> tuple[float, float, float]:
    """The 5th, 50th and 95th percentile of random splits; nan where no mask holds a weight."""
    if place.layer != MEAN:
        band = result.array("band")[model, place.reference, place.sparsity, place.moment]
        low, middle, high = band[place.layer].astype(float)
        return low, middle, high
    null = result.array("null")[model, place.reference, place.sparsity, place.moment]
    values = null.astype(np.float64)
    if not np.isfinite(values).any():
        return np.nan, np.nan, np.nan
    low, middle, high = np.nanpercentile(values, (5, 50, 95))
    return float(low), float(middle), float(high)


def kinds_of_pairs(result: Result) -> dict[str, list[int]]:
    """Positions of pairs by what they compare; kinds without a pair are left out.

    Ordinary groups count with the copied ones where their captions are of one family.
    """
    groups: list[dict[str, Any]] = result.notes["groups"]
    found: dict[str, list[int]] = {}
    for at, (i, j) in enumerate(result.notes["pairs"]):
        kind = _kind(groups[i], groups[j])
        if kind:
            found.setdefault(kind, []).append(at)
    order = (WITHIN, ORDINARY, ACROSS, OTHER, SCENES)
    return {kind: found[kind] for kind in order if kind in found}


def _kind(one: dict[str, Any], other: dict[str, Any]) -> str:
    scenes = [group["family"] == "scenes" for group in (one, other)]
    if all(scenes):
        return SCENES
    if any(scenes):
        return OTHER
    kinds = {one["kind"], other["kind"]}
    if "between" in kinds:
        return ""
    return ACROSS if len(kinds) == 2 else WITHIN if kinds == {"copied"} else ORDINARY


def mean_of(values: np.ndarray, axis: int) -> np.ndarray:
    """The mean of what is there; nan where nothing is."""
    held = np.isfinite(values)
    count = held.sum(axis)
    total = np.where(held, values, 0).sum(axis)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def moment_name(result: Result, moment: int) -> str:
    """A step from 1, or the first steps joined."""
    steps, joined = result.notes["steps"], result.notes["joined"]
    if moment < steps:
        return f"step {moment + 1} of {steps}"
    return f"the first {joined} steps joined" if joined > 1 else "the first step"


def layer_labels(result: Result) -> list[str]:
    """The layers in words, in running order."""
    return [layer_label(name) for name in result.notes["layer_names"]]


def layer_name(result: Result, layer: int) -> str:
    """A layer, or all."""
    names = layer_labels(result)
    return f"mean over {len(names)} layers" if layer == MEAN else names[layer]


def group_names(result: Result) -> list[str]:
    """The groups as their axes say them."""
    return [str(group["name"]) for group in result.notes["groups"]]


def model_names(result: Result) -> list[str]:
    """The models as a page says them."""
    known = {"default": "model", "twin": "twin"}
    return [known.get(name, name) for name in result.notes["models"]]
