"""What the duplication ladder shows, in sentences that are computed from it."""

from __future__ import annotations

import numpy as np

from engine.core.units import percent
from engine.labs.diffusion.views.ladder_table import (
    EXTRACTED,
    SCENES,
    Ladder,
    lowest_to_highest,
)


def describe_ladder(ladder: Ladder) -> str:
    """How many samples of each rung are extracted, and between which rungs half of them are."""
    rungs = [rung for rung in ladder.rungs("extracted") if rung > 0]
    parts = [
        f"{int(over.sum())} of {over.size} with {rung} {'copy' if rung == 1 else 'copies'}"
        for rung in reversed(rungs)
        for over in [ladder.on(rung, "extracted")]
    ]
    return f"Extracted samples ({ladder.name}, {seeds_said(ladder.seeds)}): {', '.join(parts)}."


def describe_step(ladder: Ladder) -> str:
    """Between which rungs the extraction rate passes one half, and why no curve is fitted."""
    rungs = [rung for rung in ladder.rungs("extracted") if rung > 0]
    rate = [float(ladder.on(rung, "extracted").mean()) for rung in rungs]
    over = [rung for rung, value in zip(rungs, rate, strict=True) if value >= 0.5]
    if not over:
        return "No rung has half of its samples extracted."
    under = [rung for rung in rungs if rung < min(over)]
    where = f"between {max(under)} and {min(over)} copies" if under else "on the lowest rung"
    between = sum(0.02 < value < 0.98 for value in rate)
    said = f"The rate passes one half {where}."
    if between < 2:
        said += (
            f" {between} of {len(rungs)} rungs lie between 2 and 98 %: too few to tell how steep "
            "the rise is, so that no curve is fitted."
        )
    else:
        said += " No curve is fitted: the line joins the means of the rungs."
    return said


def describe_twin(ladder: Ladder, twin: Ladder) -> str:
    """What the twin, trained on the same pictures once each, extracts of the rungs."""
    ours, theirs = (
        np.concatenate([one.on(rung, "extracted").ravel() for rung in one.rungs("extracted")
                        if rung > 0])
        for one in (ladder, twin)
    )  # fmt: skip
    return (
        f"On all rungs: {ladder.name} {int(ours.sum())} of {ours.size} samples extracted; "
        f"{twin.name}, for which all of these pictures are trained once, "
        f"{int(theirs.sum())} of {theirs.size}."
    )


def describe_leak(ladder: Ladder, drawn: np.ndarray) -> str:
    """How often prompts that were never trained give a training picture, beside what is due."""
    parts = []
    for rung, prompts, drawings in (
        (0, "titles that were never trained", "the paintings that belong to these titles"),
        (SCENES, "held-out scenes", "freshly drawn pictures of these scenes"),
    ):
        leaks = ladder.on(rung, "ssim_nearest") > EXTRACTED
        if not leaks.size:
            continue
        due = drawn[ladder.copies == rung] > EXTRACTED
        by_seed = lowest_to_highest(leaks.mean(axis=1))
        parts.append(
            f"Of {leaks.size} samples for {prompts} {int(leaks.sum())} "
            f"({percent(float(leaks.mean()))}; by seed {by_seed}) are nearer than SSIM "
            f"{EXTRACTED:g} to some training picture; of {drawings} {int(due.sum())} of {due.size} "
            "are."
        )
    return " ".join(parts)


def seeds_said(count: int) -> str:
    """A number of sampling seeds in words."""
    return f"{count} sampling seed" + ("" if count == 1 else "s")
