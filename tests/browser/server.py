"""A server of the lab in a process of its own, for the browser tests and the pictures."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(
    home: Path,
    script: str = "app.py",
    *,
    options: tuple[str, ...] = (),
    prefix: tuple[str, ...] = (),
    path: str = "/",
    **environment: str,
) -> Iterator[str]:
    """Run ``script`` with its own ENGRAM_HOME; yields the address and stops the server.

    ``options`` go to Streamlit, ``prefix`` is a command that runs the server, and ``path`` is where
    those have it serve.
    """
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    # The checkout comes last on the path, as it would for a job process of the server.
    sources = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT)])
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(*prefix, sys.executable, "-m", "streamlit", "run", script),
                *("--server.port", str(port), "--server.address", "127.0.0.1"),
                *("--server.headless", "true"),
                *options,
            ],
            cwd=ROOT,
            env={**os.environ, "ENGRAM_HOME": str(home), "PYTHONPATH": sources, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(process, f"{address}{path}", home / "server.log")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")
