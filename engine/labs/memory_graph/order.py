"""SORT on a memory: how well each way of remembering keeps the order of what was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.memory_graph.config import OrderConfig
from engine.labs.memory_graph.living.event_buffers import Block
from engine.labs.memory_graph.living.events import GAMMA, blocks
from engine.labs.memory_graph.living.order_memories import (
    Contiguity,
    EventIndex,
    Find,
    SimilarityOnly,
    TimeStamps,
    cued,
    shares,
)
from engine.labs.memory_graph.living.recut import cut
from engine.labs.memory_graph.living.sort_probe import (
    AlwaysFirst,
    OrderMemory,
    Pair,
    answers,
    build_pairs,
    distance_bins,
)
from engine.labs.memory_graph.living.stream import stream_of
from engine.labs.memory_graph.living.surprise import adaptive_ngram
from engine.labs.memory_graph.loading import Read, load_passages
from engine.labs.memory_graph.metrics import bootstrap

Progress = Callable[[float, float], None]
ORDER = 3
_WORD = re.compile(r"\S+")


def order(config: OrderConfig, read: Read, progress: Progress) -> Result:
    """Which of two segments came first, asked of four memories in both orders.

    The text is cut into events by the surprise of an adaptive n-gram (gamma 1), and every memory
    holds the same events. Fields: ``right`` (memory, pair) in percent: 0, 50 or 100, as each pair
    is asked twice; ``distance`` (pair) in words, ``bin`` (pair), ``accuracy``, ``low`` and ``high``
    (memory, bin): mean and 95 % bootstrap interval over pairs. Raises BadInput.
    """
    field = "own" if config.own.strip() else "corpus"
    stream = stream_of(config.own, lambda: load_passages(config, read).corpus.passages, titles=True)
    words = _WORD.findall(stream.text)[: config.excerpt_words]
    least = 2 * config.segment_words
    if len(words) < least:
        raise BadInput(field, f"needs at least {least} words for a pair (has {len(words)})")
    try:
        pairs = build_pairs(words, config.segment_words, config.per_bin, config.sort_seed)
    except BadInput as error:
        raise BadInput(field, error.reason) from None
    cue = min(config.cue_words, config.segment_words)
    shown = [
        replace(p, early_text=cued(p.early_text, cue), late_text=cued(p.late_text, cue))
        for p in pairs
    ]
    found = cut(adaptive_ngram([w.lower() for w in words], ORDER), GAMMA)
    events = blocks(found.opening, len(words))
    find = EventIndex([" ".join(words[a:b]) for a, b in events]).find
    memories: dict[str, OrderMemory] = {
        "time stamps": TimeStamps(find),
        "contiguity": Contiguity(find, config.reach),
        "similarity only": SimilarityOnly(find),
        "always the first": AlwaysFirst(),
    }
    right = np.zeros((len(memories), len(shown)))
    for i, memory in enumerate(memories.values()):
        right[i] = shares(answers(memory, shown))
        progress(i + 1, len(memories))
    place = np.array([p.bin for p in pairs])
    bins = np.unique(place)
    stream_of_draws = rng(config.sort_seed, "memory_graph", "order")
    mean = np.stack([right[:, place == b].mean(axis=1) for b in bins], axis=1)
    ends = np.stack([bootstrap(right[:, place == b].T, stream_of_draws) for b in bins], axis=2)
    return Result(
        {
            "right": Field(right.astype(np.float32), ("memory", "pair"), "%"),
            "distance": Field(np.array([p.distance for p in pairs], np.int32), ("pair",), "words"),
            "bin": Field(place.astype(np.int32), ("pair",)),
            "accuracy": Field(mean.astype(np.float32), ("memory", "bin"), "%"),
            "low": Field(ends[0].astype(np.float32), ("memory", "bin"), "%"),
            "high": Field(ends[1].astype(np.float32), ("memory", "bin"), "%"),
        },
        {
            "words": len(words),
            "events": len(events),
            "pairs": len(pairs),
            "found": _found(shown, events, find, cue),
        },
        {
            "memories": list(memories),
            "ends": list(distance_bins(len(words))),
            "bins": bins.tolist(),
            "segment": config.segment_words,
            "cue": cue,
            "reach": config.reach,
        },
    )


def _found(pairs: Sequence[Pair], events: Sequence[Block], find: Find, cue: int) -> float:
    """Share of the cues whose look-up gives an event that holds some of their words."""
    right = []
    for pair in pairs:
        for at, text in ((pair.early, pair.early_text), (pair.late, pair.late_text)):
            start, end = events[find(text)[0]]
            right.append(start < at + cue and at < end)
    return float(np.mean(right))
