"""The bank of clips, and which of them a text means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.core.seeds import rng
from engine.labs.motion.data.corpus import Example
from engine.labs.motion.data.words import split, stem
from engine.labs.motion.evaluation.copies import signature
from engine.labs.motion.features import VELOCITY
from engine.labs.motion.story.lexicon import verb_of

K_TEXT = 40
# A clip whose best caption is this much further from the text than the best one's is another clip.
MARGIN = 0.04
LEAST = 0.45  # nearness below which no clip is meant
# Of a clip's nearness: its nearest caption, and all of them, so that a clip whose other captions
# tell of a manner that was not asked for stands behind a plain one.
NEAREST, ALL = 0.8, 0.2
OUTLIER = 2.0  # deviations of the distances from the middle of the candidates
JUMP = 5.0  # times the candidates' median
FILLERS = frozenset(map(stem, ("a", "an", "the", "person", "someone", "human", "is", "to", "of",
                               "in", "with", "and", "then", "its")))  # fmt: skip
Embed = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True, eq=False)
class Meant:
    """Clips that a text means: their numbers, the nearness of each (1 at most), and the caption.

    ``rejected`` counts clips that were left out because they move unlike the others.
    """

    clips: tuple[int, ...]
    scores: tuple[float, ...]
    captions: tuple[str, ...]
    rejected: int


class Bank:
    """Clips with captions. ``embed`` makes vectors (texts, width) of texts; else words count.

    Words are compared by their stems, rare ones more than common ones.
    """

    def __init__(self, examples: Sequence[Example], embed: Embed | None = None):
        self.examples = list(examples)
        self.captions = sorted({text for one in self.examples for text in one.captions})
        self._number = {text: at for at, text in enumerate(self.captions)}
        self._of = [[self._number[text] for text in one.captions] for one in self.examples]
        self._kinds = [kinds(text) for text in self.captions]
        self._embed = embed or self._count
        self._vectors = _unit(self._embed(self.captions))

    @cached_property
    def _weights(self) -> dict[str, float]:
        said = [set(_stems(text)) for text in self.captions]
        found: dict[str, float] = {}
        for word in set().union(*said):
            found[word] = float(np.log((1 + len(said)) / (1 + sum(word in one for one in said))))
        return found

    def _count(self, texts: Sequence[str]) -> np.ndarray:
        words = {word: at for at, word in enumerate(sorted(self._weights))}
        # A word that no caption has counts like the rarest: it makes every caption less near.
        strange = max(self._weights.values())
        made = np.zeros((len(texts), len(words) + 1))
        for row, text in enumerate(texts):
            for word in _stems(text):
                if word in words:
                    made[row, words[word]] = max(self._weights[word], 0.1)
                else:
                    made[row, -1] = np.hypot(made[row, -1], strange)
        return made

    def meant_by(self, text: str, seed: int, count: int = K_TEXT) -> Meant:
        """Up to ``count`` clips of a text, nearest first; none where no caption is near.

        A clip must have a caption with one of the text's verbs. Clips of equal nearness come in an
        order that the seed decides. Clips that move unlike the others are left out.
        """
        nearness = self._vectors @ _unit(self._embed([text]))[0]
        wanted = kinds(text)
        if wanted:
            # Verbs that only one of both has count against a caption.
            nearness = nearness * [
                (len(wanted & one) / len(wanted | one)) ** 0.5 for one in self._kinds
            ]
        best = np.array([max(of, key=nearness.__getitem__) for of in self._of])
        scores = NEAREST * nearness[best] + ALL * np.array([nearness[of].mean() for of in self._of])
        top = float(scores.max(initial=-1.0))
        if top < LEAST:
            return Meant((), (), (), 0)
        order = rng(seed, "bank", text).permutation(len(scores))
        order = order[np.argsort(-scores[order].round(3), kind="stable")]
        order = order[scores[order] >= top - MARGIN][:count]
        kept = order[typical([self.examples[at].rows for at in order])]
        return Meant(
            tuple(kept.tolist()),
            tuple(float(scores[at]) for at in kept),
            tuple(self.captions[best[at]] for at in kept),
            len(order) - len(kept),
        )


def typical(clips: Sequence[np.ndarray]) -> np.ndarray:
    """Which clips (n,) are not far from the middle of all: rows (rows, 137) each.

    The distance is that of poses at 16 moments; beyond the mean plus two deviations a clip is an
    outlier, and so is one in which a joint jumps. Fewer than five clips have none.
    """
    if len(clips) < 5:
        return np.ones(len(clips), dtype=bool)
    poses = np.stack([signature(rows) for rows in clips])
    apart = np.sqrt(((poses - np.median(poses, axis=0)) ** 2).mean(1))
    jumps = np.array([_jump(rows) for rows in clips])
    near = apart <= apart.mean() + OUTLIER * apart.std()
    return near & (jumps <= JUMP * np.median(jumps))


def _jump(rows: np.ndarray) -> float:
    """The greatest change of a displacement's change, in metres: what a glitch of capture is."""
    moved = rows[:, VELOCITY].reshape(len(rows), -1, 3)
    return float(np.abs(np.diff(moved, 2, axis=0)).sum(-1).max(initial=0.0))


def kinds(text: str) -> frozenset[str]:
    """The scheduler's actions that a caption's verbs stand for."""
    words = split(text)
    found = set()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        kind = verb_of(word)
        found.add("rise" if kind == "idle" and following == "up" else kind)
    # Whoever waves goodbye waves.
    return frozenset(one for one in found if one and one != "bye")


def shared(words: str, caption: str) -> bool:
    """Whether a caption has any of the words, in any form, fillers aside."""
    return bool(set(_stems(words)) & set(_stems(caption)))


def _stems(text: str) -> list[str]:
    return [word for word in map(stem, split(text)) if word not in FILLERS]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
