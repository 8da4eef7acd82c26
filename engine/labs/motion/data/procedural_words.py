"""What procedural motion is called: the sentences and styles of the recorded clips' labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PEOPLE = ("a person", "someone")


@dataclass(frozen=True)
class Style:
    """How a style moves (factors of tempo and size, slouch in radians), and what it is called."""

    tempo: float
    size: float
    slouch: float
    words: tuple[str, ...]


STYLES: Mapping[str, Style] = {
    "normal": Style(1.0, 1.0, 0.02, ("",)),
    "active": Style(1.15, 1.12, 0.0, (" energetically", " in an active way")),
    "exhausted": Style(0.82, 0.85, 0.2, (" looking exhausted", " wearily")),
    "proud": Style(0.95, 1.08, -0.07, (" proudly",)),
    "elderly": Style(
        0.72, 0.75, 0.28, (" like an elderly person", " in the manner of an old person")
    ),
}
CLAUSES: Mapping[str, tuple[str, ...]] = {
    "walk": ("walks forward", "is walking straight ahead"),
    "walk-back": ("walks backwards", "steps back several paces"),
    "walk-turn-left": ("walks and turns left", "walks forward, then turns to the left"),
    "walk-turn-right": ("walks and turns right", "walks forward, then turns to the right"),
    "walk-left": ("walks forward drifting to the left", "walks diagonally to the left"),
    "walk-right": ("walks forward drifting to the right", "walks diagonally to the right"),
    "step-left": ("steps sideways to the left",),
    "step-right": ("steps sideways to the right",),
    "run": ("runs forward", "is running"),
    "dash": ("sprints forward", "dashes ahead"),
    "jump": ("jumps", "is jumping"),
    "hop": ("hops with both feet",),
    "jumping-jack": ("does jumping jacks",),
    "sit": ("sits down and stands up again",),
    "wave-left-hand": ("waves with the left hand", "waves the left arm"),
    "wave-right-hand": ("waves with the right hand", "waves the right arm"),
    "wave-both-hands": ("waves with both hands", "waves both arms"),
    "raise-up-left-hand": ("raises the left hand", "lifts the left arm up"),
    "raise-up-right-hand": ("raises the right hand", "lifts the right arm up"),
    "raise-up-both-hands": ("raises both hands", "lifts both arms up"),
    "bow": ("bows", "bends forward in a bow and stands up again"),
    "kick-left": ("kicks with the left leg",),
    "kick-right": ("kicks with the right leg",),
    "punch": ("throws punches", "punches the air"),
    "dance": ("is dancing", "dances to music"),
    "stand": ("stands", "stands and is looking around"),
}
# Hops are jumps, and a kick is a kick with either leg, as in the labels of recorded clips.
LABELS: Mapping[str, str] = {"hop": "jump", "kick-left": "kick", "kick-right": "kick"}


def captions(action: str, style: str) -> tuple[str, ...]:
    """Every sentence for it, the plainest first."""
    words = STYLES[style].words
    return tuple(
        f"{who} {clause}{words[at % len(words)]}"
        for clause in CLAUSES[action]
        for at, who in enumerate(PEOPLE)
    )
