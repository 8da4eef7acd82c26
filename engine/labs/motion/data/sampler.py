"""Batches of clips with words: actions in equal shares, and each batch a function of its number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.seeds import rng
from engine.labs.motion.data.actions import STEADY, mirrored_action
from engine.labs.motion.data.augment import join, mirror_rows
from engine.labs.motion.data.corpus import Example
from engine.labs.motion.data.words import mirror_text

LONGEST = 196  # rows, 9.8 s
# An action with fewer clips than this is picked less often than the others.
ENOUGH = 12
SHORTEST_CROP = 48
# Steps whose clips are drawn at once and sorted by length.
POOL = 4


@dataclass(frozen=True, eq=False)
class Drawn:
    """A clip as it is shown to a model; ``rows`` (rows, 137) are not normalised."""

    rows: np.ndarray
    caption: str
    action: str
    style: str | None


class Sampler:
    """Draws clips: an action, then a clip of it, then a caption.

    ``mirror``, ``longer`` and ``crop`` are the shares of clips that are mirrored, followed by
    another clip of the same action and style, and cut short (steady actions only). A clip is not
    mirrored where that would show a pair of action and style that no recording has, so that pairs
    that are held out stay unseen.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        seed: int,
        *,
        mirror: float = 0.5,
        longer: float = 0.3,
        crop: float = 0.3,
    ):
        self.examples, self.seed = list(examples), seed
        self.mirror, self.longer, self.crop = mirror, longer, crop
        groups: dict[str, list[int]] = defaultdict(list)
        self._pairs: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for at, example in enumerate(self.examples):
            groups[example.action].append(at)
            self._pairs[example.action, example.style].append(at)
        self.actions = sorted(groups)
        self._groups = [groups[action] for action in self.actions]
        weights = np.array([min(1.0, len(group) / ENOUGH) for group in self._groups])
        self._shares = weights / weights.sum()
        self._pool: tuple[tuple[int, int, int], list[Drawn]] | None = None

    def draw(self, generator: np.random.Generator) -> Drawn:
        """One clip."""
        group = self._groups[int(generator.choice(len(self._groups), p=self._shares))]
        example = self.examples[int(generator.choice(group))]
        rows, action = example.rows, example.action
        caption = example.captions[int(generator.integers(len(example.captions)))]
        if action in STEADY and generator.random() < self.crop:
            rows = _crop(rows, int(generator.integers(SHORTEST_CROP, LONGEST)), generator)
        elif generator.random() < self.longer:
            more = self._pairs[action, example.style]
            other = self.examples[int(generator.choice(more))]
            if example.whole and other.whole and len(rows) + len(other.rows) <= LONGEST:
                rows = join(rows, other.rows)
        rows = _crop(rows, LONGEST, generator)
        reflected = mirrored_action(action)
        if generator.random() < self.mirror and (reflected, example.style) in self._pairs:
            return Drawn(mirror_rows(rows), mirror_text(caption), reflected, example.style)
        return Drawn(rows, caption, action, example.style)

    def batch(self, step: int, size: int, pool: int = POOL) -> list[Drawn]:
        """The clips of step ``step``: of near length, so that little of a batch is padding.

        Clips of ``pool`` steps are drawn at once, sorted by length and dealt out in random order.
        """
        number, place = divmod(step, pool)
        key = (number, size, pool)
        if self._pool is None or self._pool[0] != key:
            self._pool = key, self._draw_pool(*key)
        return self._pool[1][place * size : (place + 1) * size]

    def _draw_pool(self, number: int, size: int, pool: int) -> list[Drawn]:
        generator = rng(self.seed, "batch", number)
        drawn = [self.draw(generator) for _ in range(pool * size)]
        drawn.sort(key=lambda clip: len(clip.rows))
        order = generator.permutation(pool)
        return [clip for part in order for clip in drawn[part * size : (part + 1) * size]]


def _crop(rows: np.ndarray, most: int, generator: np.random.Generator) -> np.ndarray:
    if len(rows) <= most:
        return rows
    start = int(generator.integers(len(rows) - most + 1))
    return rows[start : start + most]
