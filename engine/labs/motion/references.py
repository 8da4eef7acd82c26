"""Clips to watch beside the models': recorded, invented, or the visitor's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip, place, resample
from engine.labs.motion.data.corpus import LEG_LENGTH, Example, default_data, load_examples
from engine.labs.motion.data.procedural import procedural_examples
from engine.labs.motion.evaluation.looks import LEAST_FRAMES
from engine.labs.motion.features import decode
from engine.labs.motion.files.arrays import read_npz
from engine.labs.motion.files.bvh_import import import_bvh
from engine.labs.motion.files.bvh_read import read_bvh
from engine.labs.motion.skeleton import leg_length

MOST_FRAMES = 400
INVENTED = 130
FIELD = "reference"


@dataclass(frozen=True, eq=False)
class Reference:
    """``positions`` (frames, 22, 3) in metres of a body with legs of 0.8 m, 20 frames a second.

    ``told`` says in a few words where it comes from.
    """

    name: str
    positions: np.ndarray
    told: str


def has_recordings() -> bool:
    """Whether the lab's own recordings lie beside this checkout."""
    return (default_data() / "sequences.jsonl.gz").is_file()


def recorded(folder: Path | str, split: str = "val") -> list[Example]:
    """The clips of a split whose captions describe them; raises BadInput."""
    return [one for one in load_examples(folder, split) if one.whole]


def invented() -> list[Example]:
    """Procedural clips, every action in every style once."""
    return procedural_examples(INVENTED)


def actions_of(examples: Sequence[Example]) -> list[str]:
    """Their actions in alphabetical order."""
    return sorted({one.action for one in examples})


def closest(examples: Sequence[Example], text: str, action: str | None) -> int:
    """The number of the clip whose captions share most words with ``text``, in their mean.

    Clips of ``action`` go before all others.
    """
    wanted = set(text.lower().split())

    def rank(at: int) -> tuple[bool, float, int]:
        words = [set(caption.lower().split()) for caption in examples[at].captions]
        shares = [len(wanted & own) / max(len(wanted | own), 1) for own in words]
        return examples[at].action == action, sum(shares) / len(shares), -at

    return max(range(len(examples)), key=rank)


def from_example(example: Example, kind: str) -> Reference:
    """A clip of the lab's body as a reference; ``kind`` says what sort of clip it is."""
    positions = decode(example.rows.astype(np.float64))[:MOST_FRAMES]
    style = f", {example.style}" if example.style else ""
    return Reference(kind, positions, f"{example.action}{style}: {example.captions[0]}")


def from_file(data: bytes, name: str) -> Reference:
    """A visitor's BVH or NPZ on the lab's body, floor and frame rate, its first 20 s.

    Raises BadInput for what cannot be read, fewer than four frames, and a body without legs.
    """
    ending = Path(name).suffix.lower()
    if ending == ".bvh":
        clip: Clip = import_bvh(read_bvh(data)).clip
    elif ending == ".npz":
        clip = read_npz(data)
    else:
        raise BadInput(FIELD, f"must end in .bvh or .npz (got {name[:60]!r})")
    positions = resample(clip.positions, clip.fps).astype(np.float64)
    if len(positions) < LEAST_FRAMES:
        raise BadInput(FIELD, f"must have {LEAST_FRAMES} frames or more at 20 a second, "
                       f"not {len(positions)}")  # fmt: skip
    legs = leg_length(positions)
    if legs < 1e-3:
        raise BadInput(FIELD, f"its legs must be longer than 1 mm (they are {1e3 * legs:.2g} mm)")
    calm = place(positions * (LEG_LENGTH / legs))[:MOST_FRAMES]
    cut = "" if len(positions) <= MOST_FRAMES else ", the first 20 s"
    return Reference("Your clip", calm, f"{name[:60]}{cut}")
