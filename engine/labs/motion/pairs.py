"""Which pairs of action and style the training has seen, and how a text asks for one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

PHRASES = {
    "bow": "a person bows",
    "bye": "a person waves goodbye with the right hand",
    "byebye": "a person waves goodbye with both hands",
    "call": "a person calls to someone with both hands raised",
    "dash": "a person sprints forward",
    "guide": "a person shows the way with the right hand",
    "kick": "a person kicks several times",
    "punch": "a person throws punches",
    "raise-up-both-hands": "a person raises both hands",
    "raise-up-left-hand": "a person raises the left hand",
    "raise-up-right-hand": "a person raises the right hand",
    "respond": "a person raises the left hand in answer",
    "run": "a person runs forward",
    "walk": "a person walks forward",
    "walk-back": "a person walks backwards",
    "walk-left": "a person walks forward drifting to the left",
    "walk-right": "a person walks forward drifting to the right",
    "walk-turn-left": "a person walks and turns left",
    "walk-turn-right": "a person walks and turns right",
    "wave-both-hands": "a person waves with both hands",
    "wave-left-hand": "a person waves with the left hand",
    "wave-right-hand": "a person waves with the right hand",
}
MANNERS = {
    "active": "energetically",
    "angry": "angrily",
    "childish": "like a child",
    "chimpira": "with a thuggish swagger",
    "elderly": "like an elderly person",
    "exhausted": "looking exhausted",
    "feminine": "in a feminine manner",
    "giant": "like a heavy giant",
    "happy": "happily",
    "masculine": "in a masculine manner",
    "masculinity": "in a masculine manner",
    "musical": "in rhythm, as if to music",
    "normal": "",
    "not-confident": "without confidence",
    "old": "like an old person",
    "proud": "proudly",
    "sad": "sadly",
    "tired": "looking tired",
    "youthful": "in a youthful way",
}
ACTIONS, STYLES = tuple(PHRASES), tuple(MANNERS)


@dataclass(frozen=True, eq=False)
class Pairs:
    """``counts`` (actions, styles) of training recordings, and the pairs that were held out."""

    counts: np.ndarray
    held_out: frozenset[tuple[str, str]]

    def seen(self, action: str, style: str) -> int:
        """How many recordings of the training have both labels."""
        return int(self.counts[ACTIONS.index(action), STYLES.index(style)])


@cache
def load_pairs() -> Pairs:
    """The counts of ``pairs.toml``."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    rows = [[table["counts"][action].get(style, 0) for style in STYLES] for action in ACTIONS]
    return Pairs(np.array(rows), frozenset((action, style) for action, style in table["held_out"]))


def caption(action: str, style: str) -> str:
    """A text that asks for an action in a style."""
    return f"{PHRASES[action]} {MANNERS[style]}".strip()
