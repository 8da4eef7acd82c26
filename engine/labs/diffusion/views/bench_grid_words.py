"""What a whole grid of cuts says, in sentences out of its numbers."""

from __future__ import annotations

from engine.core.claims import Standing
from engine.core.result import Result
from engine.core.units import percent
from engine.labs.diffusion.copying import EXTRACTED
from engine.labs.diffusion.views.bench import groups_of, of_cell, short, sparsities

SEED_SPARSITY = 0.01
"""That of the seed paper's scripts."""


def seed_cell(result: Result, tau: int) -> tuple[str, str, Standing] | None:
    """What the seed paper's sparsity does here, the verdict on it, and whether the claim shows.

    None where that sparsity is missing.
    """
    if SEED_SPARSITY not in sparsities(result):
        return None
    cell = of_cell(result, SEED_SPARSITY, tau)
    groups = groups_of(result.notes)
    total = cell.seeds * sum(group.count for group in groups)
    whole, cut = (cell.measure("extracted", mask) for mask in ("whole", "located"))
    before, after = int(whole.sum()), int(cut.sum())
    measured = (
        f"At 1 %, tau {tau}, {percent(cell.share)} of these weights are cut. Over SSIM "
        f"{EXTRACTED}: **{before} of {total}** samples before, **{after}** after; SSIM of set "
        + ", ".join(
            f"{group.name} {cell.mean('ssim', 'whole', group):.2f} to "
            f"{cell.mean('ssim', 'located', group):.2f}"
            for group in groups
        )
        + "."
    )
    if not before:
        return measured, "This model copies nothing, so 1 % has nothing to mitigate here.", "apart"
    standing: Standing = "holds" if after == 0 else "partly" if after < before else "not here"
    if after == 0:
        first = "At 1 % no copied picture comes out here any more, as claimed."
    elif after < before:
        first = f"At 1 % {before - after} of {before} copies no longer come out here; {after} do."
    else:
        first = "At 1 % every copy still comes out here: the claim does not show on this model."
    return measured, f"{first} {_enough(result, tau)}", standing


def _enough(result: Result, tau: int) -> str:
    """From which sparsity on no picture of the located set is over the line, if from any."""
    group = next(group for group in groups_of(result.notes) if group.located)
    for sparsity in sparsities(result)[1:]:
        over = of_cell(result, sparsity, tau).measure("extracted", "located", group)
        if not over.any():
            return (
                f"{percent(sparsity)} is the first stop at which none of {over.size} samples of "
                f"{group.name} does; other noises may."
            )
    most = sparsities(result)[-1]
    left = of_cell(result, most, tau).measure("extracted", "located", group)
    return f"Even at {percent(most)}, {int(left.sum())} of {left.size} samples of {group.name} do."


def describe_film(result: Result, tau: int, picture: int) -> str:
    """From which sparsity on a picture is under the line, and whether it keeps its neighbour."""
    cells = [of_cell(result, sparsity, tau) for sparsity in sparsities(result)]
    ssim = [float(cell.measure("ssim", "located")[0, picture]) for cell in cells]
    hits = [bool(cell.measure("nn_hit", "located")[0, picture]) for cell in cells]
    name = short(result.notes["captions"][picture])
    path = ", ".join(
        f"{value:.2f} at {percent(cell.sparsity)}" for value, cell in zip(ssim, cells, strict=True)
    )
    lost = [percent(cell.sparsity) for cell, hit in zip(cells, hits, strict=True) if not hit]
    nearest = (
        f"its nearest training picture is another one at {', '.join(lost)}"
        if lost
        else "its nearest training picture is the target throughout"
    )
    return f"“{name}”, first seed: SSIM {path}; {nearest}."


def describe_curves(result: Result, tau: int) -> str:
    """Copies and scenes at the grid's largest sparsity, beside the unpruned model."""
    first, last = (of_cell(result, sparsities(result)[at], tau) for at in (0, -1))
    group = next(group for group in first.groups if group.located)
    return (
        f"From the unpruned model to sparsity {percent(last.sparsity)}, {group.name}'s SSIM goes "
        f"from {first.mean('ssim', 'whole', group):.2f} to "
        f"{last.mean('ssim', 'located', group):.2f} "
        f"(at random {last.mean('ssim', 'random', group):.2f}), and scenes as told from "
        f"{percent(first.scenes('whole').mean())} to {percent(last.scenes('located').mean())} "
        f"(at random {percent(last.scenes('random').mean())})."
    )
