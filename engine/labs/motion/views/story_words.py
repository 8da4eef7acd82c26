"""What the story view says, computed from the result."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.result import Result
from engine.core.units import count

NAMES = {
    "cut": "cut as they are",
    "inertial": "with a difference that decays",
    "progressive": "restored by KMM",
}
ARC = 0.4  # metres from a way that only a turn explains
# Story-to-Motion, arXiv 2311.07446: metres from the way [paper].
PAPER = {"wave": (2.306, 0.156), "circle": (1.951, 0.249), "square": (3.242, 0.151)}


def describe_story(result: Result) -> str:
    """Length, segments, and how far the path was from the ways."""
    segments = result.notes["segments"]
    held = [one for one in segments if one["kind"] == "hold"]
    fills = sum(one["kind"] == "fill" for one in segments)
    words = (
        f"{count(len(result.notes['rows']), 'row')} became {count(len(segments), 'segment')}, "
        f"{result.number('seconds'):.0f} s of motion from {result.notes['source']}."
    )
    if fills:
        words += f" {fills} of them fill the time between."
    if held:
        words += f" In {len(held)} nothing fitted, and a pose is held."
    return words


def describe_ways(result: Result) -> str:
    """How the ways were followed."""
    error = result.metrics.get("way_error_m")
    if not isinstance(error, float):
        return "Nothing was walked."
    ways, reached = result.number("ways"), result.number("ways_reached")
    worst = result.number("way_worst_m")
    words = (
        f"The pelvis is {100 * error:.0f} cm from its ways on average and {100 * worst:.0f} cm at "
        f"most; of {ways:.0f} ways with an end, {reached:.0f} were walked to it."
    )
    if worst > ARC:
        words += " A body turns only so fast: where a way begins behind it, it walks an arc."
    return words


def describe_seams(result: Result) -> str:
    """The jerk at seams by every method that was possible, and which is least."""
    methods = [
        name for name in result.notes["methods"] if f"seam_jerk_{name}_mean" in result.metrics
    ]
    if not methods:
        return "There is one part only, so there is no seam."
    means = {name: result.number(f"seam_jerk_{name}_mean") for name in methods}
    away = quiet_peaks(result)
    said = ", ".join(f"{value:.3f} {NAMES[name]}" for name, value in means.items())
    best = min(means, key=means.__getitem__)
    words = (
        f"{len(result.array('seams'))} seams. The greatest jerk around a seam is, on average, "
        f"{said} (m per frame cubed); least: **{NAMES[best]}**."
    )
    if len(away):
        words += f" Away from seams the greatest jerk of 20 frames is {away.mean():.3f}."
    if "progressive" not in methods:
        words += " KMM is not in this checkout, so that its way was not measured."
    return words


def describe_keys(result: Result) -> str:
    """Where the key frames lie, against what chance would give."""
    keys, seams = result.array("key_frames"), result.array("seams")
    frames = len(result.array("root"))
    by = "KMM's codec" if result.notes["gamma_by"] == "codec" else "poses (KMM is not here)"
    words = f"{len(keys)} key frames, scored by {by}."
    if len(seams):
        near = np.abs(keys[:, None] - seams[None]).min(1) <= 10
        covered = np.zeros(frames, dtype=bool)
        for seam in seams.tolist():
            covered[max(0, seam - 10) : seam + 11] = True
        words += (
            f" {near.mean():.0%} of them lie within 10 frames of a seam, "
            f"where {covered.mean():.0%} of all frames lie."
        )
    return words


def played(segment: dict[str, Any]) -> tuple[str, int]:
    """What tells two segments apart: what was played, and of an action also for how long.

    A walk of the same pieces ends a little later or earlier where it begins elsewhere.
    """
    acts = segment["kind"] == "act"
    return segment["content"], segment["end"] - segment["start"] if acts else 0


def describe_change(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> str:
    """Which segments are the same motion as in the result that was shown before."""
    known = [played(one) for one in before]
    same, fresh = 0, []
    for number, one in enumerate(after, start=1):
        if played(one) in known:
            known.remove(played(one))
            same += 1
        else:
            fresh.append(number)
    if not fresh:
        return f"All {same} segments are those that were shown before."
    if not same:
        return ""
    listed = ", ".join(map(str, fresh[:12])) + (" and more" if len(fresh) > 12 else "")
    return f"{same} of {len(after)} segments are those that were shown before; new: {listed}."


def describe_shapes(result: Result) -> str:
    """Our own errors on the paper's three shapes."""
    names = result.notes["shapes"]
    if not names:
        return "This source has no walk to follow a shape with."
    said = ", ".join(f"{name} {result.number(f'shape_error_{name}_m'):.3f} m" for name in names)
    return f"Mean distance of the pelvis from the way: {said}."


def unread_words(result: Result) -> list[str]:
    """One sentence for each part of the story that nothing was made of."""
    near = result.notes["near"]
    found = []
    for phrase in result.notes["unread"]:
        known = [near[word] for word in phrase.lower().split() if word in near]
        found.append(f"{phrase} (nearest known action: {known[0]})" if known else phrase)
    return found


def quiet_peaks(result: Result) -> np.ndarray:
    """The greatest jerk of every stretch of 20 frames away from seams; none where all is near."""
    curve = np.delete(result.array("jerk"), _near_seams(result)).astype(np.float64)
    whole = curve[: len(curve) // 20 * 20]
    if len(whole):
        return whole.reshape(-1, 20).max(1)
    return curve[None].max(1) if len(curve) else curve


def _near_seams(result: Result) -> np.ndarray:
    """Places of the jerk curve within 10 frames of a seam."""
    length = len(result.array("jerk"))
    covered = np.zeros(length, dtype=bool)
    for seam in result.array("seams").tolist():
        covered[max(0, seam - 10) : seam + 10] = True
    return np.flatnonzero(covered)
