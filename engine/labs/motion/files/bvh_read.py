"""Reading BVH text from somebody else; each complaint names the line and what is wrong in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from engine.core.errors import BadInput
from engine.core.settings import MB
from engine.io.text import read_text
from engine.labs.motion.clip import MOST_FRAMES
from engine.labs.motion.files.bvh import POSITIONS, ROTATIONS, Bvh
from engine.labs.motion.skeleton import FPS

LIMIT_BYTES = 100 * MB
MOST_JOINTS = 1000
MOST_NUMBERS = 20_000_000
LARGEST = 1e7  # a position or an angle beyond it is a broken number
LEAST_TIME, MOST_TIME = 1e-3, 1.0
FIELD = "bvh"
Lines = Iterator[tuple[int, str]]
KNOWN = {name.lower(): name for name in (*POSITIONS, *ROTATIONS)}


def read_bvh(source: Path | str | bytes) -> Bvh:
    """The hierarchy and motion of a BVH file or upload of at most 100 MB.

    Any line ends; at most 1,000 joints, 100,000 frames, and 83 minutes. A joint that ends without
    an end site is read with a notice. Raises BadInput naming the line.
    """
    lines = _pieces(read_text(source, limit=LIMIT_BYTES, field=FIELD))
    body = _Hierarchy(lines)
    count = _whole(*_expect(lines, r"Frames\s*:\s*(\S+)", "'Frames: ' and a number"))
    time = _time(*_expect(lines, r"Frame\s+Time\s*:\s*(\S+)", "'Frame Time: ' and seconds"))
    # Before the numbers: they take a minute, and all that comes of them would be refused.
    if (count - 2) * time * FPS >= MOST_FRAMES:
        raise BadInput(
            FIELD,
            f"{count:,} frames of {time:g} s are {count * time / 60:,.0f} minutes; at most "
            f"{MOST_FRAMES / FPS / 60:,.0f} minutes ({MOST_FRAMES:,} frames at {FPS:g} a second) "
            "are read",
        )
    values = _motion(lines, body, count)
    return Bvh(
        tuple(body.names),
        tuple(body.parents),
        np.array(body.offsets),
        tuple(body.channels),
        tuple(body.ends),
        values,
        time,
        tuple(body.notices),
    )


def _pieces(text: str) -> Lines:
    """Line numbers with statements and braces, which may stand on one line."""
    for number, line in enumerate(text.split("\n"), start=1):
        for piece in re.findall(r"[{}]|[^{}]+", line):
            if words := piece.strip():
                yield number, words


class _Hierarchy:
    """The part of a BVH file from HIERARCHY to MOTION."""

    def __init__(self, lines: Lines):
        self.names: list[str] = []
        self.parents: list[int] = []
        self.offsets: list[list[float]] = []
        self.channels: list[tuple[str, ...]] = []
        self.ends: list[tuple[int, tuple[float, float, float]]] = []
        self.notices: list[str] = []
        _expect(lines, r"HIERARCHY()", "'HIERARCHY'")
        number, name = _expect(lines, r"ROOT\s+(.+)", "'ROOT' and a name")
        self._open(lines, number, name, -1)
        self._inside(lines)
        _expect(lines, r"MOTION()", "'MOTION' after the one root")
        if not any(self.channels):
            _stop(number, "no joint has channels")

    def _open(self, lines: Lines, number: int, name: str, parent: int) -> None:
        if len(self.names) == MOST_JOINTS:
            _stop(number, f"at most {MOST_JOINTS:,} joints are read")
        if name in self.names:
            _stop(number, f"there are two joints called {name[:40]!r}")
        self.names.append(name)
        self.parents.append(parent)
        self.channels.append(())
        _expect(lines, r"(\{)", f"'{{' after the joint {name[:40]!r}")
        number, words = _expect(lines, r"OFFSET\s+(.+)", f"'OFFSET' of {name[:40]!r}")
        self.offsets.append(_numbers(number, words, 3, "the offset"))

    def _inside(self, lines: Lines) -> None:
        """What stands between the braces of joints, with a stack of those that are open."""
        stack, leaves, listed = [0], {0}, set()
        while stack:
            joint = stack[-1]
            number, words = _next(lines, f"'}}' of the joint {self.names[joint][:40]!r}")
            head = words.split(None, 1)[0].upper()
            if head == "CHANNELS":
                if joint in listed:
                    _stop(number, f"{self.names[joint][:40]!r} lists its channels twice")
                listed.add(joint)
                self.channels[joint] = _channels(number, words)
            elif head == "JOINT":
                name = words[5:].strip() or _stop(number, "a joint has no name")
                leaves.discard(joint)
                self._open(lines, number, name, joint)
                stack.append(len(self.names) - 1)
                leaves.add(stack[-1])
            elif re.fullmatch(r"End\s*Site.*", words, re.IGNORECASE):
                leaves.discard(joint)
                _expect(lines, r"(\{)", "'{' after 'End Site'")
                number, words = _expect(lines, r"OFFSET\s+(.+)", "'OFFSET' of the end site")
                x, y, z = _numbers(number, words, 3, "the offset of the end site")
                self.ends.append((joint, (x, y, z)))
                _expect(lines, r"(\})", "'}' after the end site")
            elif words == "}":
                if joint not in listed:
                    _stop(number, f"{self.names[joint][:40]!r} lists no channels")
                stack.pop()
            else:
                _stop(number, f"CHANNELS, JOINT, End Site or }} is expected, not {words[:40]!r}")
        if leaves:
            shown = ", ".join(self.names[joint][:40] for joint in sorted(leaves)[:3])
            self.notices.append(
                f"{len(leaves)} joint{'s' * (len(leaves) > 1)} without an end site ({shown})"
            )


def _channels(number: int, words: str) -> tuple[str, ...]:
    count, *names = words.split()[1:] or ["none"]
    if not re.fullmatch(r"[0-9]{1,2}", count) or int(count) > 6:
        _stop(number, f"a number of channels from 0 to 6 is required, not {count[:20]!r}")
    if len(names) != int(count):
        _stop(number, f"{count} channels are declared and {len(names)} named")
    for name in names:
        if name.lower() not in KNOWN:
            _stop(number, f"the channel {name[:40]!r} is none of {', '.join(KNOWN.values())}")
    found = tuple(KNOWN[name.lower()] for name in names)
    if len(set(found)) < len(found):
        _stop(number, "a channel is named twice")
    return found


def _time(number: int, text: str) -> float:
    (time,) = _numbers(number, text, 1, "the frame time")
    if not LEAST_TIME <= time <= MOST_TIME:
        _stop(
            number,
            f"the frame time must be from {LEAST_TIME:g} to {MOST_TIME:g} seconds (got {time:g})",
        )
    return time


def _motion(lines: Lines, body: _Hierarchy, declared: int) -> np.ndarray:
    width = sum(map(len, body.channels))
    if declared * width > MOST_NUMBERS:
        raise BadInput(FIELD, f"at most {MOST_NUMBERS:,} numbers of motion are read")
    rows: list[np.ndarray] = []
    for number, words in lines:
        if len(rows) == declared:
            _stop(number, f"there is more than the {declared:,} frames that are declared")
        row = words.split()
        if len(row) != width:
            _stop(number, f"{len(row)} numbers, but the hierarchy has {width} channels")
        rows.append(np.array(_numbers(number, words, width, "the frame", body)))
    if len(rows) < declared:
        raise BadInput(
            FIELD, f"{declared:,} frames are declared, but the file ends after {len(rows):,}"
        )
    return np.array(rows)


def _whole(number: int, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or not 1 <= int(text) <= MOST_FRAMES:
        _stop(number, f"the number of frames must be from 1 to {MOST_FRAMES:,} (got {text[:20]!r})")
    return int(text)


def _numbers(
    number: int, words: str, count: int, what: str, body: _Hierarchy | None = None
) -> list[float]:
    parts = words.split()
    if len(parts) != count:
        _stop(number, f"{what} must be {count} number{'s' * (count > 1)}, not {len(parts)}")
    try:
        found = [float(part) for part in parts]
    except ValueError:
        found = [math.nan]
    if all(-LARGEST < value < LARGEST for value in found):
        return found
    for place, part in enumerate(parts):
        try:
            fine = abs(float(part)) < LARGEST
        except ValueError:
            fine = False
        if not fine:
            where = f"number {place + 1}"
            if body is not None:
                every = [
                    f"{name[:40]} {channel}"
                    for name, names in zip(body.names, body.channels, strict=True)
                    for channel in names
                ]
                where += f" ({every[place]})"
            _stop(number, f"{where} of {what} is {part[:20]!r}; a finite number is required")
    raise AssertionError("one of the numbers was refused")


def _next(lines: Lines, wanted: str) -> tuple[int, str]:
    for number, words in lines:
        return number, words
    raise BadInput(FIELD, f"the file ends where {wanted} is expected")


def _expect(lines: Lines, pattern: str, wanted: str) -> tuple[int, str]:
    number, words = _next(lines, wanted)
    if not (match := re.fullmatch(pattern, words, re.IGNORECASE)):
        _stop(number, f"{wanted} is expected, not {words[:40]!r}")
    return number, match[1].strip()


def _stop(number: int, reason: str) -> NoReturn:
    raise BadInput(FIELD, f"line {number}: {reason}")
