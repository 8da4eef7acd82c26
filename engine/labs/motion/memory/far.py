"""Retention far beyond a clip: the first layer's scans over thousands of frames of tokens.

Pieces of other seeds are made one by one as ever, and what the first layer's scans were given in
them follows each other. Nothing is generated from the long sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core.result import Field
from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.memory.readers import Reader
from engine.labs.motion.memory.reading import scan_numbers
from engine.labs.motion.memory.sampling import Studio, Take, sample_take
from engine.labs.motion.memory.taps import Heard, recording

STARTS = 12  # tokens whose fading is averaged
LEVELS = (0.5, 0.1, 0.01)


@dataclass(frozen=True, eq=False)
class Far:
    """Fields, metrics and notes of the long sequence."""

    fields: dict[str, Field]
    metrics: dict[str, float]
    notes: dict[str, Any]


def far_memory(studio: Studio, take: Take, scans: Sequence[Reader], length: int) -> Far:
    """What is left of a token after up to ``length`` frames, by scan of the first layer."""
    first = [scan for scan in scans if scan.block == scans[0].block]
    lags = length // studio.patch
    tokens = lags + lags // 4  # every start has all lags before it
    heard = _pieces(studio, take, first, tokens)
    left, state = [], []
    for scan in first:
        u, dt, A, B, _ = scan_numbers(scan, Heard(heard[scan.path], heard[scan.path], None))
        written = (dt * u)[0, :, :, None] * B[0, :, None]  # t d n
        left.append(fading(dt[0], A, written.abs(), lags))
        state.append(_state_norms(dt[0], A, written, scan.direction == "backwards"))
    mean = np.stack([one.mean(0) for one in left])
    fields = {
        "far": Field(mean.astype(np.float32), ("first", "lag")),
        "far_low": Field(np.stack([one.min(0) for one in left]).astype(np.float32),
                         ("first", "lag")),
        "far_high": Field(np.stack([one.max(0) for one in left]).astype(np.float32),
                          ("first", "lag")),
        "far_state": Field(np.stack(state).astype(np.float32), ("first", "far_token")),
        "far_level": Field(
            np.array([[_first_below(one, level) * studio.patch for level in LEVELS]
                      for one in mean]),
            ("first", "level"), "frames",
        ),
    }  # fmt: skip
    metrics: dict[str, float] = {"far_frames": lags * studio.patch, "far_starts": len(left[0])}
    return Far(fields, metrics, {"first": [scan.name for scan in first]})


def fading(dt: Tensor, A: Tensor, written: Tensor, lags: int) -> np.ndarray:
    """What is left of a token (starts, lags), in the scan's own order.

    ``dt`` (length, channels), ``A`` (channels, state), ``written`` (length, channels, state) weighs
    each state by what it was given at the start. Starts lie evenly where ``lags`` tokens follow.
    """
    starts = np.unique(np.linspace(0, len(dt) - lags, STARTS).astype(int))
    passed = dt.cumsum(0)
    made = []
    for s in starts.tolist():
        total = written[s].sum().clamp(min=1e-300)
        since = passed[s : s + lags] - passed[s]
        # A stretch at a time: all lags at once would be lags x channels x states numbers.
        parts = [
            (torch.exp(part[:, :, None] * A) * written[s]).sum((1, 2)) / total
            for part in since.split(64)
        ]
        made.append(torch.cat(parts).numpy())
    return np.stack(made)


@torch.inference_mode()
def _pieces(studio: Studio, take: Take, scans: Sequence[Reader], tokens: int) -> dict[str, Tensor]:
    """What each scan is given (tokens, width), piece after piece, in the order of time."""
    found: dict[str, list[Tensor]] = {scan.path: [] for scan in scans}
    rows = LONGEST // studio.patch * studio.patch
    for at in range(-(-tokens // (rows // studio.patch))):
        piece = replace(take, rows=rows, seed=take.seed + at)
        with recording(studio.model.network, scans, piece.heard) as heard:
            sample_take(studio, piece)
        for scan in scans:
            found[scan.path].append(heard[scan.path].x[1:])  # without the caption's token
    return {path: torch.cat(parts)[:tokens] for path, parts in found.items()}


def _state_norms(dt: Tensor, A: Tensor, written: Tensor, back: bool) -> np.ndarray:
    h, made = torch.zeros_like(written[0]), []
    for step, write in zip(dt, written, strict=True):
        h = torch.exp(step[:, None] * A) * h + write
        made.append(float(h.norm()))
    return np.array(made[::-1] if back else made)


def _first_below(curve: np.ndarray, level: float) -> float:
    """The first lag at which less than ``level`` is left; NaN where more is left to the end."""
    below = np.flatnonzero(curve < level)
    return float(below[0]) if len(below) else float("nan")
