"""Many visitors at once: failures, waiting times and memory, and a flood against the quotas.

``python -m benchmarks.load --visitors 20 50`` lets each visitor walk all pages and change settings
on every one, over Streamlit's JSON interface, which runs a session as a browser's websocket does.
``--minutes 20`` goes on for so long, and tells the waiting times of each third and what the server
held before and after; ``--flood`` submits runs beyond the quotas. A server of its own is started on
this machine with a store of its own, and stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.flood import flood
from engine.store import Store
from tests.browser.looks import paths
from tests.browser.server import serve

ROUTE = "/_stcore/agent/interact"
ANSWER_SECONDS = 120
DRAIN_SECONDS = 300
CHANGES = 3
# Read or set by hand only: what a visitor would have to type, and what leads to another page.
WRITES = ("slider", "number_input", "selectbox", "segmented_control", "toggle", "checkbox")


@dataclass
class Tally:
    """What all visitors met together."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"open": [], "change": []})
    ends: dict[str, list[float]] = field(default_factory=lambda: {"open": [], "change": []})
    failures: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float, failure: str = "") -> None:
        """One request: what it was, how long it took, and what went wrong."""
        with self.lock:
            self.seconds[kind].append(seconds)
            self.ends[kind].append(time.monotonic())
            if failure:
                self.failures[failure] += 1


class Visitor:
    """One session, which goes from page to page and turns what can be turned."""

    def __init__(self, address: str, seed: int, tally: Tally):
        self.address = address
        self.choice = random.Random(seed)
        self.tally = tally
        self.session: str | None = None

    def walk(self) -> None:
        """All pages once, in an order of one's own."""
        pages = paths()
        self.choice.shuffle(pages)
        for page in pages:
            seen = self.ask("open", page=page)
            for _ in range(CHANGES):
                change = self.pick(seen)
                if change is None:
                    break
                seen = self.ask("change", widget_state=change)

    def pick(self, seen: dict[str, Any]) -> dict[str, Any] | None:
        """Another value for one of the widgets in sight, or None where there is none."""
        open_to = {one["key"] for one in seen.get("actions", []) if one["type"] in WRITES}
        widgets = [node for node in nodes(seen.get("tree")) if node.get("key") in open_to]
        self.choice.shuffle(widgets)
        for node in widgets:
            values = [value for value in values_of(node) if value != node.get("value")]
            if values:
                return {node["key"]: self.choice.choice(values)}
        return None

    def ask(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """One request; a failure is counted, and the visit goes on with a session of its own."""
        body = {**wanted, **({"session_id": self.session} if self.session else {})}
        start = time.perf_counter()
        seen, failure = post(self.address, body)
        failure = failure or fault(seen)
        self.tally.add(kind, time.perf_counter() - start, failure)
        self.session = seen.get("session_id", self.session)
        return seen


def post(address: str, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The answer to one request, and what failed."""
    request = urllib.request.Request(
        address + ROUTE, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer), ""
    except urllib.error.HTTPError as error:
        said = json.load(error)
        return {}, f"{error.code} {json.dumps(said.get('error', said))[:300]}"
    except OSError as error:
        return {}, type(error).__name__


def fault(seen: dict[str, Any]) -> str:
    """What a visitor would call broken, or nothing."""
    if seen.get("status") != "ready":
        return f"status {seen.get('status')}"
    for node in nodes(seen.get("tree")):
        if node.get("type") == "exception" or "Something went wrong" in str(node.get("props")):
            return "an error on the page"
    return ""


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every element of a page."""
    if isinstance(tree, dict):
        if "type" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def values_of(node: dict[str, Any]) -> list[Any]:
    """Some values that a widget takes."""
    props = node.get("props", {})
    if props.get("disabled") or props.get("selection_mode") == "multi":
        return []
    if isinstance(node.get("value"), bool):
        return [True, False]
    if options := props.get("options"):
        # The interface names an option by what is shown: one that two share cannot be named.
        return [one for one, times in Counter(options).items() if times == 1]
    low, high, step = (props.get(name) for name in ("min_value", "max_value", "step"))
    if not all(isinstance(one, int | float) for one in (low, high, step, node.get("value"))):
        return []
    beside = (node["value"] - step, node["value"] + step)
    return [round(value, 9) for value in beside if low <= value <= high]


def quantile(values: list[float], part: float) -> float:
    """The value that ``part`` of them do not exceed; nan for none."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


@dataclass(frozen=True)
class Held:
    """What the server has: MB of its own and of its jobs, threads and open files of its own."""

    server_mb: float
    jobs_mb: float
    threads: int
    files: int

    def __str__(self) -> str:
        return f"{self.server_mb:.0f} MB, {self.threads} threads, {self.files} open files"


def held() -> Held:
    """What the server, a child of this process, has now."""
    server = next(
        one for one in psutil.Process().children() if "streamlit" in " ".join(one.cmdline())
    )
    jobs = 0
    for child in server.children(recursive=True):
        try:
            jobs += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return Held(server.memory_info().rss / 1e6, jobs / 1e6, server.num_threads(), server.num_fds())


def crowd(address: str, visitors: int, minutes: float) -> Tally:
    """So many visitors at once; each walks once, or again and again for ``minutes``."""
    tally, end = Tally(), time.monotonic() + 60 * minutes

    def visit(seed: int) -> None:
        while True:
            Visitor(address, seed, tally).walk()
            seed += visitors
            if time.monotonic() >= end:
                return

    with ThreadPoolExecutor(visitors) as pool:
        list(pool.map(visit, range(visitors)))
    return tally


def row(visitors: int, home: Path, address: str, minutes: float) -> None:
    """One line of the table, the failures below it, and how a long visit went on."""
    before, start = held(), time.monotonic()
    tally = crowd(address, visitors, minutes)
    seconds, after = time.monotonic() - start, held()
    store = Store.open(home)
    end = time.monotonic() + DRAIN_SECONDS
    while store.runs.live() and time.monotonic() < end:
        time.sleep(0.5)
    opened, changed = tally.seconds["open"], tally.seconds["change"]
    states = Counter(run.state for run in store.runs.list(100_000))
    print(
        f"{visitors:>8} {seconds:>6.0f} {len(opened) + len(changed):>8} "
        f"{tally.failures.total():>8} {quantile(opened, 0.5):>7.2f} {quantile(opened, 0.95):>7.2f} "
        f"{quantile(changed, 0.5):>9.2f} {quantile(changed, 0.95):>9.2f} {after.server_mb:>9.0f} "
        f"{after.jobs_mb:>7.0f}  {dict(states)}",
        flush=True,
    )
    for failure, times in tally.failures.most_common():
        print(f"         {times} times: {failure}")
    if minutes:
        for number, (first, second) in enumerate(thirds(tally, start, seconds), start=1):
            print(f"         third {number}: open {first}, change {second}")
        print(f"         server before: {before}; after: {after}")


def thirds(tally: Tally, start: float, seconds: float) -> list[tuple[str, str]]:
    """p50 and p95 of what was answered in each third of the visit: of opening, of changing."""
    told = []
    for number in range(3):
        low, high = (start + seconds * part / 3 for part in (number, number + 1))
        within = [
            [took for took, at in zip(tally.seconds[kind], tally.ends[kind], strict=True)
             if low <= at < high]
            for kind in ("open", "change")
        ]  # fmt: skip
        p50, p95 = ([quantile(kind, part) for kind in within] for part in (0.5, 0.95))
        told.append((f"{p50[0]:.2f} {p95[0]:.2f} s", f"{p50[1]:.2f} {p95[1]:.2f} s"))
    return told


def main() -> None:
    """Start a server, let the visitors in, and print what they met."""
    parser = argparse.ArgumentParser(description="a load test of a server on this machine")
    parser.add_argument("--visitors", type=int, nargs="*", default=[20, 50])
    parser.add_argument("--minutes", type=float, default=0.0, help="how long to go on")
    parser.add_argument("--flood", action="store_true", help="only submit runs, beyond the quotas")
    asked = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if asked.flood:
            flood(home)
            return
        print(
            "visitors seconds requests failures open p50 p95 [s]  change p50 p95 [s] "
            "server MB jobs MB  runs"
        )
        options = ("--server.enableAgentApi=true", "--server.agentWaitTimeout=100")
        for visitors in asked.visitors:
            with serve(home / str(visitors), options=options) as address:
                row(visitors, home / str(visitors), address, asked.minutes)


if __name__ == "__main__":
    main()
