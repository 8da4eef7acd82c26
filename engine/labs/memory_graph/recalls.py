"""What is asked of a memory on each day, and so recalled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.core.seeds import rng
from engine.labs.memory_graph.closeness import Closeness
from engine.labs.memory_graph.config.forgetting import ForgettingConfig
from engine.labs.memory_graph.probes import Probe

Queries = Callable[[int], list[np.ndarray]]
"""Day of the timeline -> for each thing asked on it, its cosine with every memory (memory,)."""


def queries(config: ForgettingConfig, closeness: Closeness, probes: Sequence[Probe]) -> Queries:
    """The schedule of ``config``: new entries, seeded questions, or nothing at all."""
    if config.recalled_by == "entries":
        born = closeness.memories.born
        return lambda day: [closeness.of_memory(int(i)) for i in np.flatnonzero(born == day)]
    if config.recalled_by == "questions":
        return lambda day: _asked(config, probes, day)
    return lambda day: []


def _asked(config: ForgettingConfig, probes: Sequence[Probe], day: int) -> list[np.ndarray]:
    """Questions whose whole answer was written before ``day``, drawn without repetition."""
    ready = [probe for probe in probes if not probe.made and probe.known < day]
    count = min(config.asked_per_day, len(ready))
    chosen = rng(config.seed, "asked", day).permutation(len(ready))[:count]
    return [ready[i].scores for i in chosen]
