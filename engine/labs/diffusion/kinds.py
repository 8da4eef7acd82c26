"""Words of the vocabulary that can stand in each other's place."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.seeds import rng
from engine.labs.diffusion.pictures import paintings, scenes

KINDS: Mapping[str, tuple[str, ...]] = {
    "adjective": paintings.ADJECTIVES,
    "noun": paintings.NOUNS,
    "name": paintings.NAMES,
    **scenes.ATTRIBUTES,
}
"""Kind -> its words, of titles and of scenes."""


def kind_of(word: str) -> str | None:
    """The kind of a word, None for one that nothing of its kind can stand for."""
    return next((kind for kind, words in KINDS.items() if word.lower() in words), None)


def without(words: list[str], place: int) -> str:
    """The prompt without the word at a place."""
    return " ".join(words[:place] + words[place + 1 :])


def swapped(words: list[str], place: int, count: int, seed: int) -> list[tuple[str, str]]:
    """At most ``count`` (other word, prompt) with a word of the same kind at a place.

    Which ones is drawn from the seed; none where the word is of no kind.
    """
    kind = kind_of(words[place])
    if kind is None:
        return []
    others = [word for word in KINDS[kind] if word != words[place].lower()]
    drawn = rng(seed, "swaps", place).permutation(others)[:count].tolist()
    return [(other, " ".join([*words[:place], other, *words[place + 1 :]])) for other in drawn]
