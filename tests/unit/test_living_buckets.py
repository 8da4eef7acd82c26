"""Think-in-Memory: the hash, the rules of insertion, and what a bucket misses."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import BadInput
from engine.labs.memory_graph.living.buckets import (
    CrossPolytope,
    Thought,
    ThoughtBuckets,
    bucket_recall,
)

ROW = np.ones(8)


def thought(name: str, head: str, relation: str, tail: str) -> Thought:
    return Thought(name, f"{head} {relation} {tail}", head, relation, tail)


def test_the_hash_is_the_formula():
    hashing = CrossPolytope(8, 16, seed=3)
    rows = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    for row, bucket in zip(rows, hashing.bucket(rows), strict=True):
        turned = row @ hashing.rotation
        assert bucket == np.argmax([*turned, *-turned])
    np.testing.assert_array_equal(hashing.probes(rows, 3)[:, 0], hashing.bucket(rows))
    np.testing.assert_array_equal(hashing.bucket(rows), CrossPolytope(8, 16, 3).bucket(rows))
    assert (hashing.bucket(rows) != CrossPolytope(8, 16, 4).bucket(rows)).any()
    # A vector and its negative fall into opposite corners.
    np.testing.assert_array_equal((hashing.bucket(-rows) - hashing.bucket(rows)) % 8, 0)


def test_merge_and_forget_by_the_rules():
    found = ThoughtBuckets(CrossPolytope(8, 16), functional=["lives in"])
    found.insert(thought("t1", "Ada", "lives in", "Genoa"), ROW)
    again = found.insert(thought("t2", "ada", "Lives in", "genoa"), ROW)
    assert [h.kind for h in again] == ["insert", "merge"] and found.thoughts["t2"].count == 2
    moved = found.insert(thought("t3", "Ada", "lives in", "Turin"), ROW)
    assert [(h.kind, h.thought, h.cause) for h in moved[1:]] == [("forget", "t2", "t3")]
    assert found.thoughts["t3"].count == 1
    found.insert(thought("t4", "Ada", "likes", "rain"), ROW)
    found.insert(thought("t5", "Ada", "likes", "snow"), ROW)
    assert set(found.thoughts) == {"t3", "t4", "t5"}, "one may like two things"
    assert found.occupancy().sum() == len(found) == 3
    assert len(found.log) == 5 + 2


def test_thoughts_that_hash_apart_never_meet():
    found = ThoughtBuckets(CrossPolytope(8, 16), functional=["lives in"])
    found.insert(thought("t1", "Ada", "lives in", "Genoa"), ROW)
    found.insert(thought("t2", "Ada", "lives in", "Turin"), -ROW)
    assert set(found.thoughts) == {"t1", "t2"}
    assert [name for name, _ in found.ask(ROW, 5)] == ["t1"]
    assert [name for name, _ in found.ask(ROW, 5, probes=16)] == ["t1", "t2"]


def test_every_probe_added_finds_more_and_all_find_everything():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((400, 16))
    found = bucket_recall(CrossPolytope(16, 8), rows, rows[:50] + 0.1, k=10, probes=8)
    assert (np.diff(found.recall) >= 0).all() and (np.diff(found.scanned) >= 0).all()
    assert found.recall[-1] == pytest.approx(1) and found.scanned[-1] == pytest.approx(1)
    # A bucket of near vectors holds more of the nearest than of all.
    assert found.recall[0] > 1.5 * found.scanned[0]


def test_bad_input_is_one_sentence():
    with pytest.raises(BadInput, match="even"):
        CrossPolytope(8, 7)
    with pytest.raises(BadInput, match="buckets"):
        CrossPolytope(8, 5000)
    found = ThoughtBuckets(CrossPolytope(8, 16))
    found.insert(thought("t1", "a", "b", "c"), ROW)
    with pytest.raises(BadInput, match="already"):
        found.insert(thought("t1", "a", "b", "c"), ROW)
    with pytest.raises(BadInput, match="columns"):
        found.insert(thought("t2", "a", "b", "c"), np.ones(7))
    with pytest.raises(BadInput, match="NaN"):
        found.insert(thought("t2", "a", "b", "c"), np.full(8, np.nan))
    with pytest.raises(BadInput):
        bucket_recall(found.hashing, np.ones((3, 8)), np.ones((1, 8)), k=4)
    with pytest.raises(BadInput):
        found.ask(ROW, 1, probes=17)
    assert ThoughtBuckets(found.hashing).ask(ROW, 3) == []
