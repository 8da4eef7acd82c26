"""CoAT as a search over a graph of triples: Monte-Carlo tree search with associative memory.

arXiv 2502.02390. A node n_i of the tree holds a thought G(n_i) and an associative memory AM(n_i),
found from the question and G(n_i). Selection is UCT (Kocsis and Szepesvari 2006). The value
V = F_g(content) + beta * F_a(association), its back-up as a visit-weighted mean, the stop at a
terminal node or at depth D, and beta = 0.1 are unverified: the formulas were not available here.

Offline the thoughts are steps through the graph: G(n) is an entity reached by one edge from its
parent's, AM(n) the entities near it by personalised PageRank; F_g is the share of what the question
wants that the path covers, F_a the share that the associative memories along it cover. What is
wanted are the question's entities, or whatever ``covers`` finds in a step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.core import BadInput
from engine.core.seeds import rng
from engine.labs.memory_graph.living.checks import real, whole

BETA = 0.1
EXPLORATION = 2**0.5
Associate = Callable[[str], Sequence[str]]
Covers = Callable[[str | None, str], Collection[str]]
"""What a step from an entity (None: the start) to another says of the things that are wanted."""


class TripleGraph:
    """Entities joined where a triple (subject, predicate, object) names both; undirected."""

    def __init__(self, triples: Iterable[tuple[str, str, str]]):
        self.edges: dict[str, dict[str, str]] = {}
        for subject, predicate, target in triples:
            if subject != target:
                self.edges.setdefault(subject, {}).setdefault(target, predicate)
                self.edges.setdefault(target, {}).setdefault(subject, predicate)

    def near(self, entity: str, count: int = 8, steps: int = 3, damping: float = 0.5) -> list[str]:
        """The ``count`` entities of most mass after ``steps`` of personalised PageRank from one.

        A truncated power iteration: three steps reach what the full one ranks first.
        """
        mass: dict[str, float] = {entity: 1.0}
        for _ in range(steps):
            moved: defaultdict[str, float] = defaultdict(float, {entity: 1 - damping})
            for name, share in mass.items():
                targets = self.edges.get(name, {})
                for target in targets:
                    moved[target] += damping * share / len(targets)
                if not targets:
                    moved[entity] += damping * share
            mass = moved
        ranked = sorted(mass, key=lambda name: (-mass[name], name))
        return [name for name in ranked if name != entity][:count]


@dataclass
class Node:
    """A node of the search tree; ``value`` is the mean of what was found at and below it."""

    number: int
    entity: str
    parent: int | None
    depth: int
    via: str = ""
    association: tuple[str, ...] = ()
    content_value: float = 0.0
    association_value: float = 0.0
    covered: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    visits: int = 0
    value: float = 0.0
    children: list[int] = field(default_factory=list)
    unexpanded: list[str] = field(default_factory=list)
    terminal: bool = False


@dataclass(frozen=True)
class Search:
    """The tree, and the numbers of the nodes on the best path from the root.

    ``leaves``: the node that each simulation ended at and backed up from; with the parents they
    tell every earlier state of the tree.
    """

    nodes: tuple[Node, ...]
    best: tuple[int, ...]
    score: float
    leaves: tuple[int, ...] = ()
    beta: float = BETA

    def path(self, number: int) -> tuple[int, ...]:
        """From the root to a node."""
        found = [number]
        while (parent := self.nodes[found[-1]].parent) is not None:
            found.append(parent)
        return tuple(found[::-1])


def uct(value: float, visits: int, parent_visits: int, exploration: float = EXPLORATION) -> float:
    """value + c sqrt(ln N_parent / N); infinite for a node never visited."""
    if not visits:
        return float("inf")
    return value + exploration * float(np.sqrt(np.log(max(parent_visits, 1)) / visits))


def search(
    graph: TripleGraph,
    start: str,
    wanted: Sequence[str],
    *,
    iterations: int = 100,
    depth: int = 4,
    beta: float = BETA,
    exploration: float = EXPLORATION,
    width: int = 8,
    seed: int = 0,
    associate: Associate | None = None,
    covers: Covers | None = None,
) -> Search:
    """Walk from ``start`` towards the entities ``wanted``, ``iterations`` expansions at most.

    ``width`` bounds the children of a node; which edges they follow is drawn by ``seed``.
    ``associate`` gives AM of an entity, by default ``graph.near``; ``covers`` what a step covers of
    ``wanted``, by default the entity that it reaches. A node is terminal when its path covers all.
    Raises BadInput.
    """
    if start not in graph.edges:
        raise BadInput("start", f"{start[:60]!r} is not in the graph")
    if not wanted:
        raise BadInput("wanted", "at least one entity is required")
    whole(iterations, "iterations", 1, 100_000)
    whole(depth, "depth", 1, 100)
    whole(width, "width", 1, 1000)
    real(beta, "beta", 0.0)
    real(exploration, "exploration", 0.0)
    tree = _Tree(
        graph, wanted, depth, beta, width, seed, associate or graph.near, covers or _itself
    )
    tree.grow(start, None, "")
    leaves = []
    for _ in range(iterations):
        node = tree.nodes[0]
        while not node.unexpanded and node.children:
            node = max(
                (tree.nodes[child] for child in node.children),
                key=lambda child: uct(child.value, child.visits, node.visits, exploration),
            )
        if node.unexpanded:
            entity = node.unexpanded.pop()
            node = tree.grow(entity, node, graph.edges[node.entity][entity])
        tree.back_up(node)
        leaves.append(node.number)
    best = max(tree.nodes, key=lambda node: (tree.worth(node), -node.depth, -node.number))
    path = tuple(node.number for node in tree.path(best))
    return Search(tuple(tree.nodes), path, tree.worth(best), tuple(leaves), beta)


def _itself(_: str | None, entity: str) -> Collection[str]:
    return (entity,)


class _Tree:
    def __init__(
        self,
        graph: TripleGraph,
        wanted: Sequence[str],
        depth: int,
        beta: float,
        width: int,
        seed: int,
        associate: Associate,
        covers: Covers,
    ):
        self.graph, self.wanted = graph, frozenset(wanted)
        self.depth, self.beta, self.width, self.seed = depth, beta, width, seed
        self.associate, self.covers = associate, covers
        self.nodes: list[Node] = []

    def path(self, node: Node) -> list[Node]:
        """From the root to ``node``."""
        found = [node]
        while found[-1].parent is not None:
            found.append(self.nodes[found[-1].parent])
        return found[::-1]

    def worth(self, node: Node) -> float:
        """V = F_g + beta F_a of this node alone (unverified)."""
        return node.content_value + self.beta * node.association_value

    def grow(self, entity: str, parent: Node | None, via: str) -> Node:
        """Add a node, give it its memory and its value, and list what may come after it."""
        number = len(self.nodes)
        node = Node(number, entity, None, 0, via, tuple(self.associate(entity)))
        if parent is not None:
            node.parent, node.depth = parent.number, parent.depth + 1
            parent.children.append(number)
        self.nodes.append(node)
        here = {one.entity for one in self.path(node)}
        node.covered = self.wanted & frozenset(
            self.covers(parent.entity if parent else None, entity)
        )
        node.around = self.wanted.intersection(
            name for near in node.association for name in self.covers(entity, near)
        )
        if parent is not None:
            node.covered |= parent.covered
            node.around |= parent.around
        node.content_value = len(node.covered) / len(self.wanted)
        node.association_value = len(node.around) / len(self.wanted)
        node.terminal = node.covered == self.wanted
        if not node.terminal and node.depth < self.depth:
            fresh = sorted(set(self.graph.edges.get(entity, {})) - here)
            order = rng(self.seed, "coat", number).permutation(len(fresh))
            node.unexpanded = [fresh[i] for i in order[: self.width]]
        return node

    def back_up(self, node: Node) -> None:
        """Add this node's worth to the visit-weighted mean of everything above it."""
        worth = self.worth(node)
        for one in self.path(node):
            one.visits += 1
            one.value += (worth - one.value) / one.visits
