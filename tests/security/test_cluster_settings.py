"""What is said where a cluster is asked for and cannot be had: one sentence, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.cluster import ROOT

# None in sys.modules is what a package that is not installed looks like.
COMMAND = """
import sys
sys.modules.update(distributed=None, dask=None)
from engine.cli import main
sys.exit(main(["sweep", "memory_hardware", "generation", "--vary", "tokens=32", "--json"]))
"""
PATIENCE_SECONDS = 600  # a ceiling for broken code, not a measurement


def said(words: list[str], home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, to its end."""
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "ENGRAM_HOME": str(home), "ENGRAM_PRELOAD": "", **environment},
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip


def test_a_sweep_without_the_packages_of_a_cluster_runs_on_this_machine(tmp_path: Path) -> None:
    done = said(["-c", COMMAND], tmp_path, ENGRAM_CLUSTER="")
    assert done.returncode == 0, done.stderr
    assert '"state":"done"' in done.stdout.replace(" ", "")


def test_a_cluster_without_its_packages_is_a_sentence(tmp_path: Path) -> None:
    shelf = f"file://{tmp_path / 'shelf'}"
    told = said(
        ["-c", COMMAND], tmp_path, ENGRAM_CLUSTER="tcp://127.0.0.1:8786", ENGRAM_STORE_URL=shelf
    )
    assert told.returncode == 2
    assert told.stderr.strip() == (
        "error: ENGRAM_CLUSTER: a cluster needs the packages of requirements-cluster.txt"
    )


@pytest.mark.parametrize(
    ("cluster", "sentence"),
    [
        ("nowhere", "ENGRAM_CLUSTER: the address of a scheduler"),
        ("tcp://127.0.0.1:8786", "ENGRAM_STORE_URL: with a cluster it must name a place"),
    ],
)
def test_a_server_with_such_settings_ends_with_a_sentence(
    cluster: str, sentence: str, tmp_path: Path
) -> None:
    told = said(
        ["-m", "streamlit", "run", "app.py", "--server.headless=true", "--server.port=0"],
        tmp_path, ENGRAM_CLUSTER=cluster, ENGRAM_STORE_URL="",
    )  # fmt: skip
    assert told.returncode == 1
    assert f"error: {sentence}" in told.stderr
    assert "Traceback" not in told.stderr + told.stdout
