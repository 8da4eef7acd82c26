"""How long scans remember: half-lives and decays of one clip, and clips with other step sizes."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.motion.config.retention import FACTORS, SINGLE, RetentionConfig
from engine.labs.motion.evaluation.quality import jerk, skate
from engine.labs.motion.memory.changes import stretched
from engine.labs.motion.memory.far import far_memory
from engine.labs.motion.memory.lens import look, notes_of
from engine.labs.motion.memory.poses import apart, seen_from_body
from engine.labs.motion.memory.readers import Reader
from engine.labs.motion.memory.reading import Memory
from engine.labs.motion.memory.sampling import (
    Studio,
    Take,
    open_studio,
    positions_of,
    read_take,
    sample_take,
)

PERCENTILES = (10, 50, 90)
EDGES = np.geomspace(0.01, 1e6, 65)  # frames; half-lives beyond are counted in the last bins


def retention(config: RetentionConfig, context: Context) -> Result:
    """Half-lives of every scan, what is left of each frame, and a ladder of step sizes.

    Raises BadInput.
    """
    studio = open_studio(config.model)
    scans = [reader for reader in studio.readers if reader.kind == "scan"]
    take = read_take(studio, config.text, config.seconds, config.seed, config.steps)
    total = len(FACTORS) + 2 * len(scans) + 2
    context.progress(0, total)
    rows, memories = look(studio, take)
    kept = [memory for memory in memories if memory.lives is not None]
    context.progress(1, total)
    chosen = [scan for scan in scans if config.stretched in ("all", scan.direction)]
    ladder = positions_of(change_steps(studio, take, chosen, ladder_factors(len(chosen))))
    context.progress(1 + len(FACTORS), total)
    single = positions_of(change_steps(studio, take, scans, single_factors(len(scans))))
    context.progress(total - 1, total)
    far = far_memory(studio, take, scans, config.length)
    base = ladder[FACTORS.index(1.0)]
    near = seen_from_body(base)
    frames = ("frame", "joint", "axis")
    fields = scan_fields(kept, studio.patch) | {
        "positions": Field(base, frames, "m"),
        "factor": Field(np.array(FACTORS), ("factor",)),
        "shift": Field((ladder - base).astype(np.float16), ("factor", *frames), "m"),
        "pose_change": Field(
            apart(seen_from_body(ladder), near).astype(np.float32), ("factor", "frame"), "m"
        ),
        "jerk": Field(
            np.array([jerk(one).mean() for one in ladder]), ("factor",), "m/frame³"
        ),
        "skate": Field(np.array([skate(one) for one in ladder]), ("factor",)),
        "single": Field(
            apart(seen_from_body(single), near).mean(-1).reshape(len(scans), 2).astype(np.float32),
            ("scan", "which"),
            "m",
        ),
        **far.fields,
    }  # fmt: skip
    metrics = {
        "frames": take.frames,
        "tokens": studio.tokens(take.rows),
        "patch": studio.patch,
        "again": float(np.abs(base - positions_of(rows)).max()),
        "stretched": len(chosen),
        **far.metrics,
    }
    notes = notes_of(studio, take)
    notes["readers"] = [one for one in notes["readers"] if one["kind"] == "scan"]
    return Result(fields, metrics, notes | far.notes)


def change_steps(
    studio: Studio, take: Take, scans: list[Reader], factors: np.ndarray
) -> np.ndarray:
    """Rows (clips, rows, 137) of the same noise, with step sizes times ``factors`` (clips, scans).

    Exact: the clip whose factors are 1 is that of the network as it is.
    """
    given = torch.from_numpy(factors)

    def change(part: slice) -> AbstractContextManager[None]:
        return stretched(scans, given[part])

    return sample_take(studio, take, len(given), change)


def ladder_factors(scans: int) -> np.ndarray:
    """All scans by each of ``FACTORS`` (factors, scans)."""
    return np.repeat(np.array(FACTORS, dtype=np.float32)[:, None], scans, axis=1)


def single_factors(scans: int) -> np.ndarray:
    """Each scan alone by each of ``SINGLE`` (2 scans, scans), the others as they are."""
    made = np.ones((2 * scans, scans), dtype=np.float32)
    for at in range(scans):
        made[2 * at : 2 * at + 2, at] = SINGLE
    return made


def scan_fields(memories: list[Memory], patch: int) -> dict[str, Field]:
    """How half-lives in frames are spread, alike and by what is written, decays and states."""
    lives = np.stack([memory.lives * patch for memory in memories if memory.lives is not None])
    weights = np.stack([memory.weights for memory in memories if memory.weights is not None])
    shares = weights / weights.sum((1, 2), keepdims=True)
    plain = np.percentile(lives, PERCENTILES, axis=(1, 2)).T
    weighed = np.stack([_weighed(*pair) for pair in zip(lives, shares, strict=True)])
    kept = np.stack([memory.kept for memory in memories if memory.kept is not None])
    reach = [_reach(memory.read) * patch for memory in memories]
    return {
        "edge": Field(EDGES, ("edge",), "frames"),
        "life_share": Field(_binned(lives, np.ones_like(lives)), ("scan", "bin")),
        "written_share": Field(_binned(lives, shares), ("scan", "bin")),
        "life_spread": Field(plain, ("scan", "percentile"), "frames"),
        "written_life": Field(weighed, ("scan", "percentile"), "frames"),
        "kept": Field(kept.astype(np.float16), ("scan", "from", "to")),
        "state": Field(
            np.stack([one.state for one in memories if one.state is not None]).astype(np.float32),
            ("scan", "place"),
        ),
        "reach": Field(np.array(reach), ("scan",), "frames"),
    }


def _binned(lives: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Shares (scan, bin) of the states, each counted by its weight."""
    inside = lives.clip(EDGES[0], EDGES[-1])
    made = [
        np.histogram(one, EDGES, weights=own)[0] for one, own in zip(inside, weights, strict=True)
    ]
    return np.stack([one / one.sum() for one in made]).astype(np.float32)


def _weighed(lives: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Percentiles of half-lives, each state counted by its share of what is written."""
    order = np.argsort(lives, axis=None)
    below = np.cumsum(shares.ravel()[order])
    at = np.searchsorted(below, np.array(PERCENTILES) / 100).clip(max=len(order) - 1)
    return lives.ravel()[order][at]


def _reach(read: np.ndarray) -> float:
    """Mean distance in tokens of what is read, by how much of it is read."""
    place = np.arange(len(read))
    return float((read * np.abs(place[:, None] - place)).sum() / max(read.sum(), 1e-30))
