"""Think-in-Memory: thoughts in hash buckets, recalled, forgotten and merged bucket by bucket.

arXiv 2311.08719. Only the idea is verified against the paper; the hash is the cross-polytope form
of Reformer (arXiv 2001.04451, section 2): bucket = argmax([xR ; -xR]) with a random matrix R of
d x b/2 numbers. Forgetting and merging ask a language model in the paper; here they are rules,
named so: a thought with the same head, relation and tail is merged, and for a functional relation
(one that has a single tail) the older thought with another tail is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.core import BadInput
from engine.core.seeds import rng
from engine.labs.memory_graph.living.checks import top, unit_rows, vectors, whole

MAX_BUCKETS = 4096


class CrossPolytope:
    """The hash of vectors of ``dim`` numbers into ``buckets`` (even, 2 to 4096) by a seed."""

    def __init__(self, dim: int, buckets: int, seed: int = 0):
        whole(dim, "dim", 1)
        whole(buckets, "buckets", 2, MAX_BUCKETS)
        if buckets % 2:
            raise BadInput("buckets", f"must be even (got {buckets})")
        self.dim, self.buckets = dim, buckets
        stream = rng(seed, "cross-polytope", dim, buckets)
        self.rotation = stream.standard_normal((dim, buckets // 2)).astype(np.float32)

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """[xR ; -xR] for ``rows: n d``, (n, buckets)."""
        turned = vectors(rows, width=self.dim) @ self.rotation
        return np.concatenate((turned, -turned), axis=1)

    def bucket(self, rows: np.ndarray) -> np.ndarray:
        """The bucket of each row, int (n,)."""
        return self.scores(rows).argmax(axis=1)

    def probes(self, rows: np.ndarray, count: int) -> np.ndarray:
        """The ``count`` likeliest buckets of each row, its own first, int (n, count).

        Multi-probe (Lv et al. 2007; Andoni et al. 2015 for cross-polytopes): next-best corners.
        """
        whole(count, "probes", 1, self.buckets)
        return np.argsort(-self.scores(rows), axis=1, kind="stable")[:, :count]


@dataclass(frozen=True)
class Thought:
    """An inductive thought: a relation between two entities, in words and taken apart."""

    id: str
    text: str
    head: str
    relation: str
    tail: str
    when: str = ""
    count: int = 1


@dataclass(frozen=True)
class Happening:
    """What an insertion did: to which thought, in which bucket, because of which other."""

    kind: Literal["insert", "merge", "forget"]
    thought: str
    bucket: int
    cause: str = ""


class ThoughtBuckets:
    """Thoughts by bucket. ``functional`` names the relations that have one tail at a time.

    Rules look into one bucket only, as in the paper: two thoughts about the same head that hash
    apart never meet.
    """

    def __init__(self, hashing: CrossPolytope, functional: Collection[str] = ()):
        self.hashing = hashing
        self.functional = {relation.lower() for relation in functional}
        self.thoughts: dict[str, Thought] = {}
        self.bucket_of: dict[str, int] = {}
        self.log: list[Happening] = []
        self._rows: dict[str, np.ndarray] = {}
        self._members: list[dict[str, None]] = [{} for _ in range(hashing.buckets)]
        self._about: dict[tuple[int, str, str], list[str]] = {}

    def __len__(self) -> int:
        return len(self.thoughts)

    def insert(self, thought: Thought, row: np.ndarray) -> list[Happening]:
        """Hash and store a thought with its vector ``row: d``, then merge and forget.

        Raises BadInput for an id that was used before.
        """
        if thought.id in self.thoughts:
            raise BadInput("id", f"there is a thought {thought.id!r} already")
        unit = unit_rows(vectors(np.asarray(row)[None], "vector", width=self.hashing.dim))
        bucket = int(self.hashing.bucket(unit)[0])
        key = (bucket, thought.head.lower(), thought.relation.lower())
        kept, done = [], []
        for name in self._about.get(key, ()):
            old = self.thoughts[name]
            if old.tail.lower() == thought.tail.lower():
                thought = replace(thought, count=thought.count + old.count)
                done.append(Happening("merge", name, bucket, thought.id))
            elif key[2] in self.functional:
                done.append(Happening("forget", name, bucket, thought.id))
            else:
                kept.append(name)
                continue
            self._drop(name)
        self._about[key] = [*kept, thought.id]
        self.thoughts[thought.id] = thought
        self.bucket_of[thought.id] = bucket
        self._rows[thought.id] = unit[0]
        self._members[bucket][thought.id] = None
        done.insert(0, Happening("insert", thought.id, bucket))
        self.log += done
        return done

    def _drop(self, name: str) -> None:
        del self._members[self.bucket_of.pop(name)][name]
        del self.thoughts[name], self._rows[name]

    def occupancy(self) -> np.ndarray:
        """How many thoughts each bucket holds, int (buckets,)."""
        return np.array([len(members) for members in self._members])

    def ask(self, row: np.ndarray, k: int, probes: int = 1) -> list[tuple[str, float]]:
        """The ``k`` thoughts of highest cosine to ``row: d`` within ``probes`` buckets."""
        whole(k, "k", 1)
        unit = unit_rows(vectors(np.asarray(row)[None], "vector", width=self.hashing.dim))
        chosen = self.hashing.probes(unit, probes)[0]
        names = [name for bucket in chosen for name in self._members[bucket]]
        if not names:
            return []
        scores = np.stack([self._rows[name] for name in names]) @ unit[0]
        return [(names[i], float(scores[i])) for i in top(scores, k)]


@dataclass(frozen=True, eq=False)
class BucketRecall:
    """Over ``probe`` = 1, 2, ...: what share of the full scan's top k lies in the buckets looked
    into, and what share of all vectors that is."""

    recall: np.ndarray
    scanned: np.ndarray


def nearest(rows: np.ndarray, questions: np.ndarray, k: int) -> np.ndarray:
    """The top k by cosine of a full scan of ``rows: n d`` for ``questions: m d``, int (m, k)."""
    data, asked = unit_rows(vectors(rows)), unit_rows(vectors(questions, "questions"))
    if not len(data) or not len(asked):
        raise BadInput("vectors", "at least one vector and one question are required")
    whole(k, "k", 1, len(data))
    return np.stack([top(data @ question, k) for question in asked])


def bucket_recall(
    hashing: CrossPolytope,
    rows: np.ndarray,
    questions: np.ndarray,
    k: int,
    probes: int = 1,
    near: np.ndarray | None = None,
) -> BucketRecall:
    """Compare buckets with a full scan of ``rows: n d`` for ``questions: m d``.

    The top k by cosine of the full scan counts as found where its bucket is among the probed.
    ``near`` (m, k) is that top k, where it is known from another hash of the same rows.
    """
    data = unit_rows(vectors(rows, width=hashing.dim))
    asked = unit_rows(vectors(questions, "questions", width=hashing.dim))
    if near is None:
        near = nearest(data, asked, k)
    home = hashing.bucket(data)
    sizes = np.bincount(home, minlength=hashing.buckets)
    looked = hashing.probes(asked, probes)  # m probes
    found = (home[near][:, :, None] == looked[:, None]).sum(axis=1)  # m probes
    scanned = np.cumsum(sizes[looked], axis=1).mean(0) / len(data)
    return BucketRecall(np.cumsum(found, axis=1).mean(0) / near.shape[1], scanned)
