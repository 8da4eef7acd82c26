"""How a clip comes out of its steps, in sentences computed from them."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.labs.motion.shipped import MODELS
from engine.labs.motion.views.denoise import step_name, steps_of

NEAR = 0.1  # metres


def settled(result: Result) -> int:
    """The first step from which on the clip stays within 10 cm of the final one."""
    far = np.flatnonzero(result.array("to_final") > NEAR)
    return int(far[-1]) + 1 if len(far) else 0


def describe_settling(result: Result) -> str:
    """From where to where the clip goes, and when it is nearly there."""
    apart, steps = result.array("to_final"), steps_of(result)
    at = settled(result)
    words = (
        f"{MODELS.get(result.notes['kind'], result.notes['model'])}: the clip of step 1 is "
        f"{apart[0]:.2f} m from the final one in the mean of all joints; from step {at + 1} of "
        f"{steps} on it stays within {100 * NEAR:.0f} cm"
    )
    if "noise" in result.fields:
        words += f", where the rows are still {result.array('noise')[at]:.0%} noise"
    if "masked" in result.fields:
        kept = ~result.array("masked").astype(bool)
        words += f", with {kept[at].sum()} of {kept.shape[1]} tokens kept"
    return f"{words}."


def describe_text(result: Result) -> str:
    """When the text has its say."""
    text, steps = result.array("text"), steps_of(result)
    if not text.any():
        return "The text changes nothing at any step: the guidance is 0."
    most = int(text.argmax())
    half = int(np.searchsorted(np.cumsum(text), text.sum() / 2))
    form = "{:.2f} m" if result["text"].unit == "m" else "{:.0%} of the chances"
    what = "the clip" if result["text"].unit == "m" else "what is drawn for the open tokens"
    return (
        f"The text moves {what} most at step {most + 1} ({form.format(text[most])}) and by "
        f"{form.format(text[-1])} at the last; half of all that it moves lies in the first "
        f"{half + 1} of {steps} steps."
    )


def describe_step_jerk(result: Result, level: float) -> str:
    """Whether the clip gets smoother while it comes out."""
    jerk = result.array("jerk")
    word = "falls" if jerk[-1] < jerk[0] else "rises" if jerk[-1] > jerk[0] else "stays"
    best = int(jerk.argmin())
    words = (
        f"The mean jerk {word} from {jerk[0]:.3f} to {jerk[-1]:.3f} m/frame³; real validation "
        f"clips have {level:.3f}"
    )
    if best != len(jerk) - 1:
        words += f". It is least at step {best + 1} ({jerk[best]:.3f})"
    return f"{words}."


def describe_step(result: Result, step: int) -> str:
    """The chosen step in one sentence."""
    words = (
        f"Step {step + 1} of {steps_of(result)} of {step_name(result)}: "
        f"{result.array('to_final')[step]:.2f} m from the final clip"
    )
    if result["text"].unit == "m":
        words += f"; the text moved it by {result.array('text')[step]:.2f} m"
    return f"{words}."


def describe_pose(result: Result, frame: int) -> str:
    """How the pose at one frame changes over the steps."""
    body = result.array("body")[:, frame].astype(np.float64)
    apart = np.linalg.norm(body - body[-1], axis=-1).mean(-1)
    return (
        f"At {frame / 20:.2f} s the pose of step 1 is {100 * apart[0]:.0f} cm from the final one "
        f"in the mean of its joints, that of the middle step {100 * apart[len(apart) // 2]:.0f} cm."
    )
