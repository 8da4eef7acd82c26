"""One clip under the memory lens: what its frames read of each other, and what erasing one does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.motion.config.lens import LensConfig
from engine.labs.motion.evaluation.quality import jerk, skate
from engine.labs.motion.memory.changes import erased
from engine.labs.motion.memory.own_motion import read_recording
from engine.labs.motion.memory.poses import apart, seen_from_body
from engine.labs.motion.memory.reading import Memory, read_memory
from engine.labs.motion.memory.sampling import (
    Studio,
    Take,
    open_studio,
    positions_of,
    read_take,
    sample_take,
    token_scores,
)
from engine.labs.motion.memory.taps import recording


def lens(config: LensConfig, context: Context) -> Result:
    """Every reader's influence matrix at one step of sampling, and a clip for each erased token.

    Raises BadInput.
    """
    studio = open_studio(config.model)
    given = read_recording(context.read_input(config.recording)) if config.recording else None
    take = read_take(
        studio, config.text, config.seconds, config.seed, config.steps, config.before_end, given
    )
    tokens = studio.tokens(take.rows)
    context.progress(0, tokens + 1)
    rows, memories = look(studio, take)
    marks = erased_marks(tokens, config.span)
    whole, without = erase_each(studio, take, marks, config.erased_in == "everywhere", context)
    positions = positions_of(rows)
    moved = positions_of(without)
    base = positions_of(whole)
    near, far = seen_from_body(base), seen_from_body(moved)
    fields = reader_fields(memories) | {
        "positions": Field(positions, ("frame", "joint", "axis"), "m"),
        "score": Field(token_scores(studio, rows if given is None else take.given), ("token",)),
        "shift": Field(
            (moved - base).astype(np.float16), ("erased", "frame", "joint", "axis"), "m"
        ),
        "pose_change": Field(
            apart(far, near).astype(np.float32), ("erased", "frame"), "m"
        ),
        "place_change": Field(
            apart(moved, base).astype(np.float32), ("erased", "frame"), "m"
        ),
    }  # fmt: skip
    if given is not None:
        fields["recorded"] = Field(
            positions_of(given[: take.rows]), ("frame", "joint", "axis"), "m"
        )
    metrics = {
        "rounding": max(memory.gap for memory in memories),
        "again": float(np.abs(base - positions).max()),
        "frames": take.frames,
        "tokens": tokens,
        "patch": studio.patch,
        "span": config.span,
        "jerk": float(jerk(positions).mean()),
        "skate": skate(positions),
    }
    return Result(fields, metrics, notes_of(studio, take))


def look(studio: Studio, take: Take) -> tuple[np.ndarray, list[Memory]]:
    """Rows (rows, 137) of the clip, and what each reader did at the step that is looked at."""
    with recording(studio.model.network, studio.readers, take.heard) as heard:
        rows = sample_take(studio, take)[0]
    return rows, [read_memory(reader, heard[reader.path]) for reader in studio.readers]


def erased_marks(tokens: int, span: int) -> np.ndarray:
    """Which tokens (erased, tokens) are gone: each one with the ``span`` - 1 after it."""
    place = np.arange(tokens)
    behind = place[None] - place[:, None]
    return (behind >= 0) & (behind < span)


def erase_each(
    studio: Studio,
    take: Take,
    marks: np.ndarray,
    everywhere: bool,
    context: Context | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (rows, 137) of the clip and (erased, rows, 137) without each of ``marks``.

    ``marks`` (erased, tokens). All of the same noise; the whole clip is made in the same batch as
    the others.
    """
    # Before them the whole clip; before each token that of the caption, which stays.
    held = torch.from_numpy(np.pad(marks, ((1, 0), (1, 0))))

    def change(part: slice) -> AbstractContextManager[None]:
        return erased(studio.readers, held[part], everywhere=everywhere)

    def tell(done: int) -> None:
        if context is not None:
            context.progress(min(done, len(marks)), len(marks) + 1)

    made = sample_take(studio, take, len(held), change, tell)
    return made[0], made[1:]


def reader_fields(memories: list[Memory]) -> dict[str, Field]:
    """Arrays (reader, ...) of all readers; where one has no such number there is NaN."""
    length = len(memories[0].influence)
    nothing = np.full(length, np.nan)

    def lines(name: str) -> np.ndarray:
        rows = [getattr(memory, name) for memory in memories]
        return np.stack([nothing if row is None else row for row in rows]).astype(np.float32)

    squares = ("reader", "to", "from")
    return {
        "influence": Field(_stack([one.influence for one in memories]), squares),
        "read": Field(_stack([one.read for one in memories]), squares),
        "write": Field(lines("write"), ("reader", "place")),
        "forget": Field(lines("forget"), ("reader", "place")),
        "state": Field(lines("state"), ("reader", "place")),
        "gap": Field(np.array([one.gap for one in memories]), ("reader",)),
    }


def notes_of(studio: Studio, take: Take) -> dict[str, Any]:
    """Names of the readers, and how the text was read."""
    return {
        "model": studio.model.kind,
        "readers": [
            {"name": one.name, "block": one.block, "kind": one.kind, "direction": one.direction}
            for one in studio.readers
        ],
        "taken": take.reading.taken,
        "unknown": take.reading.unknown,
        "datasets": list(studio.model.config.datasets),
    }


def _stack(squares: list[np.ndarray]) -> np.ndarray:
    return np.stack(squares).astype(np.float32)
