"""What a recording shows, as one word: its label, or the first verb that its captions have."""

from __future__ import annotations

import re

from engine.labs.motion.recordings import Recording

# In this order: a cartwheel is no jump, and whoever jogs to a ball to kick it kicks.
VERBS = (
    ("cartwheel", r"cartwheel"),
    ("jumping-jack", r"jumping jack"),
    ("jump", r"jump|\bhop|\bleap"),
    ("kick", r"\bkick"),
    ("climb", r"\bclimb|playground"),
    ("dance", r"danc|ballet|pirouette|arabesque|jete"),
    ("basketball", r"basketball|dribbl"),
    ("punch", r"\bpunch|\bbox"),
    ("sit", r"\bsit"),
    ("run", r"\brun|\bjog"),
    ("walk", r"\bwalk|\bstrid|\bpac"),
)
OTHER = "other"
# Any stretch of these shows the whole action.
STEADY = frozenset({"walk", "run", "walk-back", "dash", "walk-left", "walk-right", "dance"})
MIRRORED = {"left": "right", "right": "left"}


def action_of(recording: Recording) -> str:
    """The action of a recording: its content where it has one, else by ``VERBS``."""
    if recording.content:
        return recording.content
    said = " ".join(recording.captions).lower()
    return next((name for name, pattern in VERBS if re.search(pattern, said)), OTHER)


def mirrored_action(action: str) -> str:
    """The action in a mirror: walk-turn-left is walk-turn-right."""
    return "-".join(MIRRORED.get(part, part) for part in action.split("-"))
