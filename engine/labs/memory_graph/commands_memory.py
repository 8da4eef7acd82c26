"""The lab's own commands for memories on disk: ``index`` makes or grows one, ``ask`` asks it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.core.arguments import Arguments

PROGRAM = "python -m engine memory_graph"
METHODS = "hipporag2, mix, hipporag, bm25, tfidf"


def index(argv: Sequence[str]) -> dict[str, Any]:
    """Read documents into a memory; returns what was added and what was left out, with reasons.

    A memory that is there grows; documents that it has already change nothing. Seconds are CPU
    seconds. Raises BadInput for every bad option, place and document.
    """
    given = _index_parser().parse_args(list(argv))

    from engine.labs.memory_graph.ingest.read import read_documents
    from engine.labs.memory_graph.memory import Memory

    start = time.process_time()
    # All is read before a memory is made: a bad path leaves nothing behind.
    read = [read_documents(path, keep_rest=given.keep_rest) for path in given.path]
    documents = [one for found in read for one in found]
    with Memory.open(given.out) as memory:
        before = len(memory)
        memory.add_documents(documents)
        added = len(memory) - before
        return {
            "memory": given.out,
            "added": added,
            "duplicates": len(documents) - added + sum(found.duplicates for found in read),
            **memory.counts(),
            "left_out": sum(found.skipped_count for found in read),
            "reasons": [str(reason) for found in read for reason in found.skipped],
            "notices": [notice for found in read for notice in found.notices],
            "index_seconds": time.process_time() - start,
        }


def ask(argv: Sequence[str]) -> dict[str, Any]:
    """The passages of a memory that answer a question, the best first; seconds are CPU seconds.

    Raises BadInput for every bad option, and for what is no memory.
    """
    given = _ask_parser().parse_args(list(argv))

    from engine.labs.memory_graph.memory import Memory

    start = time.process_time()
    with Memory.open(given.memory, create=False) as memory:
        found = memory.ask(given.question, given.k, given.method, at=given.at)
        return {
            "question": given.question,
            "method": given.method,
            "notes": len(memory),
            "passages": [asdict(passage) for passage in found],
            "seconds": time.process_time() - start,
        }


def _index_parser() -> Arguments:
    parser = Arguments(f"{PROGRAM} index", "Documents become a memory, or more of one.")
    parser.add_argument("path", nargs="+", metavar="PATH", help="files, folders and zips")
    parser.add_argument("--out", required=True, help="the memory; one that is there grows")
    parser.add_argument(
        "--keep-rest", action="store_true", help="leave malformed lines out instead of stopping"
    )
    return parser


def _ask_parser() -> Arguments:
    parser = Arguments(f"{PROGRAM} ask", "Passages of a memory that answer a question.")
    parser.add_argument("memory", metavar="MEMORY", help="what index made")
    parser.add_argument("question", metavar="QUESTION", help="in one argument")
    parser.add_argument("--method", default="hipporag2", help=f"{METHODS}; default hipporag2")
    parser.add_argument("-k", type=int, default=5, help="how many passages at most; default 5")
    parser.add_argument("--at", help="a date: what is found is recalled on it")
    return parser
