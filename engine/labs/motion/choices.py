"""What a visitor can choose from: the recordings beside the checkout, where there are any."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip
from engine.labs.motion.data.corpus import LEG_LENGTH, default_data
from engine.labs.motion.files.arrays import npz_bytes
from engine.labs.motion.recordings import Recording, read_recordings

SPLIT = "val"
# Names in the menu: a few of each action, and any other can be typed.
MOST_NAMES = 60


def has_recordings() -> bool:
    """Whether the default folder of recordings is there."""
    return default_data().is_dir()


def recordings() -> tuple[str, ...]:
    """Names of recordings of the validation split; none where the folder is not there."""
    if not has_recordings():
        return ("",)
    names = list(_recordings(str(default_data()), SPLIT))
    stride = -(-len(names) // MOST_NAMES)
    return ("", *names[::stride])


def recording_bytes(folder: str, name: str) -> bytes:
    """A recording as NPZ, of the body that the models have; raises BadInput where it is not."""
    place = folder or str(default_data())
    found = _recordings(place, SPLIT).get(name) or _recordings(place, "train").get(name)
    if found is None:
        raise BadInput("recording", f"{name[:60]!r} is not in the folder of recordings")
    scaled = found.positions.astype(np.float64) * (LEG_LENGTH / found.leg_length)
    return npz_bytes(Clip(scaled[found.lead_in :].astype(np.float32)))


@lru_cache(maxsize=2)
def _recordings(folder: str, split: str) -> dict[str, Recording]:
    return {one.name: one for one in read_recordings(Path(folder), split)}
