"""Phrases that are spelled alike, told by the two phrases alone.

Pieces are those of ``ngrams`` but all weigh the same: with weights that count phrases, every new
note would change the likeness of all old ones, and a memory could not grow note by note into what
the same notes make at once. Likeness is the cosine of the pieces' counts, from whole numbers: both
ways to find pairs, one phrase against a file and all against all, agree to the last bit.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from engine.labs.memory_graph.graph import GraphRules
from engine.labs.memory_graph.link import keep_nearest, sparse_pairs
from engine.labs.memory_graph.ngrams import word_grams

# As 25 dot^2 >= 16 |a|^2 |b|^2, the threshold of 0.8 is a question of whole numbers.
RULES = GraphRules()
NUMERATOR, DENOMINATOR = 16, 25
THRESHOLD = math.sqrt(NUMERATOR / DENOMINATOR)
# How much of a phrase's length may stay unread while candidates are gathered.
REST = 0.6
# More than are kept, since rounding may order equal ones otherwise.
SPARE = 4

CANDIDATES = """
    SELECT p.id, p.text, p.size FROM (
        SELECT g.phrase, SUM(g.count * q.value) AS dot
        FROM json_each(?) AS q CROSS JOIN grams AS g ON g.gram = q.key
        GROUP BY g.phrase
    ) AS found JOIN phrases AS p ON p.id = found.phrase
    WHERE found.dot * found.dot >= ? * p.size
"""


def phrase_grams(phrase: str) -> Counter[str]:
    """The pieces of all words of a phrase.

    >>> sorted(phrase_grams("tea"))
    [' te', ' tea', 'ea ', 'tea', 'tea ']
    """
    found: Counter[str] = Counter()
    for word in phrase.split():
        found.update(word_grams(word))
    return found


def size_of(grams: Mapping[str, int]) -> int:
    """The squared length of counts."""
    return sum(count * count for count in grams.values())


def cosine(dot: int, one: int, other: int) -> float | None:
    """The cosine of two phrases of squared lengths ``one`` and ``other``; None below 0.8."""
    if dot == 0 or DENOMINATOR * dot * dot < NUMERATOR * one * other:
        return None
    return dot / math.sqrt(one * other)


def stored_alike(
    connection: sqlite3.Connection, phrase: str, frequency: dict[str, int]
) -> list[tuple[int, str, float]]:
    """Ids, texts and cosines of the stored phrases that are like ``phrase``, itself left out.

    ``frequency`` remembers in how many phrases a piece stands, roughly: it only tells which pieces
    to read first. Exact (compare ``link.sparse_pairs``): what shares too little with the rare
    pieces, which are read, cannot make up for it with the rest.
    """
    grams = phrase_grams(phrase)
    size = size_of(grams)
    for gram in grams:
        if gram not in frequency:
            row = connection.execute("SELECT COUNT(*) FROM grams WHERE gram = ?", (gram,))
            frequency[gram] = row.fetchone()[0]
    rest, read = size, {}
    for gram in sorted(grams, key=lambda gram: (frequency[gram], gram)):
        if rest < REST * REST * size:
            break
        read[gram] = grams[gram]
        rest -= grams[gram] ** 2
    # The margin covers the rounding of the root.
    least = (THRESHOLD - math.sqrt(rest / size) - 1e-9) ** 2 * size if size else 0.0
    found = []
    for other, text, its_size in connection.execute(CANDIDATES, (json.dumps(read), least)):
        theirs = phrase_grams(text)
        alike = cosine(sum(n * theirs[gram] for gram, n in grams.items()), size, its_size)
        if alike is not None and text != phrase:
            found.append((other, text, alike))
    return found


class Alike:
    """All pairs of given phrases at once; the ``Pairs`` of a graph."""

    def __init__(self, phrases: Sequence[str]):
        columns: dict[str, int] = {}
        starts, indices, data = [0], [], []
        for phrase in phrases:
            for gram, count in phrase_grams(phrase).items():
                indices.append(columns.setdefault(gram, len(columns)))
                data.append(count)
            starts.append(len(indices))
        self.counts = sparse.csr_array(
            (np.array(data, np.int64), np.array(indices, np.int32), np.array(starts, np.int64)),
            shape=(len(phrases), len(columns)),
        )
        """phrases x pieces."""

    def pairs(
        self, threshold: float = THRESHOLD, limit: int = RULES.synonym_limit
    ) -> sparse.csr_array:
        """phrases x phrases: of each its ``limit`` nearest of at least 0.8, the only threshold."""
        counts = self.counts
        sizes = np.asarray(counts.multiply(counts).sum(axis=1)).ravel()
        lengths = np.sqrt(np.maximum(sizes, 1))
        units = sparse.csr_array(sparse.diags_array(1 / lengths) @ counts)
        near = sparse.coo_array(sparse_pairs(units, threshold - 1e-9, SPARE * limit))
        i, j = near.coords
        dot = np.zeros(len(i), np.int64)
        # Rows are multiplied a part at a time: a dense family of names has millions of pairs.
        for start in range(0, len(i), 1 << 18):
            part = slice(start, start + (1 << 18))
            dot[part] = np.asarray(counts[i[part]].multiply(counts[j[part]]).sum(axis=1)).ravel()
        products = sizes[i] * sizes[j]
        kept = DENOMINATOR * dot * dot >= NUMERATOR * products
        i, j, dot, products = i[kept], j[kept], dot[kept], products[kept]
        exact = sparse.csr_array((dot / np.sqrt(products), (i, j)), shape=near.shape)
        return keep_nearest(exact, limit)
