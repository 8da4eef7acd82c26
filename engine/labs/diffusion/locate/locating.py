"""From prompts to a mask, in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.core import BadInput
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.sites import find_site, layers
from engine.labs.diffusion.locate.statistics import Half, Statistics, measure
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.sampler import GUIDANCE, STEPS

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class How:
    """Everything about locating but the prompts.

    A mask joins the steps from ``first`` (0 is the noisiest) up to, without it, ``tau``.
    """

    sparsity: float = 0.2
    tau: int = 5
    first: int = 0
    site: str = "ff_out"
    half: Half = "conditional"
    seed: int = 0
    count: int = STEPS
    guidance: float = GUIDANCE


def locate(
    pipeline: Pipeline,
    sets: Sequence[Sequence[str]],
    how: How,
    *,
    reference: Sequence[str] | None = None,
    at_least: int = 1,
    without: Sequence[Sequence[str]] = (),
    progress: Progress | None = None,
) -> Masks:
    """The weights that at least ``at_least`` of the prompt sets point to, and none of ``without``.

    ``reference`` are the prompts compared with; None takes, for each set, as many empty prompts.
    ``progress`` is told sets done and all, batch after batch; it may raise to stop.
    """
    masking.check_sparsity(how.sparsity)
    if how.tau >= 1 and not 0 <= how.first < how.tau:
        raise BadInput("first", f"must be from 0 to {how.tau - 1}, below tau (got {how.first})")
    if not sets:
        raise BadInput("prompts", "at least one set of prompts is needed")
    if not 1 <= at_least <= len(sets):
        raise BadInput(
            "at-least", f"must be from 1 to {len(sets)}, the number of sets (got {at_least})"
        )
    weights = layers(pipeline, find_site(how.site))
    every = [*sets, *without]
    references: dict[tuple[str, ...], Statistics] = {}
    found = []
    for done, prompts in enumerate(every):

        def tell(_: int, __: int, done: int = done) -> None:
            if progress is not None:
                progress(done, len(every))

        rivals = tuple(reference) if reference is not None else ("",) * len(prompts)
        if rivals not in references:
            references[rivals] = watch(pipeline, rivals, how, tell)
        chosen = watch(pipeline, prompts, how, tell)
        found.append(
            masking.select(
                weights,
                chosen,
                references[rivals],
                sparsity=how.sparsity,
                half=how.half,
                first=how.first,
            )
        )
    mine, others = found[: len(sets)], found[len(sets) :]
    return masking.minus(masking.at_least(mine, at_least), others)


def watch(
    pipeline: Pipeline, prompts: Sequence[str], how: How, progress: Progress | None = None
) -> Statistics:
    """The statistics that ``locate`` compares."""
    return measure(
        pipeline,
        prompts,
        find_site(how.site),
        tau=how.tau,
        seed=how.seed,
        count=how.count,
        guidance=how.guidance,
        progress=progress,
    )
