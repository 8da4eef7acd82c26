"""How strongly prompts excite the input channels of layers, step by step.

Wanda (Sun et al. 2024, section 3) scores a weight by its size times the norm of its input channel.
The norm is that of Chavhan et al. 2024: every token's row is scaled to length 1 first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from engine.core import BadInput
from engine.labs.diffusion.locate.sites import Site, channels, layers
from engine.labs.diffusion.model.pipeline import Pipeline, Tap
from engine.labs.diffusion.sampler import GUIDANCE, STEPS, Cut, first_noise, steps

Half = Literal["conditional", "both"]
SMALLEST = 1e-24
"""A row whose squares sum to less counts as zero, not as noise."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Statistics:
    """``squares`` by layer name: float32 (halves, steps, prompts, channels).

    A value is the sum over a prompt's tokens of the squared, row-normalised activation. The halves
    are those of guidance: without the prompt, with it. The text encoder has one half and one step.
    """

    squares: Mapping[str, Tensor]
    prompts: tuple[str, ...]

    def norms(
        self, half: Half = "conditional", chosen: Sequence[int] | None = None
    ) -> dict[str, Tensor]:
        """The norm of every channel over a set's prompts, by layer: (steps, channels).

        ``chosen`` are positions of prompts, repeats included (a bootstrap sample); all by default.
        """
        found = {}
        for name, values in self.squares.items():
            kept = values[-1:] if half == "conditional" else values
            kept = kept if chosen is None else kept[:, :, list(chosen)]
            found[name] = kept.sum((0, 2)).sqrt()
        return found


def measure(
    pipeline: Pipeline,
    prompts: Sequence[str],
    site: Site,
    *,
    tau: int,
    seed: int = 0,
    count: int = STEPS,
    guidance: float = GUIDANCE,
    batch: int = 16,
    progress: Progress | None = None,
) -> Statistics:
    """Sample ``prompts`` for the first ``tau`` of ``count`` steps and watch the site's layers.

    ``progress`` is told batches done and all; it may raise to stop.
    """
    if not prompts:
        raise BadInput("prompts", "at least one prompt is needed")
    if not 1 <= tau <= count:
        raise BadInput("tau", f"must be from 1 to {count}, the number of steps (got {tau})")
    names = tuple(layers(pipeline, site))
    noise = first_noise(pipeline, len(prompts), seed)
    parts = []
    starts = range(0, len(prompts), batch)
    for done, start in enumerate(starts):
        if progress is not None:
            progress(done, len(starts))
        part = list(prompts[start : start + batch])
        parts.append(
            _batch(pipeline, part, noise[start : start + batch], site, names, tau, count, guidance)
        )
    joined = {name: torch.cat([part[name] for part in parts], dim=2) for name in names}
    return Statistics(joined, tuple(prompts))


def _batch(
    pipeline: Pipeline,
    prompts: list[str],
    noise: Tensor,
    site: Site,
    names: tuple[str, ...],
    tau: int,
    count: int,
    guidance: float,
) -> dict[str, Tensor]:
    """Squares of one batch by layer, (halves, steps, prompts, channels)."""
    seen: dict[str, list[Tensor]] = {name: [] for name in names}

    def keep(name: str, inputs: Tensor) -> None:
        seen[name].append(channel_squares(inputs))

    taps: dict[str, Tap] = {name: partial(keep, name) for name in names}
    empty = [""] * len(prompts)
    if site.network == "text":
        pipeline.encode(prompts, taps=taps)
        return {name: values[0][None, None] for name, values in seen.items()}
    states = pipeline.encode([*empty, *prompts])
    walk = steps(
        pipeline, states, noise, count=count, guidance=guidance, cut=Cut(), taps=lambda _: taps
    )
    for step in walk:
        if step.index + 1 == tau:
            break
    return {
        # steps, both halves' prompts, channels -> halves, steps, prompts, channels
        name: torch.stack(values).unflatten(1, (2, len(prompts))).transpose(0, 1)
        for name, values in seen.items()
    }


def channel_squares(inputs: Tensor) -> Tensor:
    """Sum over positions of the squared row-normalised input: (n, channels) of any layer input."""
    squares = channels(inputs).square()  # n p c
    # A row over its length, squared, is its squares over their sum: no normalised copy is needed.
    shares = squares.sum(-1, keepdim=True).clamp(min=SMALLEST).reciprocal()  # n p 1
    return (shares.transpose(1, 2) @ squares).squeeze(1)
