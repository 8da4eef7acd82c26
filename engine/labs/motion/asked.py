"""What a text asks for that can be measured without a judge."""

from __future__ import annotations

from engine.labs.motion.data.words import split

SIDES = ("left", "right")
ASIDE = frozenset({"drifting", "drifts", "diagonally", "sideways", "sidewards", "sidestep"})
BOTH = frozenset({"both", "arms", "hands"})
VERBS = {
    "jump": frozenset({"jump", "jumps", "jumping", "hop", "hops", "hopping", "leap", "leaps"}),
    "turn": frozenset({"turn", "turns", "turning", "turned"}),
    "wave": frozenset({"wave", "waves", "waving", "waved"}),
    "raise": frozenset({"raise", "raises", "raising", "raised", "lift", "lifts", "lifting"}),
    "dash": frozenset({"dash", "dashes", "dashing", "sprint", "sprints", "sprinting"}),
    "run": frozenset({"run", "runs", "running", "jog", "jogs", "jogging"}),
    "walk": frozenset({"walk", "walks", "walking", "stride", "strides", "step", "steps", "pace",
                       "paces"}),
}  # fmt: skip
BACK = frozenset({"back", "backward", "backwards"})


def asked_action(text: str) -> str | None:
    """The action of ``checks.CHECKS`` that a text describes, None where it names none.

    The first rule that fits wins: whoever walks and turns is asked to turn. A side counts only
    where the other is not named too.
    """
    words = set(split(text))
    named = [side for side in SIDES if side in words]
    side = named[0] if len(named) == 1 else None

    def has(verb: str) -> bool:
        return bool(VERBS[verb] & words)

    if has("jump") and not {"jack", "jacks"} & words:
        return "jump"
    if has("turn") and side:
        return f"walk-turn-{side}"
    if has("wave"):
        return f"wave-{side}-hand" if side else None
    if has("raise"):
        if BOTH & words and side is None:
            return "raise-up-both-hands"
        return f"raise-up-{side}-hand" if side else None
    if has("walk") and ASIDE & words and side:
        return f"walk-{side}"
    if has("walk") and BACK & words:
        return "walk-back"
    return next((verb for verb in ("dash", "run", "walk") if has(verb)), None)
