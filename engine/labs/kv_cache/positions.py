"""Where in a window the damage falls, and whether a planted passage is still recalled."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch

from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.kv_cache.metrics import paired_bootstrap
from engine.labs.kv_cache.policy import Policy
from engine.labs.kv_cache.storage import Storage
from engine.labs.kv_cache.teacher_forced import Progress, batch_size, compare, stored_pass
from engine.labs.kv_cache.workbench import Workbench

SINKS = (0, 1, 4, 16)
RESIDUALS = (0, 32, 128)
CUE = 4
ANSWER = 4
LEAD = 16
VARIANTS = ("control", "exact", "quantised")


def protections(sinks: int, residual: int) -> list[tuple[int, int]]:
    """(sinks, residual) pairs: each swept while the other is as configured, no pair twice."""
    pairs = [(sinks, residual)]
    pairs += [(s, residual) for s in SINKS] + [(sinks, r) for r in RESIDUALS]
    return list(dict.fromkeys(pairs))


def buckets(positions: int) -> list[tuple[int, int]]:
    """Doubling ranges [start, end) of predicted positions: 0, 1, 2-3, 4-7, ..."""
    edges = [0] + [2**i for i in range(32) if 2**i < positions] + [positions]
    return list(itertools.pairwise(edges))


def sweep(
    bench: Workbench, policy: Policy, order: str, sinks: int, residual: int, progress: Progress
) -> tuple[dict[str, Field], list[dict[str, int]]]:
    """delta_nll with its interval and kl (protection, bucket), bits_key (protection), buckets."""
    pairs = protections(sinks, residual)
    storages = [bench.storage(policy, order, sinks=s, residual=r) for s, r in pairs]
    nll, scores = compare(bench.loaded, bench.ids, storages, progress)
    ranges = buckets(nll.shape[1])
    found = [[paired_bootstrap((x.nll - nll)[:, a:b]) for a, b in ranges] for x in scores]
    low = [[np.nan if one.low is None else one.low for one in row] for row in found]
    high = [[np.nan if one.high is None else one.high for one in row] for row in found]
    kl = [[x.kl[:, a:b].mean(dtype=np.float64) for a, b in ranges] for x in scores]
    window = bench.ids.shape[1]
    starts, ends = (np.array(side, dtype=np.int64) for side in zip(*ranges, strict=True))
    axes = ("protection", "bucket")
    fields = {
        "delta_nll": Field(np.array([[one.mean for one in row] for row in found]), axes, "nat"),
        "delta_nll_low": Field(np.array(low), axes, "nat"),
        "delta_nll_high": Field(np.array(high), axes, "nat"),
        "kl": Field(np.array(kl), axes, "nat"),
        "bits_key": Field(
            np.array([x.bits("key", window) for x in storages]), ("protection",), "bit"
        ),
        "bits_value": Field(
            np.array([x.bits("value", window) for x in storages]), ("protection",), "bit"
        ),
        "bucket_start": Field(starts, ("bucket",), "token"),
        "bucket_end": Field(ends, ("bucket",), "token"),
    }
    return fields, [{"sinks": s, "residual": r} for s, r in pairs]


def distances(window: int) -> list[int]:
    """Tokens between the planted passage and its cue: quarters and halves of what fits."""
    most = window - LEAD - 2 * (CUE + ANSWER)
    return sorted({max(4, most // divisor) for divisor in (16, 8, 4, 2, 1)})


def recall(
    bench: Workbench, storage: Storage, probes: int, step: Callable[[int, int], None]
) -> tuple[dict[str, Field], list[int]]:
    """Can the model repeat a planted passage? Fields (variant, distance).

    A passage of eight tokens, taken from elsewhere in the text, stands after 16 tokens of a
    window. Some distance later its first four tokens come again and the other four are scored:
    mean log probability in nats, share ranked first. In the control another passage was planted:
    what it scores is knowledge of the language, and only what lies above it is memory. The same
    passages serve all distances. (Random tokens instead of passages are not copied at all by
    models of a few million weights.)
    """
    gaps = distances(bench.ids.shape[1])
    filler, name, other = _passages(bench, max(gaps), probes)
    shape = (len(VARIANTS), len(gaps))
    score, first = np.zeros(shape), np.zeros(shape)
    for j, gap in enumerate(gaps):
        lead, between = filler[:, :LEAD], filler[:, LEAD : LEAD + gap]
        planted, control = (
            np.concatenate([lead, passage, between, name], axis=1) for passage in (name, other)
        )
        runs = ((control, None), (planted, None), (planted, storage))
        for i, (ids, cache) in enumerate(runs):
            score[i, j], first[i, j] = _answer(bench, ids, cache)
            step(j * len(runs) + i + 1, len(gaps) * len(runs))
    axes = ("variant", "distance")
    return {
        "recall_logprob": Field(score, axes, "nat"),
        "recall_top1": Field(first, axes),
        "distance": Field(np.array(gaps, dtype=np.int64), ("distance",), "token"),
    }, gaps


def _passages(bench: Workbench, gap: int, probes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stretches of text to plant in [probes, LEAD + gap], and two passages [probes, 8] each."""
    generator = rng(bench.seed, "recall", probes)
    text = bench.ids.reshape(-1)
    size = CUE + ANSWER
    special = np.isin(text, bench.loaded.tokenizer.all_special_ids)
    spans = np.any(np.lib.stride_tricks.sliding_window_view(special, size), axis=1)
    # A passage that crosses a document's start would be cut by it.
    places = np.flatnonzero(~spans) if not spans.all() else np.arange(len(spans))
    name, other = (
        text[generator.choice(places, size=probes)[:, None] + np.arange(size)] for _ in range(2)
    )
    starts = generator.integers(0, max(1, len(text) - LEAD - gap), size=probes)
    filler = text[starts[:, None] + np.arange(LEAD + gap)]
    # The first token of a text is special to many models (an attention sink): keep it.
    filler[:, 0] = text[0]
    return filler, name, other


def _answer(bench: Workbench, ids: np.ndarray, storage: Storage | None) -> tuple[float, float]:
    size = batch_size(bench.loaded, ids.shape[1])
    chosen, ranked = [], []
    for i in range(0, len(ids), size):
        batch = torch.from_numpy(ids[i : i + size]).to(bench.loaded.device)
        logits = stored_pass(bench.loaded, batch, storage)[:, -ANSWER - 1 : -1]
        target = batch[:, -ANSWER:, None]
        chosen.append(logits.log_softmax(-1).gather(-1, target).cpu().numpy())
        ranked.append((logits.argmax(-1, keepdim=True) == target).cpu().numpy())
    return float(np.concatenate(chosen).mean()), float(np.concatenate(ranked).mean())


def positions(
    bench: Workbench,
    policy: Policy,
    order: str,
    sinks: int,
    residual: int,
    probes: int,
    progress: Progress,
) -> Result:
    """Damage by position for each protection, then the recall probe."""
    share = 0.8
    fields, pairs = sweep(
        bench, policy, order, sinks, residual, lambda done, total: progress(share * done, total)
    )
    storage = bench.storage(policy, order, sinks=sinks, residual=residual)
    probed, gaps = recall(
        bench,
        storage,
        probes,
        lambda done, total: progress(share * total + (1 - share) * done, total),
    )
    return Result(
        {**fields, **probed},
        {"windows": len(bench.ids), "probes": probes},
        {
            **bench.notes(),
            "protections": pairs,
            "variants": list(VARIANTS),
            "distances": gaps,
            "recall": f"{CUE} cue tokens, {ANSWER} scored tokens",
        },
    )
