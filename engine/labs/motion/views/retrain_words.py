"""What a training shows, in sentences computed from it."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result


def done(result: Result, stop: int, action: int) -> str:
    """How many clips of an action pass their check at a stop."""
    passed = result.array("passed")[stop, action]
    return f"{int(passed.sum())} of {len(passed)} clips do it"


def describe_loss(result: Result) -> str:
    """From where to where the loss fell, and when it had done half of that."""
    loss, at = result.array("loss").astype(float), result.array("point")
    first, last = float(loss[0]), float(loss[-5:].mean())
    if last >= first:
        return f"The loss did not fall: {first:.2f} at first, {last:.2f} at the end."
    half = int(at[int(np.argmax(loss <= np.sqrt(first * last)))])
    return (
        f"The loss falls from {first:.2f} to {last:.2f}; half of that way, on a logarithmic scale, "
        f"is done after {half:,} of {int(result.number('steps')):,} steps."
    )


def describe_checks(result: Result) -> str:
    """How many clips pass at the first and the last stop, and which action came last."""
    passed = result.array("passed").astype(float)  # stop action clip
    count = passed[0].size
    first, last = int(passed[0].sum()), int(passed[-1].sum())
    told = (
        f"{last} of {count} clips do what their text says at the end, {first} before the training."
    )
    whole = passed.mean(-1) == 1
    steps, names = result.array("stop"), result.notes["actions"]
    learnt = {}
    for at, name in enumerate(names):
        # Learnt from the first stop on after which it is never lost again.
        lost = np.flatnonzero(~whole[:, at])
        stop = int(lost[-1]) + 1 if len(lost) else 0
        if stop < len(steps):
            learnt[name] = int(steps[stop])
    missing = [name for name in names if name not in learnt]
    if missing:
        told += f" Not all clips of {', '.join(missing)} are right at the end."
    late = max(learnt.values(), default=0)
    if late:
        last_ones = [name for name, step in learnt.items() if step == late]
        told += f" Last to be right: {', '.join(last_ones)} (step {late:,})."
    easy = [name for at, name in enumerate(names) if whole[0, at]]
    if easy:
        told += (
            f" {', '.join(easy)} pass{'es' if len(easy) == 1 else ''} before anything is learnt: "
            "noise passes that check."
        )
    return told


def describe_action(result: Result, action: str) -> str:
    """One action at all stops."""
    at = result.notes["actions"].index(action)
    steps = result.array("stop")
    told = ", ".join(
        f"{int(result.array('passed')[stop, at].sum())} at step {step:,}"
        for stop, step in enumerate(steps)
    )
    clips = result.array("passed").shape[-1]
    return f"“{result.notes['captions'][at]}”: of {clips} clips do it {told}."


def describe_motion(result: Result) -> str:
    """Jerk and skating at the end beside the clips of the training."""
    jerk, skate = float(result.array("jerk")[-1]), float(result.array("skate")[-1])
    real_jerk, real_skate = result.number("real_jerk"), result.number("real_skate")
    return (
        f"At the end the jerk is {jerk:.3f} m/frame³, {jerk / real_jerk:.1f} times that of the "
        f"training's clips, and a foot skates in {skate:.0%} of the frames ({real_skate:.0%} in "
        "the training's clips)."
    )


def describe_copies(result: Result) -> str:
    """Whether the samples are nearer to training clips than unseen clips of the same plans are."""
    near, beside = 100 * result.number("nearest"), 100 * result.number("nearest_unseen")
    told = (
        f"Its clips lie {near:.1f} cm from the nearest training clip (median), unseen clips of the "
        f"same actions {beside:.1f} cm"
    )
    if near < 0.7 * beside:
        return f"{told}: it copies."
    if near > 1.4 * beside:
        return f"{told}: no copies, but further from the plans than the plans from each other."
    return f"{told}: as near as an honest clip."


def describe_limits(result: Result) -> str:
    """What this does not show."""
    passed = result.array("passed")
    return (
        f"One training, {passed.shape[-1]} clips of every action, and texts that were in the "
        "training: it shows how learning goes, and nothing about sentences that were not."
    )
