"""The words that a model was trained on, and what to say of those that it was not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.motion.data.near import nearest_word

FIELD = "text"
LENGTH = 24  # words that a model reads of a caption
MOST_CHARACTERS = 2_000
PAD, UNKNOWN = 0, 1
FIRST = 2
ENDINGS = ("ing", "es", "ed", "s")
SWAPS = {
    "left": "right",
    "leftward": "rightward",
    "leftwards": "rightwards",
    "clockwise": "counterclockwise",
}
MIRRORED = {**SWAPS, **{value: key for key, value in SWAPS.items()}}


def split(text: str) -> list[str]:
    """The words of a text in lower case, of any alphabet, numbers included."""
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+", text.lower())


def mirror_text(text: str) -> str:
    """The text with left and right, clockwise and counterclockwise exchanged."""
    return " ".join(MIRRORED.get(word, word) for word in split(text))


@dataclass(frozen=True)
class Reading:
    """A text as a model reads it.

    ``ids`` has ``LENGTH`` numbers; ``taken`` maps a word to the known one that it was read as;
    ``unknown`` maps a word that was left out to the nearest known one, or to nothing.
    """

    ids: tuple[int, ...]
    taken: dict[str, str]
    unknown: dict[str, str]
    cut: int


@dataclass(frozen=True)
class Vocabulary:
    """Known words in the order of their numbers, the first of which is ``FIRST``."""

    words: tuple[str, ...]

    def __len__(self) -> int:
        return FIRST + len(self.words)

    def ids(self, text: str) -> list[int]:
        """Numbers of the words, padded or cut to ``LENGTH``; for captions that are known to fit."""
        known = self._numbers
        found = [known.get(word, UNKNOWN) for word in split(text)][:LENGTH]
        return found + [PAD] * (LENGTH - len(found))

    def read(self, text: str) -> Reading:
        """The text of a visitor; another form of a known word is taken for it.

        Raises BadInput for a text without a word, of more than 2,000 characters, or with no word
        that is known.
        """
        if len(text) > MOST_CHARACTERS:
            raise BadInput(FIELD, f"at most {MOST_CHARACTERS:,} characters (it has {len(text):,})")
        said = split(text)
        if not said:
            raise BadInput(FIELD, "must have at least one word")
        known, stems = self._numbers, self._stems
        ids: list[int] = []
        taken: dict[str, str] = {}
        unknown: dict[str, str] = {}
        for word in said:
            form = word if word in known else stems.get(stem(word))
            if form is None:
                if word not in unknown:
                    unknown[word] = nearest_word(word, self.words)
                continue
            if form != word:
                taken[word] = form
            ids.append(known[form])
        if not ids:
            words = ", ".join(
                f"{word!r} (nearest: {near!r})" if near else repr(word)
                for word, near in list(unknown.items())[:5]
            )
            raise BadInput(FIELD, f"the model knows none of its words: {words}")
        kept = ids[:LENGTH]
        padded = tuple(kept + [PAD] * (LENGTH - len(kept)))
        return Reading(padded, taken, unknown, len(ids) - len(kept))

    @property
    def _numbers(self) -> dict[str, int]:
        return {word: FIRST + at for at, word in enumerate(self.words)}

    @property
    def _stems(self) -> dict[str, str]:
        return {stem(word): word for word in reversed(self.words)}


def stem(word: str) -> str:
    """The word without its ending: walks, walked and walking are one."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def build_vocabulary(captions: Iterable[str], extra: Sequence[str] = ()) -> Vocabulary:
    """Every word of the captions and of their mirror images, in alphabetical order."""
    found = {word for text in captions for word in split(text)} | set(extra)
    found |= {MIRRORED[word] for word in found if word in MIRRORED}
    return Vocabulary(tuple(sorted(found)))
