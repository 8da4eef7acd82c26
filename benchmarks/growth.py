"""How costs grow from 1,000 to 100,000 passages of the synthetic corpus, part by part.

python -m benchmarks.growth [PASSAGES ...] [--json OUT]

Every size is measured in processes of its own: one builds the retrievers in memory, one a stored
memory. Seconds are CPU seconds, so that a busy machine changes little; memory is resident memory.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import scipy
from scipy import sparse

from benchmarks.memory import plain
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.bm25 import BM25
from engine.labs.memory_graph.corpus import Passage
from engine.labs.memory_graph.extract import extract_all
from engine.labs.memory_graph.graph import build_graph
from engine.labs.memory_graph.hipporag import HippoRag
from engine.labs.memory_graph.link import Spelling
from engine.labs.memory_graph.memory import entry
from engine.labs.memory_graph.questions import Question
from engine.labs.memory_graph.synthetic import passages
from engine.labs.memory_graph.tfidf import Tfidf

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
SMALL = (1_000, 3_000)
ADDED = 30
QUESTIONS = 20
# What the scan of sentence vectors is measured with: the width of all-MiniLM-L6-v2.
WIDTH = 384
MB = 1_000_000
COUNTS = ("nodes", "edges")
# What `make bench` compares.
COMPARED = (*COUNTS, "names", "graph", "synonyms", "bm25", "store", "peak_mb", "file_mb")


def resident() -> float:
    """Megabytes that this process holds."""
    return psutil.Process().memory_info().rss / MB


def peak() -> float:
    """The most megabytes that this process has held."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not ru_maxrss, which a child takes over from its parent.
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB


def megabytes(*matrices: sparse.sparray) -> float:
    """What the arrays of sparse matrices take."""
    return sum(m.data.nbytes + m.indices.nbytes + m.indptr.nbytes for m in matrices) / MB


@contextmanager
def clock(into: dict[str, float], name: str) -> Iterator[None]:
    """Add the CPU seconds of the block to ``into``."""
    start = time.process_time()
    yield
    into[name] = into.get(name, 0.0) + time.process_time() - start


def each(run: Callable[[Any], object], items: list[Any]) -> float:
    """The median CPU seconds of a call."""
    found: list[float] = []
    for item in items:
        start = time.process_time()
        run(item)
        found.append(time.process_time() - start)
    return median(found)


@contextmanager
def timed_synonyms(into: dict[str, float]) -> Iterator[None]:
    """Count the search for names that are spelled alike apart from the rest of the graph."""
    pairs = Spelling.pairs

    def counted(self: Spelling, threshold: float, limit: int) -> Any:
        with clock(into, "synonyms"):
            return pairs(self, threshold, limit)

    Spelling.pairs = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        Spelling.pairs = pairs  # type: ignore[method-assign]


def questions(corpus: list[Passage]) -> list[Question]:
    """Questions about titles spread over the corpus."""
    step = max(len(corpus) // QUESTIONS, 1)
    return [Question(f"Whom did {p.title} meet?") for p in corpus[::step][:QUESTIONS]]


def retrievers(count: int) -> dict[str, float]:
    """Index and ask in memory; ``*_mb`` are the arrays of a part, ``peak_mb`` the whole process
    beyond the interpreter with its libraries."""
    base = resident()
    corpus = passages(count)
    asked = questions(corpus)
    found: dict[str, float] = {}
    with clock(found, "names"):
        triples = extract_all(corpus)
    with timed_synonyms(found), clock(found, "graph"):
        graph = build_graph(triples)
        walker = HippoRag(graph)
        _ = walker.readout, graph.places, graph.ndoc
    found["graph"] -= found["synonyms"]
    with clock(found, "bm25"):
        postings = BM25(corpus)
    with clock(found, "tfidf"):
        pairs = Tfidf(corpus)
    found["peak_mb"] = peak() - base
    walk = walker.walk
    found["graph_mb"] = megabytes(walk.adjacency, walk.forward, walk.backward, walker.readout)
    found["bm25_mb"] = megabytes(postings.weights)
    found["tfidf_mb"] = megabytes(pairs.index.columns)
    rows = np.random.default_rng(0).standard_normal((count, WIDTH), dtype=np.float32)
    found["vectors_mb"] = rows.nbytes / MB
    walker.rank(asked[0], 10)
    found["ask_walk"] = each(lambda q: walker.rank(q, 10), asked)
    found["ask_bm25"] = each(lambda q: postings.rank(q, 10), asked)
    found["ask_tfidf"] = each(lambda q: pairs.rank(q, 10), asked)
    found["ask_link"] = each(lambda p: graph.linker.similarities(p.title.lower() + "s"), corpus[:5])
    found["ask_vectors"] = each(lambda i: rows @ rows[i], list(range(QUESTIONS)))
    degrees = np.diff(graph.adjacency.indptr)
    return found | {
        "nodes": walker.nodes,
        "edges": walker.edges,
        "facts": len(graph.facts),
        "synonym_pairs": graph.synonyms.nnz / 2,
        "largest_degree": int(degrees.max()),
    }


def stored(count: int) -> dict[str, float]:
    """Fill a memory on disk in one transaction, then grow it note by note and ask it."""
    base = resident()
    corpus = passages(count + ADDED)
    entries = [entry(passage.text, title=passage.title) for passage in corpus]
    found: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "memory"
        with Memory.open(path) as memory:
            with clock(found, "store"):
                memory.add_all(entries[:count])
            found["add_one"] = each(lambda one: memory.add_all([one]), entries[count:])
            asked = [question.text for question in questions(corpus)]
            # The default method; the first answer reads and joins what the file holds.
            with clock(found, "open"):
                memory.ask(asked[0])
            found["ask_memory"] = each(memory.ask, asked)
        found["file_mb"] = path.stat().st_size / MB
    found["stored_peak_mb"] = peak() - base
    return found


def measure(count: int) -> dict[str, float]:
    """Both, each in a process of its own."""
    found: dict[str, float] = {"passages": count}
    for part in ("retrievers", "stored"):
        command = [sys.executable, "-m", "benchmarks.growth", "--child", part, str(count)]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        found |= json.loads(done.stdout)
    return found


def exponent(sizes: list[float], values: list[float]) -> float:
    """The slope of log value over log size, by least squares: 1 grows with the passages."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(values, 1e-9)), 1)[0])


def table(measured: list[dict[str, float]]) -> dict[str, Any]:
    """Every figure by size, and the exponent of its growth; no date and no name of a machine."""
    names = [name for name in measured[0] if name != "passages"]
    sizes = [row["passages"] for row in measured]
    figures = {name: [row[name] for row in measured] for name in names}
    return {
        "corpus": "engine.labs.memory_graph.synthetic, seed 0",
        "setup": {
            "cores": psutil.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "system": platform.system(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "passages": sizes,
        "figures": figures,
        "exponents": {
            name: round(exponent(sizes, values), 3) for name, values in figures.items()
        } if len(sizes) > 1 else {},
    }  # fmt: skip


def rows(sizes: tuple[int, ...] = SMALL) -> list[dict[str, Any]]:
    """Per passage, the largest size over the smallest: 1 is growth with the passages."""
    found = [measure(size) for size in sizes]
    first, last = found[0], found[-1]
    share = last["passages"] / first["passages"]
    return [
        plain(
            f"growth: {name} per passage, {last['passages']:,.0f} over {first['passages']:,.0f}",
            last[name] / share,
            first[name],
            "MB" if name.endswith("mb") else "1" if name in COUNTS else "CPU s",
        )
        for name in COMPARED
    ]


def main(argv: list[str]) -> None:
    """Measure, print, and write the table where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("sizes", nargs="*", type=int, metavar="PASSAGES")
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("--child", choices=("retrievers", "stored"), help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.child:
        part = {"retrievers": retrievers, "stored": stored}[given.child]
        print(json.dumps(part(given.sizes[0])))
        return
    measured = []
    for size in given.sizes or SIZES:
        measured.append(measure(size))
        line = ", ".join(f"{name} {value:.4g}" for name, value in measured[-1].items())
        print(line, flush=True)
        if given.json:
            text = json.dumps(table(measured), indent=1)
            given.json.write_text(text + "\n", encoding="utf-8")
    if len(measured) > 1:
        for name, slope in table(measured)["exponents"].items():
            print(f"{name}: exponent {slope}")


if __name__ == "__main__":
    main(sys.argv[1:])
