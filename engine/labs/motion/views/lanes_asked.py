"""What the text asks for, as far as exact checks measure it, beside how much of it is done."""

from __future__ import annotations

from collections.abc import Sequence

from engine.labs.motion.asked import asked_action
from engine.labs.motion.evaluation.checks import CHECKS, Measured
from engine.labs.motion.evaluation.looks import DONE
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.views.lanes import Shown, beside_of, skating

ASKED = {
    "walk-turn-left": "a turn of more than 20° to the left",
    "walk-turn-right": "a turn of more than 20° to the right",
    "wave-left-hand": "a left hand that moves further than the right one",
    "wave-right-hand": "a right hand that moves further than the left one",
    "raise-up-left-hand": "a left hand that rises above the right one",
    "raise-up-right-hand": "a right hand that rises above the left one",
    "raise-up-both-hands": "both hands above the shoulders",
    "jump": "feet 8 cm off the floor, or a pelvis that rises by 15 cm",
    "walk-back": "travel backwards",
    "walk-left": "travel to its left",
    "walk-right": "travel to its right",
    "walk": "travel forward more than sideways",
    "run": "travel forward more than sideways",
    "dash": "travel forward more than sideways",
}


def measured_of(shown: Shown) -> Measured:
    """What the exact checks ask of."""
    return Measured(**{name: shown.looks.figures[name] for name in DONE})


def does(action: str, shown: Shown) -> bool:
    """Whether the motion passes the check of an action."""
    return bool(CHECKS[action][1](measured_of(shown)))


def done(action: str, shown: Shown) -> str:
    """What the motion does of what the check of an action asks."""
    m = measured_of(shown)
    kind = CHECKS[action][0]
    if kind == "turn_sign":
        return f"turns {abs(m.turned):.0f}° to the {'left' if m.turned > 0 else 'right'}"
    if kind == "hand_side" and action.startswith("wave"):
        return f"moves its left hand {m.left_travel:.1f} m, its right hand {m.right_travel:.1f} m"
    if kind == "hand_side":
        return f"lifts its left hand to {m.left_top:.2f} m, its right hand to {m.right_top:.2f} m"
    if kind == "both_hands":
        return (
            f"lifts its hands to {100 * m.left_reach:+.0f} and {100 * m.right_reach:+.0f} cm of "
            "the shoulders"
        )
    if kind == "jump_height":
        return f"lifts its feet by {100 * m.feet:.0f} cm and its pelvis by {100 * m.rise:.0f} cm"
    return (
        f"travels {abs(m.forward):.2f} m/s {'forward' if m.forward >= 0 else 'backwards'} and "
        f"{abs(m.sideways):.2f} m/s to its {'left' if m.sideways >= 0 else 'right'}"
    )


def amount(action: str, shown: Shown) -> float:
    """How much of what the action asks the motion does, negative where it does the opposite.

    Degrees of a turn, the way of the waving wrist, the height of the raised one or of both over
    their shoulders, how far feet or pelvis rise, whichever does more, in metres, the speed in the
    asked direction in m/s.
    """
    m = measured_of(shown)
    side, other = ("right", "left") if "right" in action else ("left", "right")
    sign = 1 if side == "left" else -1
    kind = CHECKS[action][0]
    if kind == "turn_sign":
        return sign * m.turned
    if kind == "hand_side":
        name = "travel" if action.startswith("wave") else "reach"
        return float(getattr(m, f"{side}_{name}"))
    if kind == "both_hands":
        return min(m.left_reach, m.right_reach)
    if kind == "jump_height":
        return max(m.feet, m.rise)
    if action in (f"walk-{side}", f"walk-{other}"):
        return sign * m.sideways
    return -m.forward if action == "walk-back" else m.forward


def times(action: str, one: Shown, beside: Shown | None) -> float | None:
    """How often the amount of the clip beside it a motion does; None unless both do as asked."""
    if beside is None or beside is one or not (does(action, one) and does(action, beside)):
        return None
    ours, theirs = amount(action, one), amount(action, beside)
    return ours / theirs if ours > 0 and theirs > 0 else None


def describe_asked(text: str, shown: Sequence[Shown]) -> str:
    """What the text asks for that can be measured, which motions do it, and how much of it."""
    action = asked_action(text)
    if action is None:
        return (
            "The text asks for nothing that the exact checks measure (turns, hands, jumps, "
            "direction); the table has what every motion does."
        )
    beside = beside_of(shown)
    words = f"Asked is {ASKED[action]}; how much of it, the text leaves open."
    wrong = [one.name for one in shown if not does(action, one)]
    if wrong:
        words += f" Not done by {', '.join(wrong)}."
    shares = {one.name: share for one in shown if (share := times(action, one, beside)) is not None}
    if beside is not None and shares:
        told = ", ".join(f"{name} {share:.1f}" for name, share in shares.items())
        words += f" How many times as much of it as {beside.name}: {told}."
    return words


def asked_table(text: str, shown: Sequence[Shown]) -> list[dict[str, str]]:
    """A row for each motion: what it does, how much beside the reference, and its skating."""
    action, beside = asked_action(text), beside_of(shown)
    rows = []
    for one in shown:
        row = {"Motion": one.name}
        if action is not None:
            row["Measured"] = done(action, one)
            row["As asked"] = "yes" if does(action, one) else "no"
            if beside is not None:
                share = times(action, one, beside)
                row[f"Beside {beside.name}"] = "" if share is None else f"{share:.1f}×"
        row["Length"] = f"{len(one.positions) / FPS:.1f} s"
        rows.append(row | {"Frames with a skating foot": skating(one)})
    return rows
