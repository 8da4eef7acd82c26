"""Sentences about one clip, computed from its positions."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.labs.motion.evaluation.checks import FEET_UP, PELVIS_UP, TURNED
from engine.labs.motion.shipped import MODELS
from engine.labs.motion.skeleton import FPS


def name_of(result: Result) -> str:
    """What the clip is called in a figure."""
    notes = result.notes
    return notes["text"][:80] if notes["kind"] == "model" else f"{notes['kind']} file"


def describe_clip(result: Result) -> str:
    """How long the clip is and how often a foot skates in it."""
    frames = len(result.array("positions"))
    return (
        f"{frames} frames, {(frames - 1) / FPS:.1f} s; a foot skates in "
        f"{100 * result.number('skate'):.0f} % of the frames."
    )


def describe_path(result: Result) -> str:
    """How far the pelvis goes and how much the body turns."""
    positions = result.array("positions").astype(np.float64)
    flat = positions[:, 0, ::2]
    way = float(np.linalg.norm(np.diff(flat, axis=0), axis=-1).sum())
    away = float(np.linalg.norm(flat[-1] - flat[0]))
    turned = result.number("turned")
    side = "to the left" if turned > 0 else "to the right"
    return (
        f"The pelvis goes {way:.1f} m and ends {away:.1f} m from its start; the body turns "
        f"{abs(turned):.0f} degrees {side}."
    )


def describe_checks(result: Result) -> list[str]:
    """Turn, hand, direction and jump: what the motion does by the exact checks."""
    turned = result.number("turned")
    if abs(turned) <= TURNED:
        turn = f"Turn: none, {turned:+.0f} degrees (a turn is more than {TURNED:g})."
    else:
        turn = f"Turn: to the {'left' if turned > 0 else 'right'}, {abs(turned):.0f} degrees."
    return [turn, _hand(result), _direction(result), _jump(result)]


def _hand(result: Result) -> str:
    left, right = result.number("left_travel"), result.number("right_travel")
    tops = result.number("left_top"), result.number("right_top")
    reach = result.number("left_reach"), result.number("right_reach")
    more = "left" if left > right else "right"
    above = [side for side, by in zip(("left", "right"), reach, strict=True) if by > 0]
    raised = f"above its shoulder: {' and '.join(above)}" if above else "neither above its shoulder"
    return (
        f"Hand: the {more} wrist moves more ({left:.1f} m left, {right:.1f} m right); greatest "
        f"height {tops[0]:.2f} m left, {tops[1]:.2f} m right, {raised}."
    )


def _direction(result: Result) -> str:
    # Rounded first and 0.0 added: a speed that is nothing shall not be written as minus nothing.
    ahead, sideways = (round(result.number(name), 2) + 0.0 for name in ("forward", "sideways"))
    if max(abs(ahead), abs(sideways)) < 0.05:
        where = "on the spot"
    elif abs(ahead) >= abs(sideways):
        where = "forward" if ahead > 0 else "backward"
    else:
        where = "to the left" if sideways > 0 else "to the right"
    return (
        f"Direction: {where}; {ahead:+.2f} m/s ahead and {sideways:+.2f} m/s to the left, as the "
        "body sees it."
    )


def _jump(result: Result) -> str:
    feet, rise = result.number("feet"), result.number("rise")
    is_jump = feet > FEET_UP or rise > PELVIS_UP
    return (
        f"Jump: {'yes' if is_jump else 'no'}; both feet {100 * feet:.0f} cm up (a jump: over "
        f"{100 * FEET_UP:.0f}), the pelvis {100 * rise:.0f} cm over its median (over "
        f"{100 * PELVIS_UP:.0f})."
    )


def describe_source(result: Result) -> str:
    """Where the clip is from, and what was not understood or cut."""
    notes = result.notes
    if notes["kind"] == "model":
        parts = [f"{MODELS.get(notes['model'], notes['model'])}, seed {notes['seed']}"]
        if notes["pieces"] > 1:
            parts.append(f"made of {notes['pieces']} pieces")
        if notes["read_as"]:
            said = ", ".join(f"{one} as {other}" for one, other in notes["read_as"].items())
            parts.append(f"read {said}")
        if notes["unknown_words"]:
            said = ", ".join(
                f"{word} (nearest: {near})" if near else word
                for word, near in notes["unknown_words"].items()
            )
            parts.append(f"left out, not in its vocabulary: {said}")
        if notes["words_cut"]:
            parts.append(f"the last {notes['words_cut']} words were cut")
    else:
        parts = [f"{notes['kind']}, {notes['skeleton']}", describe_rate(result)]
    shown = len(result.array("positions"))
    if shown < notes["whole_frames"]:
        parts.append(f"the first {shown:,} of {notes['whole_frames']:,} frames are shown")
    return f"{'; '.join(parts)}."


def describe_rate(result: Result) -> str:
    """Frames and rate of the file, and what was made of them."""
    notes = result.notes
    rate, frames = notes["file_fps"], notes["file_frames"]
    kept = notes["whole_frames"]
    if rate == FPS:
        return f"{frames:,} frames at 20 a second, as they are"
    every = rate / FPS
    how = f"every {every:.0f}th frame" if every == round(every) else "straight lines between frames"
    return f"{frames:,} frames at {rate:g} a second became {kept:,} at 20: {how}"
