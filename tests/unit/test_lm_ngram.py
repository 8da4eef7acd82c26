"""The Kneser-Ney baseline against a brute-force reading of Chen and Goodman's equations."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import BadInput
from engine.models.lm.ngram import KneserNey, discounts


def brute_force(stream: list[int], order: int, vocabulary: int, context: tuple[int, ...], word):
    """p(word | context) with dictionaries, recursing to the uniform distribution."""
    tables = {order: Counter(zip(*(stream[i:] for i in range(order)), strict=False))}
    for n in range(order - 1, 0, -1):
        tables[n] = Counter(gram[1:] for gram in tables[n + 1])

    def probability(history: tuple[int, ...]) -> float:
        n = len(history) + 1
        lower = 1 / vocabulary if n == 1 else probability(history[1:])
        counts = tables[n]
        taken = discounts(np.array(list(counts.values())))
        following = {g[-1]: c for g, c in counts.items() if g[:-1] == history}
        if not following:
            return lower
        total = sum(following.values())
        count = following.get(word, 0)
        rest = sum(taken[min(c, 3)] for c in following.values()) / total
        return (count - taken[min(count, 3)]) / total + rest * lower

    return probability(context[len(context) - min(len(context), order - 1) :])


@given(
    st.lists(st.integers(0, 4), min_size=6, max_size=60),
    st.lists(st.integers(0, 4), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_equals_brute_force(stream: list[int], query: list[int], order: int) -> None:
    model = KneserNey(order, 5).fit(np.array(stream))
    got = model.logprob(np.array(query))
    for i, word in enumerate(query):
        want = brute_force(stream, order, 5, tuple(query[:i]), word)
        assert got[i] == pytest.approx(np.log(want), abs=1e-9)


@given(
    st.lists(st.integers(0, 5), min_size=8, max_size=80),
    st.lists(st.integers(0, 5), min_size=0, max_size=4),
)
def test_probabilities_sum_to_one(stream: list[int], context: list[int]) -> None:
    model = KneserNey(3, 6).fit(np.array(stream))
    total = sum(np.exp(model.logprob(np.array([*context, w]))[-1]) for w in range(6))
    assert total == pytest.approx(1.0, abs=1e-9)


def test_bigram_by_hand() -> None:
    # Bigrams of 0 1 0 1 0 2: (0,1) twice, (1,0) twice, (0,2) once; too few for estimates except
    # n1 = 1, n2 = 2: Y = 1/5, D1 = 1 - 2 (1/5) (2/1) = 1/5, D2 has no n3 and stays 1/2.
    model = KneserNey(2, 3).fit(np.array([0, 1, 0, 1, 0, 2]))
    # Every word continues exactly one context; n2 = 0, so the discount is 1/2 of 1 out of 3.
    unigram = 0.5 / 3 + (3 * 0.5 / 3) / 3
    after_zero = (2 - 0.5) / 3 + (0.5 + 0.2) / 3 * unigram
    assert unigram == pytest.approx(1 / 3)
    assert np.exp(model.logprob(np.array([0, 1])))[1] == pytest.approx(after_zero)


def test_discounts_by_the_formula() -> None:
    counts = np.array([1] * 10 + [2] * 4 + [3] * 2 + [4])
    y = 10 / 18
    want = [0, 1 - 2 * y * 4 / 10, 2 - 3 * y * 2 / 4, 3 - 4 * y * 1 / 2]
    assert discounts(counts) == pytest.approx(want)


@pytest.mark.parametrize(("order", "vocabulary"), [(0, 10), (6, 4096), (2, 0)])
def test_impossible_sizes(order: int, vocabulary: int) -> None:
    with pytest.raises(BadInput):
        KneserNey(order, vocabulary)


@pytest.mark.parametrize("tokens", [[0, 9], [[0, 1]], [0.5, 1.0], [-1, 0]])
def test_bad_tokens(tokens: list) -> None:
    model = KneserNey(2, 5).fit(np.array([0, 1, 2, 3]))
    with pytest.raises(BadInput, match="tokens"):
        model.logprob(np.array(tokens))


def test_asked_before_fitted() -> None:
    with pytest.raises(BadInput, match="fitted"):
        KneserNey(2, 5).logprob(np.array([1]))
