"""Scenes: one shape on a plain background, told by five attributes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np

from engine.labs.diffusion.pictures import draw

SIZES: Mapping[str, float] = {"small": 0.22, "large": 0.36}
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (215, 40, 40),
    "green": (40, 155, 60),
    "blue": (45, 80, 215),
    "yellow": (240, 210, 45),
    "purple": (150, 60, 190),
    "orange": (240, 135, 30),
}
PLACES: Mapping[str, tuple[float, float]] = {
    "left": (0.3, 0.5),
    "right": (0.7, 0.5),
    "top": (0.5, 0.3),
    "bottom": (0.5, 0.7),
    "center": (0.5, 0.5),
}
BACKGROUNDS: Mapping[str, tuple[int, int, int]] = {
    "white": (240, 240, 240),
    "black": (20, 20, 20),
    "gray": (125, 125, 125),
    "cyan": (130, 220, 225),
}
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "size": tuple(SIZES),
    "colour": tuple(COLOURS),
    "shape": tuple(draw.SHAPES),
    "place": tuple(PLACES),
    "background": tuple(BACKGROUNDS),
}
"""Every attribute and its values, in the order of a Scene's fields."""

COLOUR_JITTER = 10.0
PLACE_JITTER = 0.025
SIZE_JITTER = 0.04


@dataclass(frozen=True)
class Scene:
    """A combination of attributes; the picture of it is drawn with jitter."""

    size: str
    colour: str
    shape: str
    place: str
    background: str

    @property
    def caption(self) -> str:
        """The sentence that a model is trained on."""
        return (
            f"a {self.size} {self.colour} {self.shape} at the {self.place} "
            f"on a {self.background} background"
        )

    @property
    def labels(self) -> tuple[int, ...]:
        """The position of each attribute's value in ``ATTRIBUTES``."""
        values = zip(astuple(self), ATTRIBUTES.values(), strict=True)
        return tuple(known.index(value) for value, known in values)

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """One picture, uint8 (32, 32, 3); place, size and colours vary a little."""
        ground = np.array(BACKGROUNDS[self.background], dtype=float)
        colour = np.array(COLOURS[self.colour], dtype=float)
        ground = ground + generator.uniform(-COLOUR_JITTER, COLOUR_JITTER, 3)
        colour = colour + generator.uniform(-COLOUR_JITTER, COLOUR_JITTER, 3)
        across, down = PLACES[self.place] + generator.uniform(-PLACE_JITTER, PLACE_JITTER, 2)
        radius = SIZES[self.size] * (1 + generator.uniform(-SIZE_JITTER, SIZE_JITTER))
        canvas = np.broadcast_to(ground, (draw.SIDE, draw.SIDE, 3))
        cover = draw.coverage(self.shape, (across, down), radius, 0.0)
        return draw.to_bytes(draw.lay(canvas, cover, colour))


def all_scenes() -> tuple[Scene, ...]:
    """Every combination of attributes: 720."""
    return tuple(Scene(*values) for values in itertools.product(*ATTRIBUTES.values()))
