"""Masks at several sparsities and steps, and of resampled prompts, from one look at a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.locating import How, watch
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.sites import find_site, layers
from engine.labs.diffusion.locate.statistics import Statistics
from engine.labs.diffusion.model.pipeline import Pipeline


@dataclass(frozen=True, eq=False)
class Sources:
    """What ``locate`` compares, kept: statistics of sets and of the sets to leave alone.

    Each goes with those of its reference. ``at_least`` sets must point to a weight.
    """

    weights: Mapping[str, nn.Module]
    how: How
    sets: tuple[tuple[Statistics, Statistics], ...]
    without: tuple[tuple[Statistics, Statistics], ...] = ()
    at_least: int = 1

    def masks(self, sparsity: float, tau: int) -> Masks:
        """What ``locate`` finds at this sparsity and tau, at most the one that was watched."""
        return self._joined(sparsity, tau, lambda _: None)

    def stable_share(
        self, sparsity: float, tau: int, *, resamples: int, seed: int, often: float = 0.9
    ) -> float:
        """The share of the cut weights that ``often`` of all resamples of the prompts cut, too.

        A resample draws each set's prompts with replacement. nan where nothing is cut.
        """
        cut = self.masks(sparsity, tau)
        number = sum(masking.counts(cut).values())
        if not number:
            return float("nan")
        draw = torch.Generator().manual_seed(seed)
        times = {name: torch.zeros(mask.shape, dtype=torch.int32) for name, mask in cut.items()}

        def drawn(chosen: Statistics) -> list[int]:
            count = len(chosen.prompts)
            return torch.randint(count, (count,), generator=draw).tolist()

        for _ in range(resamples):
            for name, mask in self._joined(sparsity, tau, drawn).items():
                times[name] += mask
        kept = sum(
            int((mask & (times[name] >= often * resamples - 1e-9)).sum())
            for name, mask in cut.items()
        )
        return kept / number

    def _joined(
        self, sparsity: float, tau: int, taken: Callable[[Statistics], Sequence[int] | None]
    ) -> Masks:
        def select(pair: tuple[Statistics, Statistics]) -> Masks:
            chosen, reference = (_until(one, tau) for one in pair)
            return masking.select(
                self.weights,
                chosen,
                reference,
                sparsity=sparsity,
                half=self.how.half,
                first=self.how.first,
                taken=taken(pair[0]),
            )

        found = masking.at_least([select(pair) for pair in self.sets], self.at_least)
        return masking.minus(found, [select(pair) for pair in self.without])


def look(
    pipeline: Pipeline,
    sets: Sequence[Sequence[str]],
    how: How,
    *,
    reference: Sequence[str] | None = None,
    without: Sequence[Sequence[str]] = (),
    at_least: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> Sources:
    """Watch every set and its reference up to ``how.tau``; as ``locate`` does, without selecting.

    ``progress`` is called before each batch; it may raise to stop.
    """
    references: dict[tuple[str, ...], Statistics] = {}

    def tell(*_: int) -> None:
        progress()

    def pair(prompts: Sequence[str]) -> tuple[Statistics, Statistics]:
        rivals = tuple(reference) if reference is not None else ("",) * len(prompts)
        if rivals not in references:
            references[rivals] = watch(pipeline, rivals, how, tell)
        return watch(pipeline, prompts, how, tell), references[rivals]

    return Sources(
        weights=layers(pipeline, find_site(how.site)),
        how=how,
        sets=tuple(pair(prompts) for prompts in sets),
        without=tuple(pair(prompts) for prompts in without),
        at_least=at_least,
    )


def _until(statistics: Statistics, tau: int) -> Statistics:
    squares = {name: values[:, :tau] for name, values in statistics.squares.items()}
    return replace(statistics, squares=squares)
