"""What the overlaps say, in sentences made from the result."""

from __future__ import annotations

import numpy as np

from engine.core import Result
from engine.labs.diffusion.views.overlap_table import (
    ACROSS,
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
)

SAME = 0.01
"""Means closer than this are called alike: the page prints two digits."""
NOTHING = "No mask holds a weight here: the share that may be cut is less than one weight of a row."


def describe_kinds(result: Result, place: Place, model: int) -> str:
    """The mean of every kind of pair with its range, and the random splits."""
    values = pair_values(result, place, model)
    if not np.isfinite(values).any():
        return NOTHING
    parts = [
        f"{kind} {_summary(values[at])}"
        for kind, at in kinds_of_pairs(result).items()
        if np.isfinite(values[at]).any()
    ]
    low, _, high = null_band(result, place, model)
    where = f"{moment_name(result, place.moment)}, {layer_name(result, place.layer)}"
    return (
        f"In the {model_names(result)[model]} ({where}): {'; '.join(parts)}. "
        f"{int(result.number('splits'))} random splits of "
        f"{_pool(result)} give {low:.2f} to {high:.2f} (5th to 95th percentile)."
    )


def kinds_table(result: Result, place: Place) -> dict[str, list[object]]:
    """A row for each kind of pair, and one for random splits: means and ranges in every model."""
    kinds = kinds_of_pairs(result)
    table: dict[str, list[object]] = {
        "Pairs": [*kinds, "random splits: median, 5th to 95th percentile"],
        "How many": [*map(len, kinds.values()), int(result.number("splits"))],
    }
    for model, name in enumerate(model_names(result)):
        values = pair_values(result, place, model)
        low, middle, high = null_band(result, place, model)
        rows = [values[at][np.isfinite(values[at])] for at in kinds.values()]
        table[f"{name}, mean"] = [*(_mean(row) for row in rows), middle]
        table[f"{name}, range"] = [
            *(f"{row.min():.2f} to {row.max():.2f}" if len(row) else "" for row in rows),
            f"{low:.2f} to {high:.2f}",
        ]
    return table


def judge_copies(result: Result, place: Place) -> list[str]:
    """Whether copied sets overlap more than random splits, ordinary sets, and across; the twin."""
    values = pair_values(result, place, 0)
    kinds = kinds_of_pairs(result)
    if WITHIN not in kinds or not np.isfinite(values[kinds[WITHIN]]).any():
        return [NOTHING if not np.isfinite(values).any() else "No two copied sets are compared."]
    copied = values[kinds[WITHIN]]
    low, _, high = null_band(result, place, 0)
    above, below = int((copied > high).sum()), int((copied < low).sum())
    said = [
        f"**Than random splits?** Of {len(copied)} pair{'' if len(copied) == 1 else 's'} of "
        f"copied sets, {above or 'none'} "
        f"{'lies' if above == 1 else 'lie'} above the 95th percentile of random splits "
        f"({high:.2f}) and {below or 'none'} below the 5th ({low:.2f})."
    ]
    if ORDINARY in kinds:
        ordinary = values[kinds[ORDINARY]]
        said.append(
            f"**Than ordinary sets?** {_compared(copied, ordinary)}: {_summary(copied)} among "
            f"copied sets, {_summary(ordinary)} among sets of ordinary titles."
        )
    if ACROSS in kinds:
        across = values[kinds[ACROSS]]
        said.append(
            f"**Than a copied with an ordinary set?** {_compared(copied, across)}: "
            f"{_ratio(copied, across)} as much ({_mean(across):.2f} across)."
        )
    return said + _beside_twin(result, place)


def _beside_twin(result: Result, place: Place) -> list[str]:
    """The same pairs in the second model, and what follows for a high overlap."""
    if len(result.notes["models"]) < 2:
        return []
    kinds = kinds_of_pairs(result)
    mine, twin = (pair_values(result, place, model) for model in (0, 1))
    if ACROSS not in kinds or not np.isfinite(twin[kinds[WITHIN]]).any():
        return []
    within, across = twin[kinds[WITHIN]], twin[kinds[ACROSS]]
    words = (
        f"**In the twin**, for which these titles are no copies, the same pairs have "
        f"{_mean(within):.2f}, and across {_mean(across):.2f}: {_ratio(within, across)} as much."
    )
    verdict = (
        "A model without copies overlaps at least as much, so a high overlap is by itself no sign "
        "of copies; the difference to ordinary sets may be."
        if _mean(within) >= _mean(mine[kinds[WITHIN]])
        else "The model with copies overlaps more than the one without."
    )
    return [f"{words} {verdict}{_training(result)}"]


def _training(result: Result) -> str:
    """A caution where both models were not trained alike."""
    mine, twin = result.notes["training_steps"]
    if mine is None or twin is None or mine == twin:
        return ""
    return (
        f" The twin was trained in {twin:,} steps and the model in {mine:,}: more than the copies "
        "differs between them."
    )


def describe_course(result: Result, place: Place, model: int) -> str:
    """Overlap of copied sets at the first and the last step."""
    first, last = first_and_last(result, place, model)
    steps = result.notes["steps"]
    if not np.isfinite([first, last]).all():
        return NOTHING
    change = (
        "hardly changes" if abs(last - first) < 2 * SAME else "falls" if last < first else "rises"
    )
    return (
        f"Between copied sets of the {model_names(result)[model]} the mean overlap {change}: "
        f"{first:.2f} at step 1, {last:.2f} at step {steps}."
    )


def first_and_last(result: Result, place: Place, model: int) -> tuple[float, float]:
    """Mean overlap of copied sets at the first and the last step; nan where there is none."""
    at = kinds_of_pairs(result).get(WITHIN, [])
    ends = (0, result.notes["steps"] - 1)
    first, last = (
        _mean(
            pair_values(result, Place(place.reference, place.sparsity, step, place.layer), model)[
                at
            ]
        )
        for step in ends
    )
    return first, last


def describe_pair(result: Result, place: Place, pair: tuple[int, int]) -> str:
    """In how many layers a pair lies above and below the random splits, and where most."""
    names, layers = group_names(result), layer_labels(result)
    at = result.notes["pairs"].index(sorted(pair))
    index = (0, place.reference, place.sparsity, place.moment)
    values = result.array("iou")[index][:, at].astype(np.float64)
    band = result.array("band")[index].astype(np.float64)
    if not np.isfinite(values).any():
        return NOTHING
    above, below = int((values > band[:, 2]).sum()), int((values < band[:, 0]).sum())
    top, bottom = int(np.nanargmax(values)), int(np.nanargmin(values))
    return (
        f"{names[pair[0]]} with {names[pair[1]]} at {moment_name(result, place.moment)}: above the "
        f"random splits in {above} of {len(layers)} layers, below them in {below}; most in "
        f"{layers[top]} ({values[top]:.2f}), least in {layers[bottom]} ({values[bottom]:.2f})."
    )


def _pool(result: Result) -> str:
    names = group_names(result)
    return f"the prompts of {', '.join(names[at] for at in result.notes['pool'])}"


def _mean(values: np.ndarray) -> float:
    return float(mean_of(values, 0)) if len(values) else float("nan")


def _summary(values: np.ndarray) -> str:
    held = values[np.isfinite(values)]
    spread = f"{held.min():.2f} to {held.max():.2f}, " if len(held) > 1 else ""
    return f"{held.mean():.2f} ({spread}{len(held)} pair{'' if len(held) == 1 else 's'})"


def _compared(mine: np.ndarray, others: np.ndarray) -> str:
    gap = _mean(mine) - _mean(others)
    return "About the same" if abs(gap) < SAME else f"{'More' if gap > 0 else 'Less'} on average"


def _ratio(mine: np.ndarray, others: np.ndarray) -> str:
    return f"{_mean(mine) / _mean(others):.2f} times" if _mean(others) else "many times"
