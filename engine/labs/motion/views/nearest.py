"""The memorisation meter of the lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.labs.motion.evaluation.copies import Neighbours
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.views.lanes import Shown

HOW = (
    "Compared are all training clips as a whole at any speed, and every part of them as long as "
    "the motion, as they are and in a mirror, because training shows clips cut and mirrored."
)


def nearest_table(
    shown: Sequence[Shown], found: Neighbours, names: Sequence[str]
) -> list[dict[str, str | float]]:
    """A row for each motion: its distance in cm, the clip, and which part or image of it."""
    return [
        {
            "Motion": one.name,
            "Distance [cm]": 100 * float(far),
            "Nearest training clip": names[at],
            "Of it": describe_part(bool(mirrored), int(start)),
        }
        for one, far, at, mirrored, start in zip(
            shown, found.distances, found.places, found.mirrored, found.starts, strict=True
        )
    ]


def describe_part(mirrored: bool, start: int) -> str:
    """Which part of a clip is meant, and whether in a mirror; see ``Neighbours``."""
    part = "all of it" if start < 0 else f"from {start / FPS:.2f} s on"
    return f"{part}, in a mirror" if mirrored else part


def describe_nearest(
    shown: Sequence[Shown], found: Neighbours, cards: Mapping[str, Mapping[str, Any]]
) -> str:
    """Which motions lie nearer than an honest clip does."""
    told = next(
        (
            spread["mean"]
            for card in cards.values()
            if (spread := card["figures"].get("real_nn_distance.median_m"))
            and spread["mean"] is not None
        ),
        None,
    )
    if told is None:
        return "No card says how near real validation clips lie."
    near = [
        one.name
        for one, far in zip(shown, found.distances, strict=True)
        if one.model is not None and far < told
    ]
    words = (
        f"Real validation clips lie {100 * told:.1f} cm (median) from the nearest training clip, "
        f"because actors repeated their takes. {HOW} "
    )
    if near:
        return f"{words}Nearer than that: {', '.join(near)}; such a motion may be a copy."
    return f"{words}No model's motion lies nearer than that."
