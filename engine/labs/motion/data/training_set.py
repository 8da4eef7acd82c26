"""What a model is trained on and what it is measured on, recorded or procedural."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.labs.motion.data.corpus import Example, load_examples
from engine.labs.motion.data.procedural import DATASET, procedural_examples

# Procedural clips to measure on: every action in two styles, of a seed that no training has.
VAL_COUNT, VAL_SEED = 52, 1


def training_examples(folder: Path | str, datasets: Sequence[str] = ()) -> list[Example]:
    """The clips of ``datasets``: recordings of the train split by name, and "procedural" ones.

    Without names it is every recording. The folder is not read where only procedural motion is
    named. Raises BadInput, see ``read_recordings``.
    """
    made = procedural_examples() if DATASET in datasets else []
    return _recorded(folder, "train", datasets) + made


def val_examples(folder: Path | str, datasets: Sequence[str] = ()) -> list[Example]:
    """Clips beside ``training_examples``: the val split, and procedural ones of another seed."""
    made = procedural_examples(VAL_COUNT, VAL_SEED) if DATASET in datasets else []
    return _recorded(folder, "val", datasets) + made


def _recorded(folder: Path | str, split: str, datasets: Sequence[str]) -> list[Example]:
    names = [name for name in datasets if name != DATASET]
    return load_examples(folder, split, names) if names or not datasets else []
