"""Laws of the living memories that hold for any input."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.labs.memory_graph.living.amem import AMem
from engine.labs.memory_graph.living.analyst import RuleAnalyst
from engine.labs.memory_graph.living.border_scores import (
    boundary_f1,
    window_diff,
    window_diff_reference,
)
from engine.labs.memory_graph.living.buckets import CrossPolytope, Thought, ThoughtBuckets
from engine.labs.memory_graph.living.checks import top
from engine.labs.memory_graph.living.cohesion import Cuts, score_reference
from engine.labs.memory_graph.living.event_buffers import ContiguityBuffer, fill
from engine.labs.memory_graph.living.events import blocks, threshold, threshold_reference, tidy
from engine.labs.memory_graph.living.forgetting import (
    FORMULAS,
    Chance,
    Piece,
    Recall,
    Threshold,
    retention,
    timeline,
)
from engine.labs.memory_graph.living.surprise import adaptive_ngram
from engine.labs.memory_graph.living.words import TfIdf

run = settings(max_examples=60, deadline=None)
few = settings(max_examples=25, deadline=None)
MAY = date(2023, 5, 1)
names = st.sampled_from("abcdefgh")
days = st.integers(0, 20).map(lambda n: MAY + timedelta(days=n))
sentence = st.lists(
    st.sampled_from(("Ada", "Genoa", "harbour", "bread", "rain", "oil", "the", "saw")), min_size=1
).map(" ".join)


@run
@given(st.sampled_from(FORMULAS), st.floats(0, 1e4), st.floats(0, 1e3), st.integers(1, 50))
def test_retention_starts_at_one_and_only_falls(formula, t, more, strength):
    s = np.array(strength)
    now, later = retention(formula, np.array([t, t + more]), s)
    assert 0 <= later <= now <= 1 and retention(formula, np.array(0), s) == 1


modes = st.one_of(
    st.floats(0, 1).map(Threshold),
    st.builds(Chance, st.integers(0, 9), st.booleans()),
)


@few
@given(
    st.dictionaries(names, days, min_size=1),
    st.lists(st.tuples(days, names), max_size=12),
    st.sampled_from(FORMULAS),
    modes,
)
def test_nothing_comes_back_and_a_recall_never_shortens_a_life(births, recalls, formula, mode):
    pieces = [Piece(name, day) for name, day in births.items()]
    happened = [Recall(day, name) for day, name in recalls if name in births]
    until = MAY + timedelta(days=25)
    found = timeline(pieces, happened, until, formula, mode)
    born = np.array([[piece.day <= day for day in found.days] for piece in pieces])
    assert not (found.alive & ~born).any()
    gone = born & ~found.alive
    assert (np.diff(gone.astype(int), axis=1) >= 0).all()
    # A day has its summary as long as it has a piece.
    for name, row in zip(found.summary_names, found.summaries, strict=True):
        mine = [piece.day.isoformat() == name[1] for piece in pieces]
        np.testing.assert_array_equal(row, found.alive[mine].any(0))
    if formula != "code" and isinstance(mode, Threshold):
        plain = timeline(pieces, (), until, formula, mode)
        assert (found.alive.sum(1) >= plain.alive.sum(1)).all()


@run
@given(st.lists(st.integers(0, 399)), st.integers(0, 400), st.integers(1, 20), st.integers(2, 5))
def test_events_cover_the_stream_within_their_sizes(opening, length, least, factor):
    found = tidy(np.array([p for p in opening if p < length]), length, min_event=least,
                 max_event=least * factor)  # fmt: skip
    ranges = blocks(found, length)
    assert [t for a, b in ranges for t in range(a, b)] == list(range(length))
    if length >= least:
        assert all(least <= b - a <= least * factor for a, b in ranges)
    np.testing.assert_array_equal(
        tidy(found, length, min_event=least, max_event=least * factor), found
    )


@run
@given(
    hnp.arrays(float, st.integers(0, 120), elements=st.floats(0, 20)),
    st.integers(2, 60),
    st.integers(1, 30),
    st.sampled_from(("paper", "code")),
)
def test_thresholds_are_those_of_the_slow_twin(s, window, chunk, statistics):
    settings = {"window": window, "chunk": chunk, "statistics": statistics}
    fast, slow = threshold(s, 1.0, **settings), threshold_reference(s, 1.0, **settings)
    # A variance near zero is lost in prefix sums to about 1e-14 of the squares: 1e-6 of its root.
    np.testing.assert_allclose(fast, slow, atol=2e-6)


weights = hnp.arrays(float, (7, 7), elements=st.integers(0, 8).map(lambda n: n / 4))


@run
@given(
    weights,
    st.sampled_from(("modularity", "conductance")),
    st.sampled_from(("paper", "code", "textbook")),
)
def test_cuts_score_as_the_slow_twin_does(half, measure, reading):
    a = half + half.T
    cuts = np.arange(1, 7)
    slow = [score_reference(a, (range(t), range(t, 7)), measure, reading) for t in cuts]
    fast = Cuts(a).scores(cuts, 0, 7, measure, reading)
    np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-9)


borders = st.sets(st.integers(1, 29)).map(lambda s: np.array(sorted(s), dtype=int))


@run
@given(borders, borders, st.integers(0, 4), st.integers(1, 29))
def test_scores_of_borders(a, b, tolerance, window):
    score = boundary_f1(a, b, tolerance)
    assert score.f1 == boundary_f1(b, a, tolerance).f1 and 0 <= score.f1 <= 1
    assert score.matched <= boundary_f1(a, b, tolerance + 1).matched
    assert boundary_f1(a, a).f1 == 1 and window_diff(a, a, 30, window) == 0
    assert window_diff(a, b, 30, window) == window_diff_reference(a, b, 30, window)


@run
@given(borders, borders, st.integers(0, 3))
def test_the_pairing_is_the_largest_there_is(a, b, tolerance):
    import networkx as nx

    graph = nx.Graph()
    left = [("a", int(p)) for p in a]
    graph.add_nodes_from(left)
    graph.add_edges_from(
        (("a", int(p)), ("b", int(q))) for p in a for q in b if abs(p - q) <= tolerance
    )
    best = len(nx.bipartite.maximum_matching(graph, top_nodes=left)) // 2
    assert boundary_f1(a, b, tolerance).matched == best


@run
@given(hnp.arrays(float, st.integers(0, 30), elements=st.integers(0, 4)), st.integers(0, 35))
def test_top_is_the_head_of_a_stable_sort(scores, k):
    np.testing.assert_array_equal(top(scores, k), np.argsort(-scores, kind="stable")[:k])


@run
@given(st.lists(st.integers(1, 30), min_size=1), st.integers(0, 100), st.data())
def test_buffers_hold_no_more_than_they_may(sizes, budget, data):
    sizes = np.array(sizes)
    scores = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(sizes),
                                         max_size=len(sizes))))  # fmt: skip
    chosen = fill(scores, sizes, budget)
    assert sum(sizes[chosen]) - budget < budget or not chosen
    assert sum(sizes[chosen[:-1]]) <= budget
    buffer = ContiguityBuffer(sizes, budget)
    for event in chosen:
        held = buffer.push([event])
        assert buffer.tokens <= budget and len(set(held)) == len(held)
        assert all(0 <= one < len(sizes) for one in held)


@run
@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 4))
def test_the_ngram_gives_probabilities(tokens, order):
    total = sum(np.exp(-adaptive_ngram([*tokens, word], order, 5)[-1]) for word in range(5))
    assert abs(total - 1) < 1e-9


@few
@given(st.lists(sentence, min_size=1, max_size=8))
def test_the_ledger_rebuilds_every_state_of_a_memory(texts):
    tfidf = TfIdf(texts)
    memory = AMem(tfidf.vectors, RuleAnalyst(tfidf))
    states = [[]]
    for text in texts:
        memory.add(text, "202401010900")
        states.append([note.as_record() for note in memory.store])
    for step, state in enumerate(states):
        assert [note.as_record() for note in memory.store.at(step)] == state
    assert all(link in memory.store for note in memory.store for link in note.links)


rows = hnp.arrays(np.float32, (1, 6), elements=st.floats(-9, 9, width=16))


@few
@given(st.lists(st.tuples(names, names, names, rows), max_size=25))
def test_buckets_count_every_thought_that_was_not_merged_or_forgotten(given_thoughts):
    found = ThoughtBuckets(CrossPolytope(6, 8), functional=["a", "b"])
    for number, (head, relation, tail, row) in enumerate(given_thoughts):
        found.insert(Thought(str(number), "", head, relation, tail), row[0])
    kinds = [happening.kind for happening in found.log]
    gone = kinds.count("merge") + kinds.count("forget")
    assert len(found) == found.occupancy().sum() == len(given_thoughts) - gone
    kept = sum(thought.count for thought in found.thoughts.values())
    assert kept <= len(given_thoughts)
    for bucket in range(8):
        here = [found.thoughts[n] for n, b in found.bucket_of.items() if b == bucket]
        keys = [(t.head, t.relation) for t in here if t.relation in "ab"]
        assert len(set(keys)) == len(keys), "a functional relation has one tail in a bucket"
