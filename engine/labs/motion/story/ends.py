"""Where a segment of a told story ends, moved: its row is told anew from there, no row before it.

What follows keeps its pieces and begins earlier or later; where a row is repeated, it is cut into
the repetitions before, the one that changes, and those behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.core.errors import BadInput
from engine.labs.motion.skeleton import FPS
from engine.labs.motion.story.desk import RISE, STAND
from engine.labs.motion.story.lexicon import travels
from engine.labs.motion.story.rows import MOST_SECONDS, Row, check_rows

FIELD = "ends_at"
LEAST = 10  # frames of a segment
Notes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class End:
    """Segment ``number`` ends in front of frame ``at`` and may end from ``low`` to ``high``."""

    number: int
    at: int
    low: int
    high: int


def movable_ends(rows: Sequence[Row], segments: Notes) -> list[End]:
    """The ends that can be moved, of ``segments`` as ``run.segment_notes`` gives them.

    Those of actions and of walks ahead in the first round. A walk to a place lasts as long as its
    steps take; what is waited for behind it can be made longer or shorter.
    """
    found = []
    for number, one in enumerate(segments):
        if one["round"] or not _lasts_as_asked(one, rows[one["row"]], segments[number:]):
            continue
        start = segments[number - 1]["end"] if number else 0
        # The bound is that of a row: its repetitions are cut into rows, its walk and wait are one.
        begun = _begun(segments, one["row"]) if travels(rows[one["row"]].action) else start
        least = round(FPS) + 1 if one["kind"] == "fill" else LEAST
        end, most = one["end"], begun + round(MOST_SECONDS * FPS)
        found.append(End(number, end, min(start + least, end), max(most, end)))
    return found


def move_end(rows: Sequence[Row], segments: Notes, number: int, frame: int) -> tuple[Row, ...]:
    """The table after segment ``number`` was made to end in front of ``frame``.

    ``rows`` hold what was played for each (``run.rows_with_kept``). All frames before the segment
    stay as they are, bit for bit, but for a seam that KMM restores; the segment is made anew from
    the state before it; later segments keep their pieces. Raises BadInput: an end that cannot be
    moved, a frame out of its range, more rows than a table has.
    """
    end = next((one for one in movable_ends(rows, segments) if one.number == number), None)
    if end is None:
        raise BadInput(
            FIELD, f"segment {number + 1} lasts as long as its way takes; its end cannot be moved"
        )
    if not end.low <= frame <= end.high:
        raise BadInput(
            FIELD,
            f"segment {number + 1} must end at {end.low / FPS:g} to {end.high / FPS:g} s "
            f"(got {frame / FPS:g})",
        )
    at = segments[number]["row"]
    row = rows[at]
    if travels(row.action):
        seconds = (frame - _begun(segments, at)) / FPS
        anew = [replace(row, seconds=seconds, kept=_kept(row, segments, at, 0, number))]
    else:
        start = segments[number - 1]["end"] if number else 0
        anew = _cut(row, segments, at, number, (frame - start) / FPS)
    return check_rows([*rows[:at], *anew, *rows[at + 1 :]])


def _lasts_as_asked(one: Mapping[str, Any], row: Row, rest: Notes) -> bool:
    """Whether a segment is as long as its row says; ``rest`` begins with it."""
    if not travels(row.action):
        return one["kind"] in ("act", "hold")
    last = len(rest) == 1 or (rest[1]["row"], rest[1]["round"]) != (one["row"], 0)
    if one["kind"] == "fill":
        return last and one["text"] == STAND
    return last and (one["kind"] == "act" or not (one["place"] or row.place))


def _begun(segments: Notes, at: int) -> int:
    """The frame that the walk of row ``at`` begins with, once the body has risen."""
    first = next(k for k in _own(segments, at) if segments[k]["text"] != RISE)
    return segments[first - 1]["end"] if first else 0


def _own(segments: Notes, at: int) -> list[int]:
    """Numbers of the segments that the first round has of row ``at``."""
    return [k for k, one in enumerate(segments) if one["row"] == at and not one["round"]]


def _kept(row: Row, segments: Notes, at: int, first: int, end: int) -> str:
    """Of what the row keeps, the part that its segments ``first`` to ``end`` - 1 played."""
    names = iter(row.kept.split("|")) if row.kept else iter(())
    kept = []
    for number in _own(segments, at):
        played = [name for _, name in zip(range(segments[number]["pieces"]), names, strict=False)]
        kept += played if first <= number < end else []
    return "|".join(kept)


def _cut(row: Row, segments: Notes, at: int, number: int, seconds: float) -> list[Row]:
    """An action's row: its repetitions before segment ``number``, that one, those behind it."""
    acts = [k for k in _own(segments, at) if segments[k]["kind"] in ("act", "hold")]
    done = acts.index(number)
    left = row.times - done - 1
    each = round(row.seconds * FPS / row.times) / FPS
    kept = _kept(row, segments, at, 0, number)
    anew = [replace(row, times=1, seconds=seconds, kept="" if done else kept)]
    if done:
        anew[0] = replace(anew[0], place="")  # the body is where the row wanted it
        anew.insert(0, replace(row, times=done, seconds=done * each, kept=kept))
    if left:
        behind = _kept(row, segments, at, number + 1, len(segments))
        anew.append(replace(row, times=left, seconds=left * each, place="", kept=behind))
    return anew
