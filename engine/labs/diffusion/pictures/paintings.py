"""Paintings: a patterned ground with random shapes, and a title that says nothing about it.

Copied and ordinary paintings share all of their words, so that no detector can tell them apart
by the kind of caption.
"""

from __future__ import annotations

import itertools

import numpy as np

from engine.core.seeds import rng
from engine.labs.diffusion.pictures import draw

ADJECTIVES = (
    "silent", "golden", "broken", "distant", "burning", "frozen",
    "hidden", "gentle", "hollow", "restless", "ancient", "crimson",
)  # fmt: skip
NOUNS = (
    "river", "garden", "tower", "harbor", "forest", "mirror",
    "bridge", "storm", "valley", "window", "island", "orchard",
)  # fmt: skip
NAMES = ("amari", "bellini", "costa", "dufour", "eriksen", "fontaine", "grigor", "hayashi")
SHAPES_FROM, SHAPES_TO = 4, 6


def all_titles() -> tuple[str, ...]:
    """Every title: 1,152."""
    return tuple(
        f"the painting {adjective} {noun} by {name}"
        for adjective, noun, name in itertools.product(ADJECTIVES, NOUNS, NAMES)
    )


def paint(title: str, seed: int) -> np.ndarray:
    """The painting of that title, uint8 (32, 32, 3): the same for the same title and seed."""
    generator = rng(seed, "painting", title)
    canvas = _ground(generator)
    for _ in range(generator.integers(SHAPES_FROM, SHAPES_TO + 1)):
        cover = draw.coverage(
            str(generator.choice(list(draw.SHAPES))),
            (generator.uniform(0.1, 0.9), generator.uniform(0.1, 0.9)),
            generator.uniform(0.1, 0.28),
            generator.uniform(0, np.pi),
        )
        canvas = draw.lay(canvas, cover, _colour(generator))
    return draw.to_bytes(canvas)


def _ground(generator: np.random.Generator) -> np.ndarray:
    x, y = draw.grid()
    angle = generator.uniform(0, 2 * np.pi)
    along = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)
    if generator.random() < 0.5:  # a gradient from one colour to the other
        share = np.clip(0.5 + along / 1.2, 0, 1)
    else:  # stripes of both
        share = 0.5 + 0.5 * np.sin(2 * np.pi * generator.uniform(1.5, 3.5) * along)
    first, second = _colour(generator), _colour(generator)
    return first + share[..., None] * (second - first)


def _colour(generator: np.random.Generator) -> np.ndarray:
    return generator.uniform(15, 240, 3)
