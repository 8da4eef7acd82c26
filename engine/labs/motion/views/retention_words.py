"""Retention in sentences, all of them computed from the result."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.labs.motion.views.remembered import (
    frames_word,
    place_labels,
    readers,
    span_words,
    token_of,
)

LEVELS = ("half", "a tenth", "a hundredth")


def describe_lives(result: Result, counted: str) -> str:
    """Which scan forgets fastest and slowest, and whether what is written goes to fast states."""
    kind = {"written_share": "written_life", "life_share": "life_spread"}[counted]
    median = result.array(kind)[:, 1]
    names = [reader["name"] for reader in readers(result)]
    fast, slow = int(np.argmin(median)), int(np.argmax(median))
    if fast == slow:
        return f"Half of {names[0]}'s states hold for less than {frames_word(float(median[0]))}."
    return (
        f"The median half-life is {frames_word(float(median[fast]))} in {names[fast]}, the "
        f"shortest, and {frames_word(float(median[slow]))} in {names[slow]}, the longest."
    )


def describe_writing(result: Result) -> str:
    """Whether the long-lived states are used."""
    alike = float(np.median(result.array("life_spread")[:, 1]))
    written = float(np.median(result.array("written_life")[:, 1]))
    share = alike / max(written, 1e-12)
    if share > 1.2:
        said = f"what is written goes mostly to states that forget {share:.2g} times as fast"
    elif share < 1 / 1.2:
        said = f"what is written goes mostly to states that hold {1 / share:.2g} times as long"
    else:
        said = "what is written lives about as long"
    return (
        f"Counted alike, half of the states of a typical scan hold for {frames_word(alike)} or "
        f"more; {said}: {frames_word(written)}."
    )


def describe_directions(result: Result) -> str:
    """Forward scans against backward ones."""
    median = result.array("written_life")[:, 1]
    by = {
        way: [float(m) for m, reader in zip(median, readers(result), strict=True)
              if reader["direction"] == way]
        for way in ("forwards", "backwards")
    }  # fmt: skip
    if not all(by.values()):
        return ""
    ahead, back = (float(np.median(values)) for values in by.values())
    longer = "longer" if ahead > back else "shorter"
    return (
        f"Scans forwards ({len(by['forwards'])}) hold what they write for {frames_word(ahead)} at "
        f"the median, {longer} than those backwards ({len(by['backwards'])}): {frames_word(back)}."
    )


def describe_decay(result: Result, frame: int) -> str:
    """What is left of a frame at the end of its way, in the scan that keeps most and least."""
    token = token_of(result, frame)
    kept = result.array("kept")[:, token + 1].astype(np.float64)
    words = span_words(result, token)
    if not kept.any():
        return f"{words.capitalize()} were masked at this step and wrote nothing."
    names = [reader["name"] for reader in readers(result)]
    ends = np.array(
        [row[1] if reader["direction"] == "backwards" else row[-1]
         for row, reader in zip(kept, readers(result), strict=True)]
    )  # fmt: skip
    soon = np.array([_next(row, token + 1, reader["direction"])
                     for row, reader in zip(kept, readers(result), strict=True)])  # fmt: skip
    best = int(np.argmax(ends))
    told = f"{100 * np.nanmin(soon):.2g} to {100 * np.nanmax(soon):.2g} %" if np.isfinite(
        soon).any() else "nothing"  # fmt: skip
    where = "the first frame" if readers(result)[best]["direction"] == "backwards" else "the end"
    return (
        f"One token later the scans still hold {told} of what {words} wrote. "
        f"Most of it arrives at {where} in {names[best]}: {100 * ends[best]:.2g} %."
    )


def describe_states(result: Result) -> str:
    """Where the states are fullest."""
    state = result.array("state").astype(np.float64)
    mean = (state / np.maximum(state.mean(1, keepdims=True), 1e-30)).mean(0)
    names, at = place_labels(result), int(np.argmax(mean))
    where = "at the caption's token" if at == 0 else f"at frames {names[at]}"
    return (
        f"On average over all scans the states are fullest {where}: {mean[at]:.2g} of their mean."
    )


def describe_far(result: Result) -> str:
    """After how many frames half, a tenth and a hundredth are left, by scan."""
    parts = []
    for name, levels in zip(result.notes["first"], result.array("far_level"), strict=True):
        told = [
            f"{level} after {frames_word(float(value))}" if np.isfinite(value)
            else f"more than {level} to the end"
            for level, value in zip(LEVELS, levels, strict=True)
        ]  # fmt: skip
        parts.append(f"{name}: less than {', '.join(told)}")
    ends = 100 * result.array("far")[:, -1].astype(np.float64)
    return (
        f"Of what a frame wrote there is left, on average: {'; '.join(parts)}. After "
        f"{result.number('far_frames'):,.0f} frames it is {ends.min():.1g} to {ends.max():.1g} %."
    )


def _next(row: np.ndarray, token: int, direction: str) -> float:
    """What is left one token on; NaN at an end."""
    at = token - 1 if direction == "backwards" else token + 1
    return float(row[at]) if 1 <= at < len(row) else float("nan")
