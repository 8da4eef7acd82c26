"""What a first visit costs: bytes and seconds to the first figure of every page.

``python -m benchmarks.first_visit [page ...]`` opens each page in Chromium, straight and through
nginx with the configuration of deploy/ (a page that has no figure yet, such as the report, is timed
to its words):

- fresh: the first visitor of a server that has just started, with an empty cache;
- empty: an empty cache, and a server that has shown the page before;
- again: the same browser comes back.

Bytes are those on the wire, the websocket's uncompressed. CPU seconds are those of the server's
process and of the page's main thread until all figures are drawn: they hardly depend on what else
the machine does, which the seconds on the clock do.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser import chromium, proxy
from tests.browser.looks import READY, context, paths, settle
from tests.browser.server import serve

PATIENCE_MS = 300_000
# A chart of plotly, a canvas of a component, a picture: whatever a page shows first.
FIGURE = """() => [...document.querySelectorAll(
    '[data-testid="stPlotlyChart"] .main-svg, [data-testid="stMain"] img')].length > 0
  || [...document.querySelectorAll('[data-testid="stBidiComponentRegular"], ' +
        '[data-testid="stBidiComponentIsolated"]')]
       .some(e => (e.shadowRoot ?? e.firstElementChild?.shadowRoot ?? e).querySelector('canvas'))
  || document.querySelectorAll('[data-testid="stMain"] table').length > 0
  || (document.querySelector('[data-testid="stMain"] h1') !== null
      && document.querySelector(READY) !== null
      && document.querySelector('[data-testid="stSkeleton"], [data-testid="stPlotlyChart"], ' +
        '[data-testid="stBidiComponentRegular"], [data-testid="stBidiComponentIsolated"]')
         === null)""".replace("READY", repr(READY))


@dataclass(frozen=True)
class Visit:
    """Bytes by way; seconds to the first figure and to all; CPU seconds of server and page."""

    http: int
    websocket: int
    figure: float
    settled: float
    server_cpu: float
    page_cpu: float


def server_process() -> psutil.Process:
    """The lab's server, a child of this process."""
    return next(
        child for child in psutil.Process().children() if "streamlit" in " ".join(child.cmdline())
    )


def cpu(process: psutil.Process) -> float:
    """CPU seconds that a process has used."""
    times = process.cpu_times()
    return times.user + times.system


def visit(made: BrowserContext, address: str) -> Visit:
    """Open ``address`` in a new tab and measure it."""
    page = made.new_page()
    counted = {"http": 0, "websocket": 0}
    network = made.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Performance.enable", {"timeDomain": "threadTicks"})

    def finished(event: dict) -> None:
        counted["http"] += int(event["encodedDataLength"])

    def received(event: dict) -> None:
        # Binary frames come as base64.
        counted["websocket"] += len(event["response"]["payloadData"]) * 3 // 4

    network.on("Network.loadingFinished", finished)
    network.on("Network.webSocketFrameReceived", received)
    server = server_process()
    used, start = cpu(server), time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(FIGURE, timeout=PATIENCE_MS)
    figure = time.perf_counter() - start
    settle(page, PATIENCE_MS)
    settled = time.perf_counter() - start
    metrics = network.send("Performance.getMetrics")["metrics"]
    page_cpu = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    page.close()
    return Visit(
        counted["http"], counted["websocket"], figure, settled, cpu(server) - used, page_cpu
    )


def measure(browser: Browser, path: str, *, proxied: bool) -> Iterator[tuple[str, str, Visit]]:
    """The visits to one page: by which way, of which kind, and what each took."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "home") as direct:
        yield from twice(browser, f"{direct}/{path}", "straight", "fresh")
        if proxied:
            with proxy.proxy(Path(folder) / "proxy", direct) as public:
                yield from twice(browser, f"{public}/{path}", "nginx", "empty")


def twice(browser: Browser, address: str, way: str, first: str) -> Iterator[tuple[str, str, Visit]]:
    """A browser with an empty cache comes, and comes again."""
    made = context(browser)
    yield way, first, visit(made, address)
    yield way, "again", visit(made, address)
    made.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="bytes and seconds of a first visit")
    parser.add_argument("pages", nargs="*", help="addresses below the root; all pages if none")
    parser.add_argument("--no-proxy", action="store_true", help="measure without nginx only")
    asked = parser.parse_args()
    proxied = not asked.no_proxy and proxy.find() is not None
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(
        f"{'page':<16} {'way':<9} {'visit':<6} {'http kB':>8} {'socket kB':>9} {'figure s':>9} "
        f"{'all s':>7} {'server CPU s':>12} {'page CPU s':>10}"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGS)
        for path in asked.pages or paths():
            for way, kind, seen in measure(browser, path, proxied=proxied):
                print(
                    f"{path or 'home':<16} {way:<9} {kind:<6} {seen.http / 1e3:>8.0f} "
                    f"{seen.websocket / 1e3:>9.0f} {seen.figure:>9.1f} {seen.settled:>7.1f} "
                    f"{seen.server_cpu:>12.2f} {seen.page_cpu:>10.2f}",
                    flush=True,
                )
        browser.close()


if __name__ == "__main__":
    main()
