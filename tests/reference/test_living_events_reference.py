"""Every fast routine of the event memory against its slow twin, and against hand-worked cases."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import pytest

from engine.labs.memory_graph.living.border_scores import window_diff, window_diff_reference
from engine.labs.memory_graph.living.cohesion import (
    MEASURES,
    READINGS,
    Cuts,
    score_reference,
    similarity,
)
from engine.labs.memory_graph.living.events import threshold, threshold_reference
from engine.labs.memory_graph.living.refine import refine, refine_reference, refine_rows
from engine.labs.memory_graph.living.surprise import adaptive_ngram


def matrix(seed: int, n: int = 40) -> np.ndarray:
    return similarity(np.random.default_rng(seed).standard_normal((n, 5)))


def topics(seed: int, sizes: tuple[int, ...]) -> np.ndarray:
    """Rows that point in one direction within a topic, with noise."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    return similarity(rows + 0.1 * rng.standard_normal(rows.shape))


@pytest.mark.parametrize("statistics", ["paper", "code"])
@pytest.mark.parametrize(
    ("length", "window", "chunk"),
    [(0, 64, 16), (1, 64, 16), (15, 64, 16), (300, 64, 16), (300, 4096, 512), (90, 8, 16)],
)
def test_thresholds(statistics, length, window, chunk):
    s = np.random.default_rng(length).gamma(2.0, 2.0, length) + 1e4
    settings = {"window": window, "chunk": chunk, "statistics": statistics}
    np.testing.assert_allclose(
        threshold(s, 1.0, **settings), threshold_reference(s, 1.0, **settings), rtol=0, atol=1e-7
    )


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("seed", range(3))
def test_scores_of_cuts(measure, reading, seed):
    a = matrix(seed)
    start, end = 4, 37
    cuts = np.arange(start + 1, end)
    slow = [
        score_reference(
            a[start:end, start:end],
            (range(t - start), range(t - start, end - start)),
            measure,
            reading,
        )
        for t in cuts
    ]
    np.testing.assert_allclose(
        Cuts(a).scores(cuts, start, end, measure, reading), slow, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("seed", range(3))
def test_textbook_readings_are_those_of_networkx(seed):
    a = matrix(seed, 24)
    np.fill_diagonal(a, 0)  # the library counts a loop's weight once
    graph = nx.from_numpy_array(a)
    for t in (3, 11, 20):
        sides = (set(range(t)), set(range(t, 24)))
        cut = np.array([t])
        modularity = Cuts(a).scores(cut, 0, 24, "modularity", "textbook")[0]
        assert modularity == pytest.approx(nx.community.modularity(graph, sides))
        conductance = Cuts(a).scores(cut, 0, 24, "conductance", "textbook")[0]
        assert conductance == pytest.approx(nx.conductance(graph, *sides, weight="weight"))


def test_the_papers_modularity_is_half_the_textbooks():
    cuts = Cuts(matrix(5))
    at = np.arange(1, 40)
    halves = cuts.scores(at, 0, 40, "modularity", "paper") * 2
    np.testing.assert_allclose(halves, cuts.scores(at, 0, 40, "modularity", "textbook"))


def test_two_blocks_by_hand():
    # Four tokens, two pairs of weight 1 (with loops), 0.5 between tokens 1 and 2.
    a = np.array([[1, 1, 0, 0], [1, 1, 0.5, 0], [0, 0.5, 1, 1], [0, 0, 1, 1]], dtype=float)
    cut = np.array([2])
    cuts = Cuts(a)
    assert cuts.scores(cut, 0, 4, "conductance", "textbook")[0] == pytest.approx(0.5 / 4.5)
    assert cuts.scores(cut, 0, 4, "conductance", "paper")[0] == pytest.approx(0.5 / 4)
    # The code's other volume, 9 - 4 = 5, holds the cut twice and is not the smaller one here.
    assert cuts.scores(cut, 0, 4, "conductance", "code")[0] == pytest.approx(0.5 / 4)
    by_hand = (4 + 4 - 2 * 4.5**2 / 9) / 9
    assert cuts.scores(cut, 0, 4, "modularity", "textbook")[0] == pytest.approx(by_hand)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("keep_own", [True, False])
def test_refinement(measure, reading, keep_own):
    a = topics(1, (11, 14, 9, 16))
    opening = np.array([13, 29, 38])
    settings = {"min_event": 4, "keep_own": keep_own}
    np.testing.assert_array_equal(
        refine(opening, a, measure, reading, **settings),
        refine_reference(opening, a, measure, reading, **settings),
    )


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("clip", [True, False])
def test_refinement_without_the_whole_matrix(measure, clip):
    rows = np.random.default_rng(3).standard_normal((300, 6)).astype(np.float32)
    opening = np.arange(20, 300, 20)
    np.testing.assert_array_equal(
        refine_rows(opening, rows, measure, clip=clip),
        refine(opening, similarity(rows, clip=clip), measure),
    )


def brute(tokens: list[int], order: int, size: int) -> np.ndarray:
    """The n-gram counted anew for each token, from the formula."""

    def probability(past: list[int], word: int, n: int) -> float:
        lower = 1 / size if n == 0 else probability(past, word, n - 1)
        context = tuple(past[len(past) - n :]) if n else ()
        if n > len(past):
            return lower
        followed = Counter(
            past[i + n] for i in range(len(past) - n) if tuple(past[i : i + n]) == context
        )
        total, kinds = sum(followed.values()), len(followed)
        return (followed[word] + kinds * lower) / (total + kinds) if total else lower

    return np.array(
        [-np.log(probability(tokens[:t], word, order - 1)) for t, word in enumerate(tokens)]
    )


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_ngram(order):
    tokens = np.random.default_rng(order).integers(0, 4, 80).tolist()
    np.testing.assert_allclose(adaptive_ngram(tokens, order, 9), brute(tokens, order, 9))


def test_the_ngram_by_hand():
    # a a b: p(a) = 1/3; then (1 + 1 * 1/3) / 2; then b after "a": unigram (0 + 1/3) / 3 = 1/9,
    # and of the bigrams only "a a" was seen: (0 + 1 * 1/9) / 2.
    found = np.exp(-adaptive_ngram(["a", "a", "b"], 2))
    np.testing.assert_allclose(found, [1 / 3, 2 / 3, 1 / 18])


@pytest.mark.parametrize("seed", range(5))
def test_window_diff(seed):
    rng = np.random.default_rng(seed)
    found = rng.choice(np.arange(1, 60), 5, replace=False)
    given = rng.choice(np.arange(1, 60), 7, replace=False)
    for window in (None, 1, 9, 59):
        fast = window_diff(found, given, 60, window)
        assert fast == pytest.approx(window_diff_reference(found, given, 60, window))


def test_window_diff_by_hand():
    # Units 0..5, a border at 2 against one at 3, windows of 2: i = 0..3 hold borders i+1, i+2.
    # Counts are (1, 0), (1, 1), (0, 1), (0, 0): two of four windows differ.
    assert window_diff(np.array([2]), np.array([3]), 6, 2) == 0.5
    assert window_diff(np.array([3]), np.array([3]), 6, 2) == 0
