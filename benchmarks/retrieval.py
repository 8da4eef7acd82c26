"""What the memory graph costs and what it finds: ratios against peers and bars of the same run.

python -m benchmarks.retrieval [FOLDER_OF_REFERENCE_DATA]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import igraph
import numpy as np
from scipy import sparse

from engine.cli import _dispatch
from engine.labs.memory_graph.build import Materials, build_retriever
from engine.labs.memory_graph.config import Retrieval
from engine.labs.memory_graph.corpus import Corpus, Passage, as_corpus
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.pagerank import Walk
from engine.labs.memory_graph.questions import Question

SHARED = Path(__file__).parents[2] / "shared" / "data"
PASSAGES = 8_000
QUESTIONS = 20
REPEATS = 5
# The bars: passages indexed in a CPU second, and CPU seconds of one question.
INDEXED, ASKED = 300.0, 0.1

SYLLABLES = [f"{a}{b}" for a in "bcdfghklmnprstvwyz" for b in "aeiou"]


def invented(count: int) -> Corpus:
    """Titled passages of about 60 words that name each other and a few of 5 x ``count`` people."""
    rng = np.random.default_rng(0)

    def name() -> str:
        parts = rng.choice(SYLLABLES, (2, 3))
        return " ".join("".join(part).capitalize() for part in parts)

    # Arrays: a choice from a list would copy all of it first.
    titles = np.array([name() for _ in range(count)])
    people = np.array([name() for _ in range(5 * count)])
    passages = []
    for title in titles.tolist():
        named = [*rng.choice(titles, 3), *rng.choice(people, 8)]
        year = rng.integers(1000, 2000)
        text = " ".join(f"It is said that {other} met someone there." for other in named)
        passages.append(Passage(title, f"{text} That was in {year}."))
    return as_corpus(passages)


def cpu_seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def peer_graph(walk: Walk) -> igraph.Graph:
    upper = sparse.coo_array(sparse.triu(walk.adjacency))
    edges = np.stack(upper.coords, axis=1).tolist()
    return igraph.Graph(n=walk.size, edges=edges, edge_attrs={"weight": upper.data.tolist()})


def costs() -> list[dict[str, Any]]:
    """Indexing and asking on an invented corpus, and the walk beside igraph's PRPACK."""
    corpus = invented(PASSAGES)
    built: list[HippoRag] = []

    def index() -> None:
        built.append(build_retriever(Retrieval(), Materials(corpus)))  # type: ignore[arg-type]

    indexed = PASSAGES / median(cpu_seconds(index) for _ in range(3))
    found = built[-1]
    asked = [Question(f"Whom did {p.title} meet?") for p in corpus.passages[:QUESTIONS]]
    found.rank(asked[0], 10)
    answer = median(cpu_seconds(lambda q=q: found.rank(q, 10)) for q in asked)
    peer = peer_graph(found.walk)
    ours, theirs = [], []
    for question in asked[:REPEATS]:
        trace = found.trace(question)
        theirs.append(
            cpu_seconds(
                lambda reset=trace.reset: peer.personalized_pagerank(
                    damping=0.5, reset=reset, weights="weight", directed=False
                )
            )
        )
        ours.append(cpu_seconds(lambda trace=trace: trace.mass))
    size = f"{found.nodes:,} nodes, {found.edges:,} edges"
    return [
        row(f"index {PASSAGES:,} passages without a model", indexed, INDEXED, "passages/CPU s"),
        row(f"ask HippoRAG, {size}", answer, ASKED, "CPU s (limit)", most=True),
        row(f"PageRank, {size}; over igraph", median(ours), median(theirs), "CPU s", most=True),
    ]


def finds(folder: Path) -> list[dict[str, Any]]:
    """Recall on MuSiQue-train100 beside the bars and BM25."""
    start = folder / "memory_graph" / "musique_train100"
    files = ["--corpus", f"{start}_corpus.jsonl.gz", "--questions", f"{start}_questions.jsonl.gz"]
    triples = ["--triples", f"{start}_openie_gpt35.jsonl.gz"]
    vectors = ["--vectors", f"{start}_minilm_embeddings.npz"]

    def measured(*options: str) -> dict[str, Any]:
        return _dispatch(["memory_graph", "evaluate", *files, *options, "--no-store"], True)

    graph = measured("--method", "hipporag", *triples)
    words = measured("--method", "bm25")
    free = measured("--method", "hipporag")
    second = measured("--method", "hipporag2", *triples, *vectors)
    name = "MuSiQue-train100, R@5"
    return [
        row(f"{name}, HippoRAG on cached triples", graph["recall@5"], 66, "%"),
        row(f"{name}, the same over BM25", graph["recall@5"], words["recall@5"], "%"),
        row(f"{name}, no language model", free["recall@5"], 60, "%"),
        row(f"{name}, HippoRAG 2 and names", second["recall@5"], 72, "%"),
    ]


def row(what: str, ours: float, limit: float, unit: str, *, most: bool = False) -> dict[str, Any]:
    """A row whose ratio should be at least 1, or at most 1."""
    return {
        "what": what,
        "ours": ours,
        "limit": limit,
        "ratio": ours / limit,
        "target": "at most 1" if most else "at least 1",
        "unit": unit,
    }


def rows(folder: Path = SHARED) -> list[dict[str, Any]]:
    """Costs, and recall where the reference data is there."""
    return costs() + (finds(folder) if folder.is_dir() else [])


if __name__ == "__main__":
    for entry in rows(*map(Path, sys.argv[1:2])):
        print(f"{entry['what']}: {entry['ours']:.4g} / {entry['limit']:.4g} = {entry['ratio']:.2f}")
