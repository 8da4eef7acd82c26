"""From what a run of detection recorded to scores of classes; numbers only, for run and views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from engine.core import Result
from engine.labs.diffusion.detect.methods import METHODS, RECORDED, Scores

Scale = Literal["none", "all", "family"]
"""Scores as published, over the mean of all reference prompts, or over that of the family's."""
KNOWN = "reference_"


def offered(result: Result) -> tuple[str, ...]:
    """The methods whose recordings are there: edges need several seeds."""
    return tuple(name for name in METHODS if name != "edges" or name in result.fields)


def scores(result: Result, method: str, scale: Scale = "none") -> np.ndarray:
    """The scores of a method, (prompts, seeds)."""
    return METHODS[method].score(recorded(result, scale))


def recorded(result: Result, scale: Scale) -> Scores:
    """What was recorded, with the mean of the reference prompts that belongs to each prompt."""
    values = {name: result.array(name) for name in RECORDED if name in result.fields}
    rows = reference_rows(result, by_family=scale == "family")
    ordinary = {
        name: np.stack([held[kept].mean(0) for kept in rows])
        for name in values
        if (held := _reference(result, name)) is not None
    }
    updates = result.array(f"{KNOWN}update")
    ordinary["sd"] = np.stack([updates[kept].std(0, ddof=min(1, kept.sum() - 1)) for kept in rows])
    classes = result.array("class")
    return Scores(
        {name: array.astype(float) for name, array in values.items()},
        {name: array[classes][:, None] for name, array in ordinary.items()},
        scaled=scale != "none",
    )


def reference_rows(result: Result, *, by_family: bool) -> list[np.ndarray]:
    """For each class, which reference prompts count, bool; all where its family has none."""
    families = result.notes["families"]
    own = np.array([families.index(name) for name in result.notes["reference_families"]])
    found = []
    for row in result.notes["classes"]:
        kept = own == families.index(row["family"])
        found.append(kept if by_family and kept.any() else np.ones(len(own), bool))
    return found


def of_class(result: Result, names: Sequence[str]) -> np.ndarray:
    """Which prompts belong to the named classes, bool."""
    chosen = [at for at, row in enumerate(result.notes["classes"]) if row["name"] in names]
    return np.isin(result.array("class"), chosen)


def copied_names(result: Result) -> list[str]:
    """The classes that a detector should flag."""
    return [row["name"] for row in result.notes["classes"] if row["copied"]]


def ordinary_names(result: Result) -> list[str]:
    """The classes that it should leave alone."""
    return [row["name"] for row in result.notes["classes"] if not row["copied"]]


def _reference(result: Result, name: str) -> np.ndarray | None:
    field = result.fields.get(f"{KNOWN}{name}")
    return None if field is None else field.array.astype(float)
