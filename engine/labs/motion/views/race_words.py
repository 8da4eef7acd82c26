"""Sentences of the race, all of them computed from its times."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from engine.core.result import Result

MODES = {"forward": "forward", "both": "forward and backward"}
TITLES = {
    "c": "C kernel",
    "ssd": "SSD (Mamba-2)",
    "loop": "plain loop",
    "assoc": "parallel prefix (Blelloch)",
    "reference": "reference loop",
    "attention": "attention layer",
}
RIVALS = ("loop", "attention")
# The figures that this lab set itself (issue): at this length and width, so many times as fast.
TARGET_LENGTH, TARGET_CHANNELS, TARGET = 2048, 256, 5.0


def of_chosen(result: Result, mode: str) -> np.ndarray:
    """Seconds over those of the chosen back end in the same round (contestant, length, repeat)."""
    seconds = result.array("seconds")[list(MODES).index(mode)]
    return seconds / seconds[result.notes["contestants"].index(result.notes["chosen"])]


def grown(slope: float, low: float, high: float) -> str:
    """What an interval of an exponent says of linear and quadratic growth."""
    if not np.isfinite([slope, low, high]).all():
        return "too few lengths to tell"
    linear, square = low <= 1 <= high, low <= 2 <= high
    if linear and square:
        return "too uncertain to tell linear from quadratic"
    if linear:
        return "linear within the interval"
    if square:
        return "quadratic within the interval"
    if high < 1:
        return "less than linear"
    return "more than linear, less than quadratic" if high < 2 else "more than quadratic"


def describe_growth(result: Result, mode: str) -> list[str]:
    """The exponents of the chosen back end and of attention, then of the others."""
    slopes = result.array("slope")[list(MODES).index(mode)]
    names = result.notes["contestants"]
    chosen = result.notes["chosen"]

    def one(name: str) -> str:
        slope, low, high = slopes[names.index(name)]
        if not np.isfinite(slope):
            return f"{TITLES[name]}: {grown(slope, low, high)}"
        return (
            f"{TITLES[name]} grows as the length to the power {slope:.2f} "
            f"({low:.2f} to {high:.2f}): {grown(slope, low, high)}"
        )

    start = result.notes["fitted_from"]
    main = [name for name in (chosen, "attention") if name in names]
    rest = [name for name in names if name not in main]
    return [
        f"{MODES[mode].capitalize()}, from {start:,} frames on: {'; '.join(map(one, main))}.",
        f"{'; '.join(map(one, rest))}.",
    ]


def describe_ratios(result: Result, mode: str) -> str:
    """How often the loop and attention take the chosen one's time at the longest shared length."""
    chosen = result.notes["chosen"]
    parts = []
    for rival in RIVALS:
        found = ratio_at(result, mode, rival)
        if rival != chosen and found is not None:
            length, typical, low, high = found
            parts.append(
                f"the {TITLES[rival]} takes {typical:.1f} times as long as the {TITLES[chosen]} "
                f"at {length:,} frames ({low:.1f} to {high:.1f})"
            )
    if not parts:
        return "No length was run by both the chosen back end and a rival."
    said = " and ".join(parts)
    return f"{MODES[mode].capitalize()}, {said}."


def ratio_at(
    result: Result, mode: str, rival: str, length: int | None = None
) -> tuple[int, float, float, float] | None:
    """Length, median, least and greatest ratio of ``rival`` over the chosen one.

    Without ``length`` at the longest that both have run; None where there is none.
    """
    names, lengths = result.notes["contestants"], result.array("length")
    if rival not in names:
        return None
    ratio = of_chosen(result, mode)[names.index(rival)]
    held = np.flatnonzero(np.isfinite(ratio).all(-1))
    if length is not None:
        held = held[lengths[held] == length]
    if not len(held):
        return None
    one = ratio[held[-1]]
    return int(lengths[held[-1]]), float(np.median(one)), float(one.min()), float(one.max())


def describe_target(result: Result) -> list[str]:
    """Whether the lab's own figure is reached in this run: five times as fast, both rivals."""
    if result.number("channels") != TARGET_CHANNELS:
        return [f"The lab's own figure is set for {TARGET_CHANNELS} channels."]
    said = []
    for mode, words in MODES.items():
        for rival in RIVALS:
            if rival == result.notes["chosen"]:
                said.append(f"The chosen back end is the {TITLES[rival]} itself.")
                continue
            found = ratio_at(result, mode, rival, TARGET_LENGTH)
            if found is None:
                said.append(f"{words}, {TITLES[rival]}: {TARGET_LENGTH:,} frames were not run")
                continue
            _, typical, low, high = found
            verdict = "reached" if typical >= TARGET else "not reached"
            said.append(
                f"{words}, over the {TITLES[rival]}: {typical:.1f} times ({low:.1f} to "
                f"{high:.1f}), {verdict}"
            )
    return said


def describe_left_out(result: Result) -> str:
    """Who has no time, and why; empty where all have."""
    parts = [f"{TITLES[name]}: {why}" for name, why in result.notes["missing"].items()]
    cells: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for mode, name, length, reason in result.notes["left_out"]:
        cells[mode, name, reason].append(length)
    for (mode, name, reason), lengths in cells.items():
        at = ", ".join(f"{length:,}" for length in lengths)
        parts.append(f"{TITLES[name]}, {MODES[mode]}, {at} frames: {reason}")
    return f"Left out: {'; '.join(parts)}." if parts else ""


def describe_machine(result: Result) -> str:
    """Where the times come from."""
    before, after = result.notes["load"]
    repeats = result.array("seconds").shape[-1]
    batch = int(result.number("batch"))
    return (
        f"{result.notes['processor']}, {result.notes['cores']} cores, one thread, float32, "
        f"torch {result.notes['torch']}; {batch} sequence{'s' * (batch > 1)} of "
        f"{result.number('channels'):.0f} channels and {result.number('states'):.0f} states; "
        f"{repeats} repeats; load average {before:g} before and {after:g} after."
    )
