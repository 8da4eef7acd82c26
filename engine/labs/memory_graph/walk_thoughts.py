"""What a search tree walks on: the facts of a memory, their passages, and what lies near.

CoAT asks a language model for the content of a thought and for its associations. Here a thought is
a fact: an edge of the graph, with the passages that state it. It covers the words of the question
that stand in these passages; its associations are the entities of most personalised PageRank.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np
from scipy import sparse

from engine.core.errors import BadInput
from engine.labs.memory_graph.choosing import MADE, by_frequency
from engine.labs.memory_graph.graph import GraphRules, MemoryGraph, build_graph
from engine.labs.memory_graph.hipporag import LEAST_SIMILARITY, link_question
from engine.labs.memory_graph.living.coat import TripleGraph
from engine.labs.memory_graph.loading import Loaded
from engine.labs.memory_graph.openie import Triples
from engine.labs.memory_graph.pagerank import Walk, states
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.words import words

STEPS = 3
DAMPING = 0.5
FREQUENT = 60


class Thoughts:
    """The facts of a memory as a graph of entities."""

    def __init__(self, loaded: Loaded, triples: Triples, associations: int):
        self.memory: MemoryGraph = build_graph(triples, GraphRules(synonyms="none"))
        self.graph = TripleGraph(self.memory.facts)
        self.associations = associations
        self._words = [frozenset(words(p.content)) for p in loaded.corpus.passages]
        facts = sparse.csc_array(self.memory.d2f)
        self._stated: defaultdict[frozenset[str], list[int]] = defaultdict(list)
        for place, fact in enumerate(self.memory.facts):
            start, end = facts.indptr[place : place + 2]
            ends = frozenset((fact.subject, fact.object))
            self._stated[ends] += facts.indices[start:end].tolist()
        self.associate = lru_cache(maxsize=100_000)(self._associate)

    def passages(self, one: str, other: str) -> tuple[int, ...]:
        """The passages that state a fact between two entities."""
        return tuple(dict.fromkeys(self._stated.get(frozenset((one, other)), ())))

    def covers(self, parent: str | None, entity: str) -> Collection[str]:
        """Words of the passages behind a step; an entity that no fact joins has its own name."""
        found = set(entity.split())
        for passage in self.passages(parent, entity) if parent is not None else ():
            found |= self._words[passage]
        return found

    @cached_property
    def walk(self) -> Walk:
        """The walk on the facts, every pair of entities with the weight 1."""
        pairs = self.memory.fact_edges
        ones = sparse.csr_array((np.ones(pairs.nnz), pairs.indices, pairs.indptr), pairs.shape)
        return Walk.on(ones)

    def near(self, entity: str) -> list[tuple[str, float]]:
        """The entities of most mass after three steps of the walk from one, and their mass."""
        reset = np.zeros(self.walk.size)
        reset[self.memory.places[entity]] = 1
        mass = states(self.walk, reset, DAMPING, STEPS)[-1]
        mass[self.memory.places[entity]] = 0
        order = np.argsort(-mass, kind="stable")[: self.associations]
        return [(self.memory.phrases[i], float(mass[i])) for i in order if mass[i] > 0]

    def _associate(self, entity: str) -> tuple[str, ...]:
        return tuple(name for name, _ in self.near(entity))

    def begin(self, question: Question) -> tuple[str, tuple[str, ...]] | None:
        """The rarest entity that the question names, and the words that it wants besides.

        None where it names nothing that a fact joins, or has no word besides the name.
        """
        links = link_question(self.memory, question, "names", LEAST_SIMILARITY)
        names = [self.memory.phrases[one.node] for one in links]
        names = [name for name in names if name in self.graph.edges]
        if not names:
            return None
        start = min(names, key=lambda name: self.memory.ndoc[self.memory.places[name]])
        wanted = dict.fromkeys(word for word in words(question.text) if word not in start.split())
        return (start, tuple(wanted)) if wanted else None

    def made(self) -> tuple[Question, str, tuple[str, ...]]:
        """A question for a memory without any: what joins two frequent names.

        The first is the name that the other views ask about; a search needs words to look for
        besides, which are those of the next name that no single fact joins to it, or of the next
        one where all are joined. Raises BadInput("corpus") for fewer than two names.
        """
        names = [self.memory.phrases[node] for node in by_frequency(self.memory)]
        names = [name for name in names if name in self.graph.edges][:FREQUENT]
        pairs = [(one, other, _new_words(one, other)) for one, other in combinations(names, 2)]
        pairs = [pair for pair in pairs if pair[2]]
        if not pairs:
            raise BadInput("corpus", "holds no two names that a search could join")
        first = [pair for pair in pairs if pair[0] == pairs[0][0]]
        # A single word where there are longer names is often none: rather two that are joined.
        alike = [pair for pair in first if (" " in pair[1]) == (" " in first[0][1])]
        apart = (pair for pair in alike if pair[1] not in self.graph.edges[pair[0]])
        start, other, wanted = next(apart, pairs[0])
        return Question(f"What joins {start.title()} and {other.title()}?", id=MADE), start, wanted

    def must_begin(self, question: Question) -> tuple[str, tuple[str, ...]]:
        """The same; raises BadInput("ask") where a search cannot start."""
        found = self.begin(question)
        if found is None:
            raise BadInput("ask", "must name something of this memory and say what is wanted of it")
        return found


def _new_words(one: str, other: str) -> tuple[str, ...]:
    """The words of a name that another one lacks."""
    return tuple(word for word in words(other) if word not in one.split())
