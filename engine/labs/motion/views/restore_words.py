"""What the restored clip shows, in sentences computed from it."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result

LEVEL = 0.1  # errors that differ by a smaller share are called about equal


def describe_restored(result: Result) -> str:
    """How near the restored tokens are, beside a straight line and the codec alone."""
    masked = result.array("masked").astype(bool)
    number, count = int(masked.sum()), len(masked)
    right = int(result.array("right")[masked].sum())
    error, straight, floor = (
        100 * float(result.array(name)[masked].mean()) for name in ("error", "straight", "floor")
    )
    verb, verdict = "is" if number == 1 else "are", compare(error, straight)
    return (
        f"{number} of {count} tokens {verb} masked. KMM names {right} of their codes exactly; the "
        f"restored joints are {error:.1f} cm off, {verdict} a straight line between known tokens "
        f"({straight:.1f} cm). The codec alone, with nothing masked, is {floor:.1f} cm off there."
    )


def compare(first: float, second: float) -> str:
    """Whether an error is below, above or about that of another."""
    if abs(first - second) <= LEVEL * max(first, second):
        return "about as far as"
    return "less than" if first < second else "more than"


def describe_floor(result: Result) -> str:
    """Whether what is wrong is the codec's or the masked model's, for this clip."""
    masked = result.array("masked").astype(bool)
    error, floor = (float(result.array(name)[masked].mean()) for name in ("error", "floor"))
    if floor >= 0.6 * error:
        return (
            "Most of the error is the codec's: it has no codes for such a clip, and what it cannot "
            "write the masked model cannot restore."
        )
    return "Most of the error comes with the mask: the codec can write this clip."


def describe_policies(result: Result) -> str:
    """Which policy hides what is hardest to restore in this clip."""
    names, errors = result.notes["masks"], result.array("by_mask")[0]
    key = 100 * float(errors[names.index("key")])
    inverse = 100 * float(errors[names.index("inverse")])
    draws = 100 * errors[[at for at, name in enumerate(names) if name == "random"]]
    place = (
        "above all of them" if key > draws.max()
        else "below all of them" if key < draws.min()
        else "within their range"
    )  # fmt: skip
    return (
        f"The same share of this clip: {key:.1f} cm with key frames masked, {inverse:.1f} cm with "
        f"the least key ones, {draws.min():.1f} to {draws.max():.1f} cm in {len(draws)} random "
        f"draws. Key frames are {place}. One clip says nothing about training."
    )


def describe_scores(result: Result) -> str:
    """Which token scores highest and how many score hardly anything."""
    score = result.array("score")
    best, middle = int(np.argmax(score)), float(np.median(score))
    share = float((score < 0.1 * score.max()).mean())
    return (
        f"Token {best} has the highest score, {float(score[best]):.1f}, the median is "
        f"{middle:.1f}; {share:.0%} of the tokens are below a tenth of the highest."
    )


def describe_kernel(result: Result) -> str:
    """What the kernel without a width makes of this clip."""
    least, most = result.number("raw_least"), result.number("raw_most")
    alone, apart = result.number("raw_alone"), result.number("raw_distance")
    told = (
        f"Two tokens are {apart:.1f} apart (median). Without a bandwidth, densities go from "
        f"{least:.3f} to {most:.3f}, and {alone:.0%} of the tokens have no neighbour at all"
    )
    if alone > 0.95:
        return f"{told}: the kernel has collapsed, and the score is the distance alone."
    if alone > 0.3:
        return f"{told}: only tokens that hardly differ, as in standing still, count as dense."
    return f"{told}: for this clip the kernel tells tokens apart even so."
