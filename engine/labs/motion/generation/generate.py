"""Motion of captions: any model, any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core.errors import BadInput
from engine.labs.motion.data.augment import join
from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.data.words import Reading
from engine.labs.motion.features import CONTACT, decode
from engine.labs.motion.generation import diffuse, unmask
from engine.labs.motion.generation.anchor import anchor_feet
from engine.labs.motion.models.codec import STRIDE
from engine.labs.motion.models.stored import GENERATORS, Model
from engine.labs.motion.skeleton import FPS

SHORTEST, MOST_SECONDS = 1.0, 60.0
MOST_SEED = 10**6
MOST_STEPS = 200
MOST_SEGMENTS = 50
BATCH = 32
# The same for all models, so that lanes, cards and commands show the same clips.
STEPS, GUIDANCE = diffuse.STEPS, diffuse.GUIDANCE


@dataclass(frozen=True)
class How:
    """How to sample; None takes the usual number of steps and guidance.

    With ``anchored`` feet in contact hold the floor, see ``anchor_feet``.
    """

    steps: int | None = None
    guidance: float | None = None
    anchored: bool = True


@dataclass(frozen=True, eq=False)
class Made:
    """``positions`` (frames, 22, 3) in metres of a body with legs of 0.8 m, 20 frames a second.

    ``readings`` has one entry for each segment, and ``ends`` the frame that it ends with;
    ``pieces`` tells how many clips all of it was put together from.
    """

    positions: np.ndarray
    rows: np.ndarray
    readings: tuple[Reading, ...]
    ends: tuple[int, ...]
    pieces: int


def generate(model: Model, text: str, seconds: float, seed: int, how: How | None = None) -> Made:
    """The motion of a caption for so many seconds, 1 to 60; raises BadInput."""
    return generate_timeline(model, [(text, seconds)], seed, how)


def generate_timeline(
    model: Model, segments: Sequence[tuple[str, float]], seed: int, how: How | None = None
) -> Made:
    """The motion of captions one after the other, each for so many seconds; raises BadInput.

    A segment of more than 9.8 s is made of pieces that each show its caption. KMM goes on from the
    states and the last tokens of the piece before; the other models' pieces are blended.
    """
    chosen = how or How()
    check_how(model, chosen)
    if not 1 <= len(segments) <= MOST_SEGMENTS:
        raise BadInput("segments", f"must be 1 to {MOST_SEGMENTS} (got {len(segments)})")
    for _, seconds in segments:
        if not SHORTEST <= seconds <= MOST_SECONDS:
            raise BadInput(
                "seconds", f"must be from {SHORTEST:g} to {MOST_SECONDS:g} (got {seconds:g})"
            )
    if not 0 <= seed <= MOST_SEED:
        raise BadInput("seed", f"must be from 0 to {MOST_SEED} (got {seed})")
    readings = tuple(model.vocabulary.read(text) for text, _ in segments)
    counts = [round(seconds * FPS) for _, seconds in segments]
    pieces = [
        (reading.ids, size)
        for reading, count in zip(readings, counts, strict=True)
        for size in _divide(count)
    ]
    ids, sizes = torch.tensor([one for one, _ in pieces]), [size for _, size in pieces]
    # Seeds of pieces lie further apart than seeds that somebody can ask for.
    seeds = [seed + (MOST_SEED + 1) * at for at in range(len(pieces))]
    if model.kind == "kmm":
        rows = _carried_on(model, ids, sizes, seeds, chosen)
    else:
        rows = join(*sample_rows(model, ids, sizes, seeds, chosen))
    positions = decode(rows.astype(np.float64)).astype(np.float32)
    ends = tuple(int(end) for end in np.cumsum(counts))
    return Made(positions, rows, readings, ends, len(pieces))


def sample_rows(
    model: Model, ids: Tensor, sizes: Sequence[int], seeds: Sequence[int], how: How | None = None
) -> list[np.ndarray]:
    """Rows (size, 137), not normalised, of each caption (clips, words); sizes up to 196 rows."""
    found: list[np.ndarray] = [np.zeros(0)] * len(sizes)
    order = np.argsort(sizes, kind="stable")
    for start in range(0, len(order), BATCH):
        at = order[start : start + BATCH]
        lengths = torch.tensor([sizes[i] for i in at])
        made = _sample(model, ids[at], lengths, [seeds[i] for i in at], how or How())
        for i, rows in zip(at, made, strict=True):
            found[i] = finish(model, rows[: sizes[i]], how)
    return found


def check_how(model: Model, how: How) -> None:
    """Raise BadInput for a model that makes no motion, and for steps or guidance out of range."""
    if model.kind not in GENERATORS:
        raise BadInput("model", f"must be {', '.join(GENERATORS)} (got {model.kind})")
    if how.steps is not None and not 1 <= how.steps <= MOST_STEPS:
        raise BadInput("steps", f"must be from 1 to {MOST_STEPS} (got {how.steps})")
    if how.guidance is not None and not 0 <= how.guidance <= 20:
        raise BadInput("guidance", f"must be from 0 to 20 (got {how.guidance:g})")


def sampling_options(how: How) -> dict[str, Any]:
    """What a sampler is told: the steps and the guidance that are asked for, else the usual."""
    return {
        "steps": STEPS if how.steps is None else how.steps,
        "guidance": GUIDANCE if how.guidance is None else how.guidance,
    }


def told(how: How | None = None) -> dict[str, Any]:
    """How a clip was sampled, for a record of it."""
    chosen = how or How()
    return {**sampling_options(chosen), "feet_held": chosen.anchored}


def _sample(
    model: Model, ids: Tensor, lengths: Tensor, seeds: Sequence[int], how: How
) -> np.ndarray:
    options = sampling_options(how)
    if model.kind == "kmm":
        codes, counts = unmask.unmask(model.network, ids, lengths, seeds, **options)
        return unmask.rows_of(model.network, codes, counts).numpy()
    return diffuse.denoise(model.network, ids, lengths, seeds, **options).numpy()


def _carried_on(
    model: Model, ids: Tensor, sizes: Sequence[int], seeds: Sequence[int], how: How
) -> np.ndarray:
    """Rows of pieces, each from the states and the last tokens of the one before.

    A piece ends up to two rows from where it should: with a token.
    """
    options = sampling_options(how)
    found, carried = [], None
    # Pieces end with a token: rows left out at a seam would be a jump.
    ends = [round(end / STRIDE) for end in np.cumsum(sizes)[:-1]] + [-(-sum(sizes) // STRIDE)]
    for at, tokens in enumerate(np.diff([0, *ends]).tolist()):
        codes, _ = unmask.unmask(
            model.network,
            ids[at : at + 1],
            torch.tensor([STRIDE * tokens]),
            seeds[at : at + 1],
            carried=carried,
            **options,
        )
        found.append(codes)
        if at + 1 < len(sizes):
            carried = unmask.hand_on(model.network, codes, carried)
    whole = torch.cat(found, dim=1)
    rows = unmask.rows_of(model.network, whole, torch.tensor([whole.shape[1]])).numpy()[0]
    return finish(model, rows[: sum(sizes)], how)


def _divide(count: int) -> list[int]:
    """Rows of the pieces of a segment, as equal as can be."""
    parts = -(-count // LONGEST)
    return [count // parts + (at < count % parts) for at in range(parts)]


def finish(model: Model, rows: np.ndarray, how: How | None = None) -> np.ndarray:
    """Rows (rows, 137) in metres of normalised ones, contacts 0 or 1, feet held as asked."""
    made = model.scale.restore(rows)
    made[:, CONTACT] = made[:, CONTACT] > 0.5
    return (anchor_feet(made) if (how or How()).anchored else made).astype(np.float32)
