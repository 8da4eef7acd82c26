"""Small corpora and graphs for the tests of the memory-graph lab."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.corpus import Corpus, Passage, as_corpus
from engine.labs.memory_graph.openie import Triple

PASSAGES = [
    Passage("Ada Marsh", "Ada Marsh built the Heron Bridge in 1871 for the town of Port Merrow."),
    Passage("Heron Bridge", "The Heron Bridge crosses the Tarn. It was painted by Otto Lind."),
    Passage("Otto Lind", "Otto Lind was born in Ghent and painted signs."),
    Passage("Tea", "Tea is grown on hills and picked by hand."),
]
TRIPLES = [
    [
        Triple("Ada Marsh", "built", "Heron Bridge"),
        Triple("Heron Bridge", "is in", "Port Merrow"),
    ],
    [Triple("Heron Bridge", "crosses", "Tarn"), Triple("Otto Lind", "painted", "Heron Bridge")],
    [Triple("Otto Lind", "was born in", "Ghent"), Triple("Otto Lind", "painted", "signs")],
    [Triple("tea", "grows on", "hills")],
]


def town() -> Corpus:
    """Four passages: three in a chain, one apart."""
    return as_corpus(PASSAGES)


def write_lines(path: Path, rows: list[Any]) -> Path:
    """JSON lines, packed where the name ends in .gz."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def random_weights(rng: np.random.Generator, size: int, share: float = 0.2) -> sparse.csr_array:
    """Symmetric weights without a diagonal; with a small ``share`` some nodes have no edge."""
    upper = np.triu(rng.uniform(0.1, 3.0, (size, size)) * (rng.random((size, size)) < share), 1)
    return sparse.csr_array(upper + upper.T)


def edge_list(weights: sparse.csr_array) -> dict[tuple[int, int], float]:
    """Each undirected edge once."""
    upper = sparse.coo_array(sparse.triu(weights, 1))
    rows, columns = upper.coords
    return {(int(a), int(b)): float(w) for a, b, w in zip(rows, columns, upper.data, strict=True)}


def evaluate(argv: list[str]) -> dict[str, Any]:
    """``python -m engine memory_graph evaluate``: its answer, or the BadInput that it tells."""
    from engine.cli import _dispatch

    return _dispatch(["memory_graph", "evaluate", *argv, "--no-store"], True)
