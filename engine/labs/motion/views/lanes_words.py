"""What the lanes show, in sentences computed from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.core.result import Result
from engine.labs.motion.asked import asked_action
from engine.labs.motion.shipped import MODELS
from engine.labs.motion.views.cards import real_skating
from engine.labs.motion.views.lanes import Shown, beside_of, skating
from engine.labs.motion.views.lanes_asked import ASKED, does


def describe_reading(taken: Mapping[str, str], unknown: Mapping[str, str], cut: int) -> list[str]:
    """Words that were read as others, left out or cut, with the nearest known ones."""
    words = []
    if taken:
        told = ", ".join(f"{one!r} as {other!r}" for one, other in taken.items())
        words.append(f"Read in another form: {told}.")
    if unknown:
        told = ", ".join(
            f"{one!r} (nearest: {near!r})" if near else f"{one!r} (nothing near it)"
            for one, near in unknown.items()
        )
        words.append(f"No model knows {told}: left out.")
    if cut:
        words.append(
            f"The last {cut} known word{'' if cut == 1 else 's'} were beyond the 24 that are read."
        )
    return words


def describe_smooth(shown: Sequence[Shown], level: float) -> str:
    """Mean jerk against the real clips', and the roughest moment."""
    told = ", ".join(
        f"{one.name} {one.looks.figures['jerk']:.3f} ({one.looks.figures['jerk'] / level:.1f}x)"
        for one in shown
    )
    return f"Mean jerk, real validation clips {level:.3f} m/frame³: {told}."


def describe_feet(shown: Sequence[Shown]) -> str:
    """How the models' feet skate beside the reference's; whose bones change their length."""
    beside, models = beside_of(shown), [one for one in shown if one.model is not None]
    skates = _extremes(models or shown, lambda one: one.looks.figures["skate"], "{:.0%}")
    if beside is not None and models:
        skates += f", beside {skating(beside)} in {beside.name}"
    bones = _extremes(shown, lambda one: one.looks.figures["stretch"], "{:.1%}")
    real = real_skating()
    usual = "" if real is None else f"; on average {real:.0%} in real validation clips"
    return (
        f"Frames with a skating foot: {skates}{usual}. Bone lengths vary by {bones} of their mean: "
        "the models give positions, in which a bone can stretch."
    )


def describe_cost(result: Result) -> str:
    """CPU seconds of the sampling."""
    told = ", ".join(
        f"{MODELS[name]} {seconds:.2f}"
        for name, seconds in zip(result.notes["models"], result.notes["cpu_seconds"], strict=True)
    )
    return f"CPU seconds of the sampling, where this was computed: {told}."


def describe_missing(result: Result) -> str:
    """Models that have no lane, empty where all have one."""
    missing = [MODELS[name] for name in result.notes["missing"]]
    if not missing:
        return ""
    verb = "has no lane" if len(missing) == 1 else "have no lanes"
    return f"{' and '.join(missing)} {verb}: not among the weights of this checkout."


def describe_lanes(result: Result, shown: Sequence[Shown]) -> str:
    """The finding in one sentence, for those who do not see the stage."""
    action = asked_action(result.notes["text"])
    roughest = max(shown, key=lambda one: one.looks.figures["jerk"])
    names = ", ".join(one.name for one in shown)
    words = f"{names} in step"
    if action is not None:
        right = [one.name for one in shown if does(action, one)]
        words += f"; {', '.join(right) or 'none of them'} with {ASKED[action]}"
    return f"{words}; the highest mean jerk has {roughest.name}."


def _extremes(shown: Sequence[Shown], value: Callable[[Shown], float], form: str) -> str:
    order = sorted(shown, key=value)
    low, high = order[0], order[-1]
    if len(order) == 1 or value(low) == value(high):
        return form.format(value(low)) + (" in all" if len(order) > 1 else f" in {low.name}")
    return f"{form.format(value(low))} in {low.name} to {form.format(value(high))} in {high.name}"
