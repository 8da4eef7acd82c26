"""Costs over the number of passages on logarithmic axes, and where each part would go next."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from engine.figures import Palette, Series, axis, lines
from engine.labs.memory_graph.growth import Growth

INDEXING = {
    "store": "Stored memory, all of it",
    "names": "Names and triples",
    "synonyms": "Names spelled alike",
    "graph": "Graph",
    "bm25": "BM25",
    "tfidf": "TF-IDF",
}
ASKING = {
    "ask_memory": "Stored memory",
    "ask_walk": "Walk (HippoRAG)",
    "ask_vectors": "Scan of vectors",
    "ask_bm25": "BM25",
    "ask_tfidf": "TF-IDF",
    "ask_link": "Linking an unknown name",
    "add_one": "Adding one note",
}
TAKING = {
    "peak_mb": "Peak, all retrievers",
    "stored_peak_mb": "Peak, stored memory",
    "file_mb": "File of the stored memory",
    "tfidf_mb": "TF-IDF",
    "graph_mb": "Walk",
    "vectors_mb": "Vectors, 384 numbers each",
    "bm25_mb": "BM25",
}
MILLISECONDS = 1000.0


@dataclass(frozen=True)
class Part:
    """A part of the lab, the figure that limits it, and the engine that would take it over.

    ``limit`` is in the unit of the figure (CPU seconds or MB), ``why`` says what its slope means.
    """

    figure: str
    name: str
    limit: float
    limit_words: str
    goes_to: str
    why: str


# The limits are this lab's own bars: 0.1 s a question, 0.2 s a note; an hour of indexing and 64 GB
# stand for one machine.
PARTS = (
    Part("ask_walk", "Walk on the graph", 0.1, "0.1 s a question",
         "distributed PageRank (Spark GraphX, cuGraph), or a push that stays near the seeds",
         "every question passes over every edge"),
    Part("ask_vectors", "Scan of vectors", 0.1, "0.1 s a question",
         "an index of near neighbours (HNSW as in hnswlib or FAISS) or a vector database",
         "every question reads every vector"),
    Part("synonyms", "Names spelled alike", 3600.0, "1 h of indexing",
         "the same index of near neighbours, over vectors of the names",
         "candidates are pairs, and their share does not fall"),
    Part("ask_link", "Linking an unknown name", 0.1, "0.1 s a question",
         "the same index of near neighbours",
         "every unknown name is compared with every phrase"),
    Part("ask_bm25", "Postings of BM25", 0.1, "0.1 s a question",
         "Lucene or OpenSearch, in shards",
         "only postings of the question's words are read"),
    Part("store", "Filling the stored memory", 3600.0, "1 h of indexing",
         "PostgreSQL: many writers at once",
         "one file has one writer at a time"),
    Part("add_one", "Adding one note", 0.2, "0.2 s a note",
         "PostgreSQL: many writers at once",
         "a note changes its own rows and the synonyms of its new names"),
    Part("names", "Names and triples", 3600.0, "1 h of indexing",
         "more processes, no other engine",
         "no passage needs to know another"),
    Part("peak_mb", "All retrievers in memory", 64_000.0, "64 GB",
         "shards by passage; the graph goes where the walk goes",
         "matrices grow with passages"),
)  # fmt: skip


def setup_words(growth: Growth) -> str:
    """What it was measured on, for the subtitle."""
    setup = growth.setup
    return (
        f"synthetic corpus, one thread of {setup['cores']} cores, Python {setup['python']}, "
        f"NumPy {setup['numpy']}, SciPy {setup['scipy']}"
    )


def _draw(
    growth: Growth,
    palette: Palette,
    names: dict[str, str],
    *,
    title: str,
    unit: str,
    what: str,
    scale: float = 1.0,
    level: tuple[float, str] | None = None,
) -> go.Figure:
    figure = lines(
        [
            Series(f"{words}, n^{growth.exponent(name):.2f}", growth.passages,
                   scale * growth.figures[name])
            for name, words in names.items()
        ],
        palette,
        title=title,
        subtitle=setup_words(growth),
        x=axis("Passages", log=True),
        y=axis(what, unit, log=True),
        level=level,
        height=440,
        alt=describe(growth, names, title),
    )  # fmt: skip
    sizes = [f"{size:,.0f}" for size in growth.passages]
    figure.update_xaxes(tickmode="array", tickvals=growth.passages, ticktext=sizes)
    return figure.update_yaxes(dtick=1)


def describe(growth: Growth, names: dict[str, str], title: str) -> str:
    """Which part grows fastest, and which slowest."""
    order = sorted(names, key=growth.exponent)
    slow, fast = order[0], order[-1]
    first, last = int(growth.passages[0]), int(growth.passages[-1])
    return (
        f"{title}, {first:,} to {last:,} passages: {names[fast]} grows fastest, with exponent "
        f"{growth.exponent(fast):.2f}, {names[slow]} slowest, with {growth.exponent(slow):.2f}."
    )


def draw_indexing(growth: Growth, palette: Palette) -> go.Figure:
    """CPU seconds of each part of indexing."""
    return _draw(growth, palette, INDEXING, title="Indexing", unit="s", what="CPU time")


def draw_asking(growth: Growth, palette: Palette) -> go.Figure:
    """CPU milliseconds of one question by part, and of one more note."""
    return _draw(
        growth,
        palette,
        ASKING,
        title="One question, one more note",
        unit="ms",
        what="CPU time, median",
        scale=MILLISECONDS,
        level=(100.0, "0.1 s"),
    )


def draw_taking(growth: Growth, palette: Palette) -> go.Figure:
    """Megabytes of memory and of the file."""
    return _draw(growth, palette, TAKING, title="Memory and file", unit="MB", what="Size")


def beyond_table(growth: Growth) -> list[dict[str, object]]:
    """For each part its slope and where its limit lies, the nearest limit first."""
    largest = growth.passages[-1]
    return [
        {
            "Part": part.name,
            "Exponent": growth.exponent(part.figure),
            "At the end": growth.last_exponent(part.figure),
            "Limit": part.limit_words,
            "Passages there": _rounded(growth.reach(part.figure, part.limit)),
            "": "measured" if growth.reach(part.figure, part.limit) <= largest else "extrapolated",
        }
        for part in _in_order(growth)
    ]


def moves(growth: Growth) -> list[str]:
    """Which part would go to which engine, and why, a sentence each, the nearest limit first."""
    return [
        f"**{part.name}** (exponent {growth.exponent(part.figure):.2f}, "
        f"{growth.last_exponent(part.figure):.2f} at the end): {part.why}. "
        f"Goes to: {part.goes_to}."
        for part in _in_order(growth)
    ]


def _in_order(growth: Growth) -> list[Part]:
    return sorted(PARTS, key=lambda part: growth.reach(part.figure, part.limit))


def _rounded(reach: float) -> int:
    """Two digits: an extrapolation has no more."""
    return int(float(f"{reach:.2g}"))


def first_limit(growth: Growth) -> str:
    """The sentence that says what ends first."""
    part = _in_order(growth)[0]
    reach = growth.reach(part.figure, part.limit)
    how = "measured" if reach <= growth.passages[-1] else "extrapolated"
    return (
        f"The first limit is met at about {_rounded(reach):,} passages ({how}): "
        f"{part.name[:1].lower()}{part.name[1:]}, {part.limit_words}."
    )


def growth_table(growth: Growth, names: dict[str, str]) -> dict[str, object]:
    """The measured numbers of one figure: a row for each size."""
    return {"passages": growth.passages, **{name: growth.figures[name] for name in names}}
