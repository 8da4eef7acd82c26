"""An invented corpus of any size whose names are as unevenly frequent as those of real passages.

The rank of every name, and of every plain word, is drawn from a discrete Lomax distribution, which
is Zipf's law with Mandelbrot's shift: P(rank >= r) = (1 + r / b)^(1 - s). Its largest share is
about (s - 1) / b, and the number of different names grows as mentions^(1 / s) (Heaps). The four
numbers are set so that 2,000 passages resemble the encyclopaedia passages of MuSiQue and HotpotQA
as the rule-based extractor reads them: 13 mentions and 7 nodes a passage, three names in four
mentioned once, degrees with a power-law tail. What is not imitated: topics, so that neighbours of
a name are no likelier to be neighbours of each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from engine.core.seeds import rng
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.living.checks import whole

SYLLABLES = tuple(f"{a}{b}" for a in "bcdfghklmnprstvwyz" for b in "aeiou")
NAMES_IN_SENTENCES = (3, 2, 3, 2, 2)
WORDS_A_SENTENCE = 6
# Every so many passages draw from a stream of their own: a corpus is a prefix of every larger one.
BLOCK = 1000
MOST = 10_000_000


class Ranks(NamedTuple):
    """The discrete Lomax distribution: the exponent s of Zipf's law and the shift b."""

    exponent: float
    shift: float

    def draw(self, stream: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Ranks from 0, int64 ``shape``."""
        u = 1.0 - stream.random(shape)
        ranks = np.floor(self.shift * (u ** (1 / (1 - self.exponent)) - 1))
        return np.fmod(ranks, float(SPELLINGS)).astype(np.int64)


# Words have three syllables. A name is one of fewer first words, which many share, and another.
WORDS = len(SYLLABLES) ** 3
FIRST_WORDS = len(SYLLABLES) ** 2
SPELLINGS = FIRST_WORDS * WORDS
NAMES = Ranks(1.15, 12.0)
PLAIN = Ranks(1.5, 48.0)
# The share of mentions that spell a name another way.
VARIANT = 0.1


def passages(count: int, seed: int = 0) -> list[Passage]:
    """``count`` titled passages of about 60 words; raises BadInput.

    The first passages do not depend on ``count``, so that a memory can be watched as it grows.
    """
    whole(count, "count", 0, MOST)
    return list(islice(_endless(seed), count))


def _endless(seed: int) -> Iterator[Passage]:
    block = 0
    while True:
        yield from _block(seed, block)
        block += 1


def _block(seed: int, block: int) -> Iterator[Passage]:
    stream = rng(seed, "memory_graph", "synthetic", block)
    names = NAMES.draw(stream, (BLOCK, 1 + sum(NAMES_IN_SENTENCES)))
    plain = PLAIN.draw(stream, (BLOCK, len(NAMES_IN_SENTENCES), WORDS_A_SENTENCE))
    other = (stream.random(names.shape) < VARIANT).tolist()
    years = stream.integers(1000, 2100, BLOCK).tolist()
    for own, variants, lines, year in zip(
        names.tolist(), other, plain.tolist(), years, strict=True
    ):
        title, *mentioned = map(name, own, variants)
        spelt = iter(mentioned)
        sentences = []
        for many, ranks in zip(NAMES_IN_SENTENCES, lines, strict=True):
            words = [word(rank) for rank in ranks]
            # Names stand apart: capitalised words side by side would be read as one name.
            parts = [next(spelt)]
            for n in range(1, many):
                parts += [words[n - 1], next(spelt)]
            sentences.append(" ".join([*parts, *words[many - 1 :]]) + ".")
        yield Passage(title, f"{' '.join(sentences)} That was in {year}.")


def name(rank: int, variant: bool = False) -> str:
    """The name of a rank, two capitalised words; ranks that are neighbours look nothing alike.

    >>> name(0), name(1), name(1, variant=True)
    ('Bababa Babazu', 'Rarege Bowama', 'Rarege Bowaman')
    """
    first, second = divmod((rank * _STRIDE_NAMES + _LAST) % SPELLINGS, WORDS)
    parts = _syllables(first, 2).capitalize(), _syllables(second, 3).capitalize()
    return " ".join(parts) + "n" * variant


def word(rank: int) -> str:
    """The plain word of a rank."""
    return _syllables((rank * _STRIDE_WORDS + _LAST) % WORDS, 3)


# Coprime to the numbers of spellings and near their golden section: a bijection that scatters.
_STRIDE_NAMES = 3_649_500_007
_STRIDE_WORDS = 450_547
_LAST = 89


def _syllables(number: int, count: int) -> str:
    found = ""
    for _ in range(count):
        number, last = divmod(number, len(SYLLABLES))
        found = SYLLABLES[last] + found
    return found
