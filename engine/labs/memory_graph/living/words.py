"""Words, capitalised spans, and TF-IDF: what a memory can know of a text without a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from engine.core import BadInput
from engine.labs.memory_graph.living.checks import unit_rows, whole

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SPAN = re.compile(r"[A-Z][^\W_]*(?:['’][^\W_]+)?(?: (?:of |the )?[A-Z][^\W_]*)*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
MAX_TERMS = 20_000

_STOP = (
    "a about after again all also am an and any are as at be because been before being but by can "
    "could did do does doing don't down for from get go going good got great had has have having "
    "he her here hers him his how i i'd i'll i'm i've if in into is isn't it it's its just know "
    "let's like look made make me more most much my new no not now of off on one only or other our "
    "out over own really said see she so some such take than thanks that that's the their them "
    "then there these they think this those through time to too up us very was way we well were "
    "what when where which while who why will with would yeah yes you you're your"
)
STOP_WORDS = frozenset(_STOP.split())


def words(text: str) -> list[str]:
    """Lower-case words and numbers in their order."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def sentences(text: str) -> list[str]:
    """Split behind ``.``, ``!`` and ``?``."""
    return [part for part in _SENTENCE.split(text.strip()) if part]


def capitalised_spans(text: str) -> list[str]:
    """Lower-cased runs of capitalised words, each once, in their order.

    Every sentence begins with a capital: a stop word that opens both sentence and span is dropped,
    and another single word that opens a sentence counts only if it stands capitalised elsewhere.
    """
    inner: list[str] = []
    opening: list[str] = []
    for sentence in sentences(text):
        for match in _SPAN.finditer(sentence):
            parts = match[0].lower().split()
            opens = match.start() == 0
            if opens and len(parts) > 1 and parts[0] in STOP_WORDS:
                parts.pop(0)
                opens = False
            span = " ".join(parts)
            if span in STOP_WORDS or len(span) < 2:
                continue
            alone = opens and " " not in span
            (opening if alone else inner).append(span)
    known = set(inner)
    return list(dict.fromkeys([*inner, *(span for span in opening if span in known)]))


class TfIdf:
    """Term weights over the words of a corpus, without stop words.

    tf = 1 + ln(count), idf = ln((1 + n) / (1 + df)) + 1, rows of length 1 (Salton and Buckley
    1988, with the smoothing of scikit-learn). Vectors are dense: meant for thousands of short
    texts. A corpus of more than ``max_terms`` distinct words keeps those of most documents.
    """

    def __init__(self, texts: Sequence[str], max_terms: int = MAX_TERMS):
        whole(max_terms, "max_terms", 1)
        if not texts:
            raise BadInput("texts", "at least one text is required")
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(set(words(text)) - STOP_WORDS)
        chosen = sorted(seen, key=lambda word: (-seen[word], word))[:max_terms]
        self.documents = len(texts)
        self.column = {word: place for place, word in enumerate(sorted(chosen))}
        counts = np.array([seen[word] for word in sorted(chosen)], dtype=np.float64)
        self._idf = np.log((1 + len(texts)) / (1 + counts)) + 1

    def idf(self, word: str) -> float:
        """The weight of a word; one that the corpus lacks is as rare as can be."""
        place = self.column.get(word)
        return float(np.log(1 + self.documents) + 1 if place is None else self._idf[place])

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (texts, terms), rows of length 1, or zeros for a text without a known word."""
        found = np.zeros((len(texts), max(len(self.column), 1)), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            for word, count in Counter(words(text)).items():
                if (place := self.column.get(word)) is not None:
                    row[place] = (1 + np.log(count)) * self._idf[place]
        return unit_rows(found)

    def keywords(self, text: str, k: int, leave_out: Collection[str] = ()) -> list[str]:
        """The ``k`` words of most weight, heaviest first; equal weights in order of the text."""
        counts = Counter(w for w in words(text) if w not in STOP_WORDS and w not in leave_out)
        weight = {word: (1 + np.log(n)) * self.idf(word) for word, n in counts.items()}
        return sorted(weight, key=lambda word: -weight[word])[:k]
