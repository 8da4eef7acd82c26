"""Times that can be compared: one thread, CPU seconds, contestants in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.labs.motion.race.contestants import Call, Sizes, build_call, held_bytes

MODES = ("forward", "both")
MOST_BYTES = 1.2e9
# How much longer a sequence of twice the length may take: attention's square.
GROWTH = 4.0
# No cell may take more than this share of the time: the longer ones must have theirs.
SHARE = 0.15


@dataclass(frozen=True)
class Left:
    """A cell that was not run, and why."""

    mode: str
    name: str
    length: int
    reason: str


@dataclass(frozen=True, eq=False)
class Timed:
    """``seconds`` (mode, contestant, length, repeat), NaN where a cell was left out."""

    seconds: np.ndarray
    left: tuple[Left, ...]


def time_all(
    names: Sequence[str],
    lengths: Sequence[int],
    sizes: Callable[[int], Sizes],
    *,
    repeats: int,
    budget: float,
    seed: int = 0,
    progress: Callable[[float, float], None] = lambda done, total: None,
    clock: Callable[[], float] = time.process_time,
) -> Timed:
    """Every contestant forward, and forward and backward, at every length (rising).

    In a round each runs once, and the order moves on by one from round to round, so that a slow
    moment of the machine meets all of them; a first round is not counted. A cell is left out where
    its forecast from half the length exceeds its share of ``budget`` CPU seconds or what is left
    of it, or where its states would need more than 1.2 GB.
    """
    found = np.full((len(MODES), len(names), len(lengths), repeats), np.nan)
    left: list[Left] = []
    begun, cells = clock(), len(MODES) * len(lengths)
    for at, length in enumerate(lengths):
        for mode, word in enumerate(MODES):
            progress(at * len(MODES) + mode, cells)
            calls: dict[int, Call] = {}
            for one, name in enumerate(names):
                size = sizes(length)
                before = np.nan if at == 0 else float(found[mode, one, at - 1].max())
                spent = clock() - begun
                reason = _too_much(name, size, word, before, repeats, budget, spent)
                if reason is None and at and np.isnan(before):
                    reason = "a shorter one was left out"
                if reason is None:
                    calls[one] = build_call(name, size, seed)
                else:
                    left.append(Left(word, name, length, reason))
            order = list(calls)
            for turn in range(repeats + 1):
                for one in _rotated(order, turn):
                    spent = _once(calls[one], word == "both", clock)
                    if turn:
                        found[mode, one, at, turn - 1] = spent
    progress(cells, cells)
    return Timed(found, tuple(left))


def _rotated(order: list[int], by: int) -> list[int]:
    cut = by % len(order) if order else 0
    return order[cut:] + order[:cut]


def _too_much(
    name: str,
    size: Sizes,
    mode: str,
    before: float,
    repeats: int,
    budget: float,
    spent: float,
) -> str | None:
    if held_bytes(name, size, backward=mode == "both") > MOST_BYTES:
        return f"its states would need more than {MOST_BYTES / 1e9:g} GB"
    forecast = GROWTH * before * (repeats + 1)
    if forecast > SHARE * budget or forecast > budget - spent:
        return "it would have taken too long"
    return None


def _once(call: Call, backward: bool, clock: Callable[[], float]) -> float:
    start = clock()
    with torch.set_grad_enabled(backward):
        y = call.run()
        if backward:
            torch.autograd.grad(y.sum(), call.leaves)
    return clock() - start
