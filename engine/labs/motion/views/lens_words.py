"""The memory lens in sentences, all of them computed from the result."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result
from engine.core.units import percent
from engine.labs.motion.memory.poses import apart, pose_speed, seen_from_body
from engine.labs.motion.views.remembered import (
    frames_of,
    frames_word,
    length,
    patch,
    readers,
    span_words,
    token_of,
)

SEEN = 0.25  # of what a joint moves in a frame: less is called hard to see


def describe_row(result: Result, reader: int, frame: int) -> str:
    """What the chosen frame reads: of itself, of the past, of the future, of the caption."""
    told, token = readers(result)[reader], token_of(result, frame)
    shares = row_shares(result, reader, token)
    words = span_words(result, token)
    parts = [f"{percent(shares['own'])} of it is their own", *(
        f"{percent(shares[name])} {said}"
        for name, said in (("past", "is of earlier frames"), ("future", "is of later frames"),
                           ("caption", "is of the caption"))
        if shares[name] > 0
    )]  # fmt: skip
    far = half_reach(result, reader, token)
    reach = (
        f" Half of what they read of other frames lies within {frames_word(far)}." if far else ""
    )
    if told["kind"] == "attention":
        reach += " These are looked up, not remembered: a row adds up to 1 at any distance."
    elif told["direction"] == "backwards":
        reach += " This scan runs backwards: what it has read are the frames to come."
    return f"{told['name']}: of what {words} read, {', '.join(parts)}.{reach}"


def row_shares(result: Result, reader: int, token: int) -> dict[str, float]:
    """Shares of what a token reads, by where it is read."""
    row = result.array("read")[reader, token + 1].astype(np.float64)
    row = row / max(row.sum(), 1e-30)
    return {
        "caption": float(row[0]),
        "past": float(row[1 : token + 1].sum()),
        "own": float(row[token + 1]),
        "future": float(row[token + 2 :].sum()),
    }


def half_reach(result: Result, reader: int, token: int) -> float | None:
    """Frames within which half of what is read of other frames lies; None where nothing is."""
    row = result.array("read")[reader, token + 1, 1:].astype(np.float64)
    away = np.abs(np.arange(len(row)) - token)
    row[token] = 0
    if not row.sum():
        return None
    by_distance = np.bincount(away, row)
    return float(np.searchsorted(np.cumsum(by_distance), row.sum() / 2) * patch(result))


def describe_exact(result: Result, reader: int) -> str:
    """How near the matrix is to what the network computed."""
    gap = float(result.array("gap")[reader])
    if readers(result)[reader]["kind"] == "attention":
        return (
            f"The layer's own output comes back from these weights up to {gap:.1g} of its largest "
            "value."
        )
    return (
        "Nothing here is estimated. The matrix times the inputs of the scan gives its outputs less "
        f"D u back, up to {gap:.1g} of the largest output: what single precision rounds off."
    )


def describe_erased(result: Result, erased: int) -> str:
    """What changes without some frames, against what a joint moves in a frame anyway."""
    pose = result.array("pose_change")[erased].astype(np.float64)
    last = min(erased + int(result.number("span")), int(result.number("tokens"))) - 1
    first, end = frames_of(result, erased)[0], frames_of(result, last)[1]
    at = np.arange(len(pose))
    sides = {"earlier": pose[at < first], "later": pose[at > end]}
    means = [f"{length(float(v.mean()))} in {name} ones" for name, v in sides.items() if v.size]
    others = np.concatenate(list(sides.values()))
    if not others.size:
        return "All frames are erased: there is no other frame that could change."
    if not pose.any():
        return f"Without {span_words(result, erased, last)} nothing changes at all."
    most = int(np.where((at < first) | (at > end), pose, -1).argmax())
    moves = pose_speed(result.array("positions"))
    share = float(others.mean()) / max(moves, 1e-12)
    seen = (
        "too little to be seen at its true size" if share < SEEN
        else "about what a joint moves in a frame" if share < 2
        else "more than a joint moves in a frame"
    )  # fmt: skip
    return (
        f"Without {span_words(result, erased, last)} a joint moves by {' and '.join(means)} on "
        f"average, seen from the body, and by at most {length(float(pose[most]))} (frame {most}). "
        f"From one frame to the next it moves by {length(moves)}: the change is {seen}."
    )


def describe_recorded(result: Result) -> str:
    """How near the network comes to a recording that it reads once; empty for a made clip."""
    if "recorded" not in result.fields:
        return ""
    poses = [seen_from_body(result.array(name).astype(np.float64))
             for name in ("recorded", "positions")]  # fmt: skip
    off = float(apart(*poses).mean())
    how = (
        "with its tokens of the highest scores masked" if result.notes["model"] == "kmm"
        else "with the noise of that step"
    )  # fmt: skip
    return (
        f"Your motion is read once, {how}: what the network makes of it is {length(off)} a joint "
        "from what was recorded, seen from the body. The second body is what it makes of it with "
        "some frames erased."
    )


def describe_masked(result: Result) -> str:
    """Tokens that were masked at this step and therefore wrote nothing; empty without any."""
    write = result.array("write")[:, 1:]
    if np.isnan(write).all():
        return ""
    silent = np.flatnonzero(np.nansum(write, axis=0) == 0)
    if not len(silent):
        return ""
    told = ", ".join("{}–{}".format(*frames_of(result, int(token))) for token in silent)
    return f"Frames {told} were masked at this step: they read, and leave nothing in any state."


def describe_missing(result: Result) -> str:
    """Words of the text that the model did not know or took for others; empty without any."""
    taken = [f"“{word}” as “{form}”" for word, form in result.notes["taken"].items()]
    left = [
        f"“{word}” (nearest known: “{near}”)" if near else f"“{word}”"
        for word, near in result.notes["unknown"].items()
    ]
    parts = []
    if taken:
        parts.append(f"The model reads {', '.join(taken)}.")
    if left:
        parts.append(f"It does not know {', '.join(left)}.")
    return " ".join(parts)
