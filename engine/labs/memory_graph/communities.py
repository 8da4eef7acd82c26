"""Communities: groups of nodes with more links inside than a random graph of equal degrees has.

Louvain's method (Blondel et al. 2008, arXiv 0803.0476) through networkx, seeded. Edges weigh one
over the root of both ends' degrees, so that a name which stands everywhere joins nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from engine.labs.memory_graph.neighbourhood import edge_weights
from engine.labs.memory_graph.node_map import Map

# More groups than this are no overview; the smallest, and what no edge joins, are put together.
MOST = 60
LEAST = 3


@dataclass(frozen=True, eq=False)
class Communities:
    """``member`` (nodes,): the community of each node, the largest is 0. ``modularity``: -0.5 to 1.

    ``rest`` is the one that holds what belongs to none, or -1.
    """

    member: np.ndarray
    count: int
    rest: int
    modularity: float


def find_communities(of: Map, grain: float = 1.0, seed: int = 0) -> Communities:
    """Groups of a map's nodes; ``grain`` is Louvain's resolution, larger gives smaller groups."""
    graph = nx.Graph()
    graph.add_nodes_from(range(of.size))
    ends = of.edges.tolist()
    graph.add_weighted_edges_from(
        (a, b, weight) for (a, b), weight in zip(ends, edge_weights(of).tolist(), strict=True)
    )
    if not ends:
        return Communities(np.zeros(of.size, np.int64), min(of.size, 1), min(of.size, 1) - 1, 0.0)
    found = nx.community.louvain_communities(graph, weight="weight", resolution=grain, seed=seed)
    modularity = float(nx.community.modularity(graph, found, weight="weight"))
    found.sort(key=lambda group: (-len(group), min(group)))
    groups = [group for group in found[:MOST] if len(group) >= LEAST]
    member = np.full(of.size, len(groups))
    for place, group in enumerate(groups):
        member[list(group)] = place
    rest = len(groups) if (member == len(groups)).any() else -1
    return Communities(member, len(groups) + (rest >= 0), rest, modularity)


def community_links(of: Map, communities: Communities) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of communities with edges between them (links, 2), and how many (links,), most first.

    What belongs to no group has no links here.
    """
    ends = np.sort(communities.member[of.edges], axis=1)
    between = (ends[:, 0] != ends[:, 1]) & (ends != communities.rest).all(axis=1)
    pairs, counts = np.unique(ends[between].reshape(-1, 2), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return pairs[order], counts[order]


def community_layout(pairs: np.ndarray, counts: np.ndarray, count: int) -> np.ndarray:
    """Positions of the communities within [-1, 1] (communities, 2): joined ones lie together.

    Kamada and Kawai (1989): distances on paper follow those in the graph, in which a link is the
    shorter the more edges it stands for. What no path joins lies a little further than all else.
    """
    if count < 2:
        return np.zeros((count, 2))
    length = 1 / np.log1p(counts.astype(np.float64))
    joined = sparse.csr_array((length, (pairs[:, 0], pairs[:, 1])), (count, count))
    far = csgraph.shortest_path(joined, directed=False)
    reach = far[np.isfinite(far)].max() or 1.0
    far[~np.isfinite(far)] = 1.3 * reach
    rows = {i: dict(enumerate(row)) for i, row in enumerate((far / reach).tolist())}
    graph = nx.Graph(pairs.tolist())
    graph.add_nodes_from(range(count))
    ring = nx.circular_layout(range(count))
    found = nx.kamada_kawai_layout(graph, dist=rows, pos=ring, weight=None)
    xy = np.array([found[i] for i in range(count)])
    xy -= (xy.max(axis=0) + xy.min(axis=0)) / 2
    return xy / max(float(np.abs(xy).max()), 1e-12)
