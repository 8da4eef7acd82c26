"""Masked generation: all tokens at once at first, the surest of them kept at every step.

The schedule is MaskGIT's (arXiv 2202.04200, section 3.2), with classifier-free guidance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.labs.motion.generation.noise import generators, uniform
from engine.labs.motion.models.codec import token_counts
from engine.labs.motion.models.kmm import CARRIED, KeyframeMamba, States

STEPS, GUIDANCE = 20, 2.5
CHANCE = 1.0  # how much chance has a say in which tokens are kept, falling to none


@dataclass(frozen=True, eq=False)
class Carried:
    """What a segment hands on: the states of the forward scans and its last tokens."""

    states: States
    codes: Tensor


@dataclass(frozen=True, eq=False)
class Unmasking:
    """What is known after a step: the codes (clips, tokens) with a draw for every open token.

    ``masked`` (clips, tokens) are still open; ``guided`` and ``free`` (clips, tokens, codes) are
    the logits with and without the caption that the step drew from. The tokens of a segment before
    stand in front.
    """

    number: int
    codes: Tensor
    masked: Tensor
    guided: Tensor
    free: Tensor


@torch.inference_mode()
def unmask(
    network: KeyframeMamba,
    ids: Tensor,
    lengths: Tensor,
    seeds: Sequence[int],
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    carried: Carried | None = None,
    watch: Callable[[Unmasking], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Codes (clips, tokens) for captions, and the numbers of true tokens (clips,).

    ``lengths`` (clips,) in rows. With ``carried`` the clips go on from segments of the same
    number: their last tokens stand before the new ones, known from the start.
    """
    counts = token_counts(lengths)
    size, most = len(ids), int(counts.max())
    draws = generators(seeds)
    text, none = network.text(ids), network.text.none(size)
    begin = 0 if carried is None else carried.codes.shape[1]
    codes = torch.zeros(size, begin + most, dtype=torch.long)
    states = None
    if carried is not None:
        codes[:, :begin] = carried.codes
        states = [state.repeat(2, 1, 1) for state in carried.states]
    # As many numbers are drawn as the longest clip needs: a clip does not depend on its company.
    place, longest = torch.arange(begin + most), network.shape.tokens
    open_ = (place >= begin) & (place < begin + counts[:, None])
    masked, ends = open_.clone(), counts + begin
    for step in range(steps):
        logits, _ = network(
            codes.repeat(2, 1),
            masked.repeat(2, 1),
            torch.cat([text, none]),
            ends.repeat(2),
            states,
        )
        guided, free = logits.chunk(2)
        chances = (free + guidance * (guided - free)).softmax(-1)
        levels = uniform(draws, longest, 1)[:, : begin + most]
        drawn = (chances.cumsum(-1) < levels).sum(-1).clamp(max=chances.shape[-1] - 1)
        codes = torch.where(masked, drawn, codes)
        left = math.cos(math.pi / 2 * (step + 1) / steps)
        sure = chances.gather(-1, codes.unsqueeze(-1)).squeeze(-1).clamp(min=1e-9).log()
        chance = uniform(draws, longest)[:, : begin + most].clamp(1e-9, 1 - 1e-7)
        gumbel = -torch.log(-torch.log(chance))
        sure = sure + CHANCE * (1 - (step + 1) / steps) * gumbel
        # What was kept stays: only tokens that were open in this step may be masked again.
        order = sure.masked_fill(~masked, torch.inf).argsort(-1).argsort(-1)
        masked = masked & (order < (counts * left).floor()[:, None])
        if watch is not None:
            watch(Unmasking(step, codes, masked, guided, free))
    return codes[:, begin:], counts


@torch.inference_mode()
def hand_on(network: KeyframeMamba, codes: Tensor, carried: Carried | None = None) -> Carried:
    """What the next segment starts from, of one whole segment ``codes`` (clips, tokens).

    It is read without its caption, as in training: what is carried is motion.
    """
    last = min(CARRIED, codes.shape[1] - 1)
    before, tail = codes[:, :-last], codes[:, -last:]
    counts = torch.full((len(codes),), before.shape[1])
    clear = torch.zeros_like(before, dtype=torch.bool)
    states = None if carried is None else carried.states
    _, after = network(before, clear, network.text.none(len(codes)), counts, states)
    return Carried(after, tail)


@torch.inference_mode()
def rows_of(network: KeyframeMamba, codes: Tensor, counts: Tensor) -> Tensor:
    """Normalised rows (clips, 4 tokens, 137) of codes (clips, tokens)."""
    return network.codec.decode(network.codec.codebook[codes], counts)
