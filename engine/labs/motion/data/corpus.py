"""The recordings that models learn from, as rows of one body size, with their words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.labs.motion.data.actions import action_of
from engine.labs.motion.features import CONTACT, HEIGHT, LOCAL, ROOT, VELOCITY, WIDTH, YAW, encode
from engine.labs.motion.recordings import Recording, read_recordings

LEG_LENGTH = 0.8  # metres, thigh and shin of the body that every recording is brought to
LEAST_ROWS = 12
GROUPS = (YAW, ROOT, HEIGHT, LOCAL, VELOCITY, CONTACT)


def default_data() -> Path:
    """The folder of recordings beside the checkout, or below ``ENGRAM_SHARED_DATA``."""
    beside = Path(__file__).resolve().parents[5] / "shared" / "data"
    return Path(os.environ.get("ENGRAM_SHARED_DATA", beside)) / "motion"


@dataclass(frozen=True, eq=False)
class Example:
    """``rows`` (rows, 137) of a body with legs of 0.8 m, not normalised.

    ``whole`` says whether the captions describe these rows and not a longer recording.
    """

    name: str
    dataset: str
    rows: np.ndarray
    captions: tuple[str, ...]
    action: str
    style: str | None
    labelled: bool
    held_out: bool
    whole: bool


def load_examples(
    folder: Path | str, split: str = "train", datasets: Sequence[str] = ()
) -> list[Example]:
    """Every clip of the split, in the order of the folder; ``datasets`` picks some of them.

    A recording without windows is one clip. Raises BadInput, see ``read_recordings``.
    """
    found: list[Example] = []
    for recording in read_recordings(folder, split):
        if datasets and recording.dataset not in datasets:
            continue
        found += examples_of(recording)
    return found


def examples_of(recording: Recording) -> list[Example]:
    """The clips of a recording that are long enough, as rows of one body size."""
    scaled = recording.positions.astype(np.float64) * (LEG_LENGTH / recording.leg_length)
    action = action_of(recording)
    windows = [(w.name, w.start, w.end, w.captions, not w.describes_all) for w in recording.windows]
    if not windows:
        everything = (recording.name, 0, len(scaled), recording.captions, True)
        windows = [everything]
    found = []
    for name, start, end, captions, whole in windows:
        first = max(start, recording.lead_in)
        if end - first <= LEAST_ROWS or not captions:
            continue
        found.append(
            Example(
                name,
                recording.dataset,
                encode(scaled[first:end]).astype(np.float32),
                captions,
                action,
                recording.style,
                recording.content is not None,
                recording.held_out,
                whole,
            )
        )
    return found


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean (137,) of every number and the deviation (137,) of its group.

    A group shares one deviation, as in HumanML3D: single numbers vary by less than 1 cm, and
    dividing by that would make noise as large as motion.
    """

    mean: np.ndarray
    deviation: np.ndarray

    def normalise(self, rows: np.ndarray) -> np.ndarray:
        """Rows (..., 137) with mean 0 and deviation about 1."""
        return ((rows - self.mean) / self.deviation).astype(np.float32)

    def restore(self, rows: np.ndarray) -> np.ndarray:
        """Rows in metres, radians and contacts again."""
        return rows * self.deviation + self.mean


def measure_scale(examples: Sequence[Example]) -> Scale:
    """The scale of the examples' rows."""
    total, squares, count = np.zeros(WIDTH), np.zeros(WIDTH), 0
    for example in examples:
        rows = example.rows.astype(np.float64)
        total, squares = total + rows.sum(0), squares + (rows**2).sum(0)
        count += len(rows)
    mean = total / count
    single = np.sqrt(np.maximum(squares / count - mean**2, 0))
    deviation = np.empty(WIDTH)
    for group in GROUPS:
        deviation[group] = single[group].mean()
    return Scale(mean.astype(np.float32), deviation.astype(np.float32))
