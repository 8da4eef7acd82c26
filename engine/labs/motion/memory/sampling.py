"""Clips from one and the same noise, each with its own change of the network's memory."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.labs.motion.data.words import Reading
from engine.labs.motion.features import LOCAL, decode
from engine.labs.motion.generation.generate import How, sample_rows
from engine.labs.motion.memory.readers import Reader, find_readers
from engine.labs.motion.memory.recorded import reread
from engine.labs.motion.models.codec import STRIDE
from engine.labs.motion.models.keyframes import keyframe_scores
from engine.labs.motion.models.stored import Model, load_model
from engine.labs.motion.skeleton import FPS

BATCH = 32
Change = Callable[[slice], AbstractContextManager[None]]


@dataclass(frozen=True, eq=False)
class Studio:
    """A network of one's own to hang hooks on, and its readers; opened models are shared."""

    model: Model
    readers: Sequence[Reader]

    @property
    def patch(self) -> int:
        """Frames a token."""
        return STRIDE if self.model.kind == "kmm" else int(self.model.network.shape.patch)

    def tokens(self, rows: int) -> int:
        """Tokens of so many rows, without that of the caption."""
        return -(-rows // self.patch)


def open_studio(name: str) -> Studio:
    """A shipped model by its name, or a folder; raises BadInput."""
    return studio_of(load_model(name))


def studio_of(model: Model) -> Studio:
    """The same of an opened model."""
    own = replace(model, network=copy.deepcopy(model.network))
    return Studio(own, find_readers(own.network))


@dataclass(frozen=True, eq=False)
class Take:
    """What a clip is made from: a caption, so many rows, a seed and a number of steps.

    ``call`` is the step that is looked at, from 0. With rows that are ``given`` (rows, 137) the
    network reads these once, with the noise of that step, instead of making a clip.
    """

    reading: Reading
    rows: int
    seed: int
    steps: int
    call: int
    given: np.ndarray | None = None

    @property
    def heard(self) -> int:
        """The call of the network that is the step looked at."""
        return self.call if self.given is None else 0

    @property
    def frames(self) -> int:
        """Frames of the clip: one more than its rows."""
        return self.rows + 1


def read_take(
    studio: Studio,
    text: str,
    seconds: float,
    seed: int,
    steps: int,
    before_end: int = 0,
    given: np.ndarray | None = None,
) -> Take:
    """The text as the model reads it, and at most ``seconds`` of a recording; raises BadInput."""
    reading = studio.model.vocabulary.read(text)
    rows = round(seconds * FPS)
    if given is not None:
        given = given[:rows]
        rows = len(given)
    return Take(reading, rows, seed, steps, steps - 1 - before_end, given)


def sample_take(
    studio: Studio,
    take: Take,
    count: int = 1,
    change: Change | None = None,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Rows (count, rows, 137) of the same noise; ``change`` gives what a part of the clips has.

    ``progress`` is told the clips that are done.
    """
    made: list[np.ndarray] = []
    for start in range(0, count, BATCH):
        part = slice(start, min(start + BATCH, count))
        with nullcontext() if change is None else change(part):
            made += _make(studio, take, part.stop - part.start)
        if progress is not None:
            progress(part.stop)
    return np.stack(made)


def _make(studio: Studio, take: Take, size: int) -> list[np.ndarray]:
    if take.given is not None:
        return reread(studio, take, size)
    ids = torch.tensor([take.reading.ids] * size)
    return sample_rows(
        studio.model, ids, [take.rows] * size, [take.seed] * size, How(steps=take.steps)
    )


def positions_of(rows: np.ndarray) -> np.ndarray:
    """Positions (..., frames, 22, 3) in metres of rows (..., rows, 137)."""
    return decode(rows.astype(np.float64)).astype(np.float32)


@torch.inference_mode()
def token_scores(studio: Studio, rows: np.ndarray) -> np.ndarray:
    """Key-frame scores (tokens,) of rows (rows, 137).

    Of KMM's own latents; other models have none, and there a token is its frames' poses.
    """
    model = studio.model
    scaled = torch.from_numpy(model.scale.normalise(rows))
    if model.kind == "kmm":
        latents, _ = model.network.codec.encode(scaled[None], torch.tensor([len(rows)]))
        return keyframe_scores(latents[0]).numpy()
    short = -len(rows) % studio.patch
    whole = torch.cat([scaled, scaled[-1:].expand(short, -1)])
    poses = whole[:, : LOCAL.stop].unflatten(0, (-1, studio.patch)).flatten(1)
    return keyframe_scores(poses).numpy()
