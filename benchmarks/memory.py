"""What a stored memory costs as it grows from 1,000 to 20,000 notes of the invented corpus.

python -m benchmarks.memory [NOTES ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.retrieval import INDEXED, invented, row
from engine.labs.memory_graph import Memory
from engine.labs.memory_graph.memory import entry
from engine.labs.memory_graph.memory_write import Entry

# The middle one has about 50,000 phrases, for which the bar of opening is.
SIZES = (1_000, 10_000, 20_000)
ADDED = 30
QUESTIONS = 20
MB = 1_000_000
# The bars: seconds to add one note, to open a memory, and to answer. The first answer after opening
# reads and joins what the file holds; it is told beside the bars.
ADD, OPEN, ASK = 0.2, 1.0, 0.1
# A memory of 20,000 notes should leave room on a small machine.
RESIDENT_MB = 1_000.0

READER = """
import json, sys, time
import psutil
from engine.labs.memory_graph.memory import Memory
path, *questions = sys.argv[1:]
before = psutil.Process().memory_info().rss
start = time.perf_counter()
memory = Memory.open(path)
opened = time.perf_counter() - start
memory.ask(questions[0])
first = time.perf_counter() - start
print(json.dumps([opened, first, psutil.Process().memory_info().rss - before]))
"""


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def notes(count: int) -> list[Entry]:
    return [entry(passage.text, title=passage.title) for passage in invented(count).passages]


def measure(count: int, folder: Path) -> dict[str, float]:
    """Figures of a memory of ``count`` notes; wall time but for indexing."""
    every = notes(count + ADDED)
    path = folder / f"memory-{count}"
    memory = Memory.open(path)
    start = time.process_time()
    memory.add_all(every[:count])
    indexed = time.process_time() - start
    adds = [seconds(lambda one=one: memory.add_all([one])) for one in every[count:]]
    asked = [f"Whom did {one.title} meet?" for one in every[:QUESTIONS]]
    memory.ask(asked[0])
    answers = [seconds(lambda text=text: memory.ask(text)) for text in asked]
    phrases = memory.counts()["phrases"]
    memory.close()
    # A process of its own has nothing in memory but what the memory takes.
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path), asked[0]], capture_output=True, check=True
    )
    opened, first, resident = json.loads(done.stdout)
    return {
        "notes": count,
        "phrases": phrases,
        "indexed": count / indexed,
        "add": median(adds),
        "add_most": max(adds),
        "open": opened,
        "first": first,
        "ask": median(answers),
        "file_mb": path.stat().st_size / MB,
        "resident_mb": resident / MB,
    }


def rows(sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    """Every size against the bars, and how the largest compares with the smallest."""
    with TemporaryDirectory() as folder:
        found = [measure(count, Path(folder)) for count in sizes]
    table = []
    for one in found:
        size = f"{one['notes']:,} notes, {one['phrases']:,} phrases"
        table += [
            row(f"index {size}", one["indexed"], INDEXED, "notes/CPU s"),
            row(f"add one note to {size}, median", one["add"], ADD, "s (limit)", most=True),
            row(f"add one note to {size}, slowest", one["add_most"], ADD, "s (limit)", most=True),
            row(f"open {size}", one["open"], OPEN, "s (limit)", most=True),
            row(f"ask {size}", one["ask"], ASK, "s (limit)", most=True),
            row(f"memory, {size}", one["resident_mb"], RESIDENT_MB, "MB (limit)", most=True),
            plain(f"open and answer once, {size}", one["first"], OPEN, "s"),
            plain(f"file over memory, {size}", one["file_mb"], one["resident_mb"], "MB"),
        ]
    first, last = found[0], found[-1]
    for name in ("add", "ask", "resident_mb", "file_mb"):
        what = f"{name} with {last['notes'] / first['notes']:g} times the notes"
        table.append(plain(what, last[name], first[name], "MB" if name.endswith("mb") else "s"))
    return table


def plain(what: str, ours: float, other: float, unit: str) -> dict[str, Any]:
    """A row without a target."""
    return {"what": what, "ours": ours, "limit": other, "ratio": ours / other, "unit": unit}


if __name__ == "__main__":
    for line in rows(tuple(map(int, sys.argv[1:])) or SIZES):
        print(f"{line['what']}: {line['ours']:.4g} / {line['limit']:.4g} = {line['ratio']:.3f}")
