"""What the views of memory share: tokens and frames, readers, and lengths in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.result import Result

CAPTION = "caption"


def readers(result: Result) -> list[dict[str, Any]]:
    """Name, block, kind and direction of each reader."""
    return list(result.notes["readers"])


def patch(result: Result) -> int:
    """Frames a token."""
    return int(result.number("patch"))


def token_of(result: Result, frame: int) -> int:
    """The token that a frame belongs to; the last frame belongs to the last token."""
    return min(frame // patch(result), int(result.number("tokens")) - 1)


def frames_of(result: Result, token: int) -> tuple[int, int]:
    """First and last frame of a token."""
    size, last = patch(result), int(result.number("tokens")) - 1
    end = int(result.number("frames")) if token == last else (token + 1) * size
    return token * size, end - 1


def span_words(result: Result, first: int, last: int | None = None) -> str:
    """``frames 20 to 23`` of a token, or of several."""
    start = frames_of(result, first)[0]
    end = frames_of(result, first if last is None else last)[1]
    return f"frames {start} to {end}"


def place_labels(result: Result) -> list[str]:
    """The caption's token, then the frames of every other: ``20–23``."""
    spans = (frames_of(result, token) for token in range(int(result.number("tokens"))))
    return [CAPTION, *(f"{first}–{last}" for first, last in spans)]


def by_frame(result: Result, values: np.ndarray) -> np.ndarray:
    """``values`` (..., tokens) for every frame (..., frames)."""
    frames = np.arange(int(result.number("frames")))
    where = np.minimum(frames // patch(result), values.shape[-1] - 1)
    return values[..., where]


def length(metres: float) -> str:
    """``1.2 mm`` or ``3.4 cm``."""
    return f"{1000 * metres:.2g} mm" if abs(metres) < 0.01 else f"{100 * metres:.2g} cm"


def frames_word(value: float) -> str:
    """``5.7 frames``, ``1 frame``, ``0.3 frames``."""
    shown = f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
    return f"{shown} frame" if shown == "1" else f"{shown} frames"
