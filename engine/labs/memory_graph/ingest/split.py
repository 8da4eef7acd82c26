"""Long texts into passages of a sensible length, each with the lines that it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import NamedTuple

# HippoRAG's passages have about 100 words; a paragraph break beyond 600 characters ends one.
ENOUGH = 600
MOST = 1_500
# A heading starts a passage of its own unless what stands before it is shorter than this.
LEAST = 200


class Piece(NamedTuple):
    """A part of a text; ``first`` and ``last`` are its lines, counted from 1."""

    text: str
    first: int
    last: int


def split(
    text: str, *, first: int = 1, heading: Callable[[str], bool] = lambda line: False
) -> Iterator[Piece]:
    """Parts of at most 1500 characters, in order, that together hold every word of ``text``.

    They end at a blank line once they have 600, before a line that ``heading`` calls one once they
    have 200, else at a line's or a sentence's end. ``first`` is the number of the first line.
    """
    lines: list[str] = []
    size = 0
    start = last = first
    for number, whole in enumerate(lines_in(text), start=first):
        blank = not whole.strip()
        full = size >= (ENOUGH if blank else LEAST if heading(whole) else MOST)
        for line in [whole] if len(whole) <= MOST else _cut(whole):
            if lines and (full or size + len(line) > MOST):
                yield from _piece(lines, start, last)
                lines, size, full = [], 0, False
            if not lines:
                start = number
                if blank:
                    continue
            lines.append(line)
            size += len(line) + 1
            if not blank:
                last = number
    yield from _piece(lines, start, last)


def lines_in(text: str) -> Iterator[str]:
    """The lines of ``text`` one by one: a list of millions of them would fill the memory."""
    return (line.rstrip("\n") for line in StringIO(text, newline="\n"))


def _piece(lines: list[str], start: int, last: int) -> Iterator[Piece]:
    text = "\n".join(lines).strip()
    if text:
        yield Piece(text, start, last)


def _cut(line: str) -> Iterator[str]:
    """A line that is longer than a passage: at a sentence's end, else at a space, else anywhere."""
    position = 0
    while len(line) - position > MOST:
        end = position + MOST
        for mark in (". ", "? ", "! ", "。", " "):
            found = line.rfind(mark, position + LEAST, end)
            if found >= 0:
                end = found + len(mark)
                break
        yield line[position:end].rstrip()
        position = end
    yield line[position:]
