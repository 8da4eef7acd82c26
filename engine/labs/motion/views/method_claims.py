"""Claims of papers whose measures and layers the lab took over, beside its own results."""

from __future__ import annotations

from math import hypot, sqrt

import numpy as np

from engine.core.claims import Claim, Standing
from engine.core.result import Result
from engine.labs.motion.views.race_words import MODES, TITLES
from engine.labs.motion.views.story_words import quiet_peaks

FLOW = "https://arxiv.org/abs/2402.15509"
SSD = "https://arxiv.org/abs/2405.21060"
FASTER = (2.0, 8.0)
"""Dao and Gu 2024, abstract: so many times as fast as Mamba's selective scan."""
SCANS = ("c", "loop", "assoc")
ERRORS = 2.0


def seam_claims(result: Result) -> tuple[Claim, ...]:
    """Whether the peak of the jerk tells a seam that is cut from one that is not."""
    names = ("cut", "inertial")
    if any(f"seam_jerk_{name}" not in result.fields for name in names):
        return ()
    cut, eased = (result.array(f"seam_jerk_{name}").astype(np.float64) for name in names)
    quiet = quiet_peaks(result)
    if len(cut) < 2 or len(quiet) < 2:
        return ()
    over_eased = surely_more(cut - eased, np.zeros(1))
    over_quiet = surely_more(cut, quiet)
    found = [
        words
        for shows, words in (
            (over_eased, "the same seams with the difference decaying"),
            (over_quiet, "stretches away from seams"),
        )
        if shows
    ]
    told = f"more jerk than {' and than '.join(found)}" if found else "no more jerk than others"
    return (
        Claim(
            FLOW,
            "Peak jerk and the area under the jerk detect abrupt transitions of composed motion.",
            f"{len(cut)} seams: greatest jerk {_mean(cut)} m per frame cubed where they are cut, "
            f"{_mean(eased)} where the difference decays; {_mean(quiet)} in stretches of 20 frames "
            "away from seams.",
            "Barquero et al. 2024, abstract",
            f"Seams that are cut have {told}, beyond noise.",
            "holds" if len(found) == 2 else "partly" if found else "not here",
            mark="abstract",
            caveat="The peak alone, by their formula, on one story of this lab. Their model is not "
            "here, and no figure of it is compared.",
        ),
    )


def surely_more(these: np.ndarray, those: np.ndarray) -> bool:
    """Whether the mean of ``these`` is greater by more than twice the standard error."""
    error = hypot(_error(these), _error(those))
    return float(these.mean() - those.mean()) > ERRORS * error


def _error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / sqrt(len(values))) if len(values) > 1 else 0.0


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.3f} ± {_error(values):.3f}"


def duality_speed_claims(result: Result, mode: str = "forward") -> tuple[Claim, ...]:
    """How many times as fast SSD is as the selective scan, at the longest sequence of both."""
    names, chosen = result.notes["contestants"], result.notes["chosen"]
    ratios = {name: found for name in SCANS if (found := times_as_long(result, mode, name))}
    if "ssd" not in names or chosen not in ratios:
        return ()
    typical, low, high = ratios[chosen][1:]
    length = ratios[chosen][0]
    measured = "; ".join(
        f"the {TITLES[name]} takes {middle:.2f} times as long as SSD ({least:.2f} to {most:.2f})"
        for name, (_, middle, least, most) in ratios.items()
    )
    if low > 1:
        told = f"SSD is {typical:.1f} times as fast here as the {TITLES[chosen]}"
    elif high < 1:
        told = f"SSD takes {1 / typical:.1f} times as long here as the {TITLES[chosen]}"
    else:
        told = f"SSD and the {TITLES[chosen]} take the same time here, within what repeats differ"
    rest = [TITLES[name] for name, row in ratios.items() if name != chosen and row[2] > 1]
    if rest:
        told += f"; it is faster than the {' and the '.join(rest)}"
    return (
        Claim(
            SSD,
            "A refined state-space layer with one decay for many channels (SSD, Mamba-2) is "
            "several times as fast as Mamba's selective scan.",
            f"{MODES[mode].capitalize()}, {length:,} frames: {measured}.",
            "Dao and Gu 2024, abstract",
            f"{told}.",
            _fast(low),
            published=f"{FASTER[0]:g} to {FASTER[1]:g} times as fast",
            mark="abstract",
            caveat="Theirs are kernels of a GPU, whose matrix units favour SSD; these run on one "
            "thread of a processor, SSD as products of PyTorch.",
        ),
    )


def times_as_long(result: Result, mode: str, name: str) -> tuple[int, float, float, float] | None:
    """Length, median, least and greatest time of a scan over SSD's in the same round.

    At the longest sequence that both have run; None where there is none.
    """
    names = result.notes["contestants"]
    if name not in names or "ssd" not in names:
        return None
    seconds = result.array("seconds")[list(MODES).index(mode)]
    ratio = seconds[names.index(name)] / seconds[names.index("ssd")]
    held = np.flatnonzero(np.isfinite(ratio).all(-1))
    if not len(held):
        return None
    one, length = ratio[held[-1]], int(result.array("length")[held[-1]])
    return length, float(np.median(one)), float(one.min()), float(one.max())


def _fast(least: float) -> Standing:
    """Every repeat counts: at least as fast as published, faster at all, or not."""
    return "holds" if least >= FASTER[0] else "partly" if least > 1 else "not here"
