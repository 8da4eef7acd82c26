"""Which clips are of a pair of action and style that the training never showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.labs.motion.data.corpus import Example


@dataclass(frozen=True)
class PairsSeen:
    """``unseen`` says of every clip whether no training clip has its pair of action and style.

    Mirroring shows no pair that has no recording, see ``Sampler``. Without the training at hand
    ``by_label`` is true, and ``unseen`` is what the data calls held out, which need not be what a
    model was trained without: run in a feminine style is held out of one set of recordings and is
    in another.
    """

    unseen: tuple[bool, ...]
    by_label: bool


def pairs_seen(clips: Sequence[Example], training: Sequence[Example] | None) -> PairsSeen:
    """By the training where it is there, else by the label of the data."""
    if not training:
        return PairsSeen(tuple(clip.held_out for clip in clips), True)
    pairs = {(one.action, one.style) for one in training}
    return PairsSeen(tuple((clip.action, clip.style) not in pairs for clip in clips), False)


def told_pairs(clips: Sequence[Example], training: Sequence[Example] | None) -> dict[str, object]:
    """What the split of ``clips`` into seen and unseen goes by, and the pairs in words.

    ``held_out_but_seen`` are pairs that the data calls held out and the training shows.
    """
    seen = pairs_seen(clips, training)
    labelled = [(clip, never) for clip, never in zip(clips, seen.unseen, strict=True)
                if clip.labelled]  # fmt: skip
    return {
        "seen_by": "label of the data" if seen.by_label else "training clips",
        "unseen": sorted({_words(clip) for clip, never in labelled if never}),
        "held_out_but_seen": sorted(
            {_words(clip) for clip, never in labelled if clip.held_out and not never}
        ),
    }


def _words(clip: Example) -> str:
    return clip.action if clip.style is None else f"{clip.action}, {clip.style}"
