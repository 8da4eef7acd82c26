"""Batches ahead of a training, drawn by other processes while an accelerator computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import DataLoader, Dataset

from engine.labs.motion.data.sampler import POOL

AHEAD = 2  # pools of batches that each process holds ready


class _Pools(Dataset[list[Any]]):
    def __init__(self, draw: Callable[[int], Any], start: int, stop: int):
        self.draw, self.start, self.stop = draw, start, stop

    def __getitem__(self, number: int) -> list[Any]:
        steps = range(max(self.start, POOL * number), min(self.stop, POOL * (number + 1)))
        return [self.draw(step) for step in steps]


def feed(draw: Callable[[int], Any], start: int, stop: int, workers: int = 0) -> Iterator[Any]:
    """``draw(start)`` to ``draw(stop - 1)`` in this order, drawn ahead by ``workers`` processes.

    What is drawn depends on the step alone, so that the number of processes changes nothing.
    """
    if not workers:
        yield from map(draw, range(start, stop))
        return
    # Forked: a draw holds the recordings, which would otherwise be copied to each process. One
    # process draws all steps of a pool, whose clips are chosen together.
    pools = DataLoader(
        _Pools(draw, start, stop),
        batch_size=None,
        sampler=range(start // POOL, -(-stop // POOL)),
        num_workers=workers,
        prefetch_factor=AHEAD,
        multiprocessing_context="fork",
        collate_fn=list,
    )
    for pool in pools:
        yield from pool
