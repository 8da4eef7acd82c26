"""The API reference is made from the docstrings without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_reference_is_written_and_nothing_is_warned_of(tmp_path):
    pytest.importorskip("pdoc", reason="needs what requirements-dev.txt lists")
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "docs.py"), str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "warning" not in done.stderr.lower()
    page = (tmp_path / "engine" / "labs" / "memory_graph.html").read_text(encoding="utf-8")
    assert "Memory" in page
    script = (tmp_path / "engine" / "runtime" / "script.html").read_text(encoding="utf-8")
    assert "The result of one experiment" in script
