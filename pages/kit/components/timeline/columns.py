"""A timeline as the arrays that the browser draws from: spans lane by lane, words as codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.core import BadInput
from engine.core.overlaps import without_overlaps
from engine.core.timeline import Timeline

MAX_SPANS = 200_000
MAX_POINTS = 200_000
_DOUBLE = 15  # digits that a float64 keeps
_CODES = ((np.uint8, 2**8), (np.uint16, 2**16), (np.int32, 2**31))


def columns(given: Timeline) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What is said once, and the arrays: spans (spans,) one lane after the other, each by time.

    ``lane_from`` (lanes + 1,) says where each lane begins, ``place`` (spans,) which span of the
    timeline each was. Raises BadInput("data") for more than 200 000 spans or as many points of
    counters, and for times or values that are not finite.
    """
    points = sum(len(counter.time) for counter in given.counters)
    for count, most, what in (
        (len(given), MAX_SPANS, "spans"),
        (points, MAX_POINTS, "points of counters"),
    ):
        if count > most:
            raise BadInput("data", f"{count:,} {what} are more than {most:,}; show a part of them")
    if not given.lanes:
        raise BadInput("data", "needs at least one lane")
    timeline = without_overlaps(given)
    for times in (timeline.start, timeline.end):
        if not np.isfinite(times).all():
            raise BadInput("data", "every time must be a finite number")
    order = np.lexsort((np.arange(len(timeline)), timeline.lane))
    back = np.empty(len(order), np.int32)
    back[order] = np.arange(len(order), dtype=np.int32)
    cause = np.zeros(0, np.int32)
    if timeline.cause is not None:
        held = np.asarray(timeline.cause, np.int64)
        if len(held) and not -1 <= held.min() <= held.max() < len(order):
            raise BadInput("data", f"a cause must be -1 or a span from 0 to {len(order) - 1}")
        cause = np.where(held < 0, -1, back[held])[order].astype(np.int32)
    arrays = {
        "start": timeline.start[order].astype(np.float64),
        "duration": _floats((timeline.end - timeline.start)[order]),
        "kind": _codes(timeline.kind[order], len(timeline.kinds)),
        "lane_from": np.searchsorted(
            timeline.lane[order], np.arange(len(timeline.lanes) + 1)
        ).astype(np.int32),
        "place": order.astype(np.int32),
        "cause": cause,
    }
    described = []
    for i, (name, column) in enumerate(timeline.details.items()):
        arrays[f"detail{i}"], words = _detail(np.asarray(column)[order])
        described.append({"name": str(name), "words": words})
    counters = []
    for i, counter in enumerate(timeline.counters):
        if counter.time.shape != counter.value.shape or np.any(np.diff(counter.time) < 0):
            raise BadInput("data", f"the counter {counter.name!r} needs a value for rising times")
        arrays[f"time{i}"] = counter.time.astype(np.float64)
        arrays[f"value{i}"] = counter.value.astype(np.float64)
        if not all(np.isfinite(arrays[f"{part}{i}"]).all() for part in ("time", "value")):
            raise BadInput("data", f"the counter {counter.name!r} must be finite")
        counters.append({"name": str(counter.name), "unit": str(counter.unit)})
    said = {
        "lanes": [[str(lane.name), str(lane.group)] for lane in timeline.lanes],
        "unit": timeline.unit,
        "decimals": decimals(timeline),
        "details": described,
        "counters": counters,
    }
    return said, arrays


def decimals(timeline: Timeline) -> int:
    """Digits after the point of the timeline's unit that tell its times apart, 0 for whole ones.

    Times that lie on no grid of tenths get nine digits, more where the shortest span needs them.
    """
    times = np.concatenate(
        [timeline.start, timeline.end, *(counter.time for counter in timeline.counters)]
    ).astype(np.float64)
    before = _digits(np.abs(times))
    shortest = _digits(timeline.end - timeline.start, np.min)
    most = min(max(9 - before, 2 - shortest, 0), max(_DOUBLE - before, 0))
    for count in range(most):
        scaled = times * 10.0**count
        # A sum of tenths misses its grid by a few of the last bits.
        if np.all(np.abs(scaled - np.rint(scaled)) <= 8 * np.spacing(np.abs(scaled))):
            return count
    return most


def _digits(lengths: np.ndarray, which: Callable[..., Any] = np.max) -> int:
    """Digits before the point of the longest (or shortest) length above 0: 3 for 120, 0 for 0.1."""
    held = lengths[lengths > 0]
    return int(np.floor(np.log10(which(held)))) + 1 if len(held) else 1


def _floats(numbers: np.ndarray) -> np.ndarray:
    """Numbers as float32 where that keeps every one of them, else as float64."""
    small = numbers.astype(np.float32)
    same = np.array_equal(small.astype(np.float64), numbers.astype(np.float64), equal_nan=True)
    return small if same else numbers.astype(np.float64)


def _codes(numbers: np.ndarray, count: int) -> np.ndarray:
    """Numbers below ``count`` in as few bytes as hold them."""
    dtype = next(dtype for dtype, most in _CODES if count <= most)
    return numbers.astype(dtype)


def _detail(column: np.ndarray) -> tuple[np.ndarray, list[str] | None]:
    """A column as codes and their words, or as numbers in the fewest bytes that keep them."""
    if column.dtype.kind not in "iuf":
        words, codes = np.unique(column.astype(str), return_inverse=True)
        return _codes(codes, len(words)), [str(word) for word in words]
    if column.dtype.kind in "iu":
        fits = not len(column) or -(2**31) <= int(column.min()) <= int(column.max()) < 2**31
        return column.astype(np.int32 if fits else np.float64), None
    return _floats(column), None
