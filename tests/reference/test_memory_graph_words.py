"""BM25, TF-IDF and n-gram similarity against their formulas, written out in plain loops."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from engine.labs.memory_graph.bm25 import BM25
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.link import Spelling
from engine.labs.memory_graph.ngrams import NgramIndex, word_grams
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.tfidf import Tfidf, terms
from engine.labs.memory_graph.words import words

WORDS = ["amber", "bridge", "canal", "harbour", "island", "mason", "the", "of", "salt", "tide"]


def texts(seed: int, count: int = 30) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 12))) for _ in range(count)]


def passages(seed: int) -> list[Passage]:
    return [Passage("", text) for text in texts(seed)]


def bm25_slow(documents: list[list[str]], query: list[str], k1: float, b: float) -> list[float]:
    average = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for term in query:
            n = sum(term in other for other in documents)
            idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            f = document.count(term)
            score += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(document) / average))
        scores.append(score)
    return scores


@pytest.mark.parametrize("seed", range(3))
def test_bm25_is_its_formula(seed: int) -> None:
    own = passages(seed)
    question = "Which mason of the island carried salt salt to nowhere?"
    slow = bm25_slow([words(p.content) for p in own], words(question), 1.5, 0.75)
    np.testing.assert_allclose(BM25(own).scores(Question(question)), slow, atol=1e-12)


def cosine_slow(documents: list[list[str]], query: list[str]) -> list[float]:
    def weights(tokens: list[str]) -> dict[str, float]:
        found = {}
        for term, count in Counter(tokens).items():
            n = sum(term in other for other in documents)
            if n:
                found[term] = (1 + math.log(count)) * (1 + math.log((1 + size) / (1 + n)))
        return found

    size = len(documents)
    q = weights(query)
    scores = []
    for document in documents:
        d = weights(document)
        norm = math.hypot(*d.values()) * math.hypot(*q.values())
        scores.append(sum(q.get(t, 0) * w for t, w in d.items()) / norm if norm else 0.0)
    return scores


@pytest.mark.parametrize("seed", range(3))
def test_tfidf_is_the_cosine_of_sublinear_counts(seed: int) -> None:
    own = passages(seed)
    question = "the amber bridge canal, the amber bridge"
    slow = cosine_slow([terms(p.content) for p in own], terms(question))
    np.testing.assert_allclose(Tfidf(own).scores(Question(question)), slow, atol=1e-12)


def test_pieces_of_a_word_are_cut_within_its_borders() -> None:
    assert word_grams("canal") == Counter(
        [" ca", "can", "ana", "nal", "al ", " can", "cana", "anal", "nal "]
    )
    assert word_grams("a") == Counter([" a "])
    assert word_grams("ab") == Counter([" ab", "ab ", " ab "])


def ngram_cosine_slow(phrases: list[str], a: str, b: str) -> float:
    def weights(phrase: str) -> dict[str, float]:
        counts: Counter[str] = Counter()
        for word in phrase.split():
            counts += word_grams(word)
        return {gram: count * idf[gram] for gram, count in counts.items() if gram in idf}

    seen: Counter[str] = Counter()
    for phrase in phrases:
        seen.update({gram for word in phrase.split() for gram in word_grams(word)})
    idf = {gram: math.log((1 + len(phrases)) / (1 + n)) + 1 for gram, n in seen.items()}
    x, y = weights(a), weights(b)
    return sum(x.get(gram, 0) * w for gram, w in y.items()) / (
        math.hypot(*x.values()) * math.hypot(*y.values())
    )


def test_spelling_is_the_cosine_of_pieces() -> None:
    phrases = sorted(set(texts(5)))
    index = NgramIndex(phrases)
    for query in ("canals of amber", "lanterns", phrases[3]):
        slow = [ngram_cosine_slow(phrases, query, phrase) for phrase in phrases]
        np.testing.assert_allclose(index.similarities(query), slow, atol=1e-12)


@pytest.mark.parametrize("threshold", [0.3, 0.8, 0.99])
def test_no_pair_is_missed_and_none_added(threshold: float) -> None:
    rng = np.random.default_rng(0)
    letters = ["".join(rng.choice(list("abcd "), 9)) for _ in range(300)]
    letters += ["amber canal", "canal amber", "ambers canal"]
    spelling = Spelling(sorted({" ".join(phrase.split()) or "a" for phrase in letters}))
    rows = spelling.index.matrix.toarray()
    cosine = rows @ rows.T
    np.fill_diagonal(cosine, 0)
    found = spelling.pairs(threshold, limit=1000).toarray()
    assert found.any()
    # A cosine within rounding of the threshold may fall to either side.
    far = np.abs(cosine - threshold) > 1e-12
    np.testing.assert_allclose(found[far], np.where(cosine >= threshold, cosine, 0)[far])


def test_a_limit_keeps_the_nearest() -> None:
    spelling = Spelling([f"lantern street {name}" for name in ("a", "b", "c", "d", "e")])
    whole = spelling.pairs(0.1, limit=10).toarray()
    some = spelling.pairs(0.1, limit=2).toarray()
    assert (np.count_nonzero(whole, axis=1) == 4).all()
    assert (np.count_nonzero(some, axis=1) == 2).all()
    np.testing.assert_allclose(np.sort(some, axis=1)[:, -2:], np.sort(whole, axis=1)[:, -2:])
