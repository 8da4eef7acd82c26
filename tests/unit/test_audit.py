"""The audit of `make lint`: pins, what is installed, and what pip-audit reports."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / ".ci" / "audit.py"
spec = importlib.util.spec_from_file_location("audit", FILE)
assert spec is not None and spec.loader is not None
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)


def test_every_line_names_an_exact_version(repo_root):
    assert audit.pins("# why\nnumpy==2.4.6\n\n-r other.txt\ntorch==2.13.0 # CPU\n") == {
        "numpy": "2.4.6",
        "torch": "2.13.0",
    }
    for line in ("numpy", "numpy>=2", "numpy==2,<3", "git+https://example.org/numpy"):
        with pytest.raises(ValueError, match="names no exact version"):
            audit.pins(line)
    for name in audit.FILES:
        assert len(audit.pins((repo_root / name).read_text("utf-8"))) > 5


def test_another_version_than_the_pinned_one_is_told():
    here = importlib.metadata.version("numpy")
    assert audit.differing({"numpy": here}) == []
    [said] = audit.differing({"numpy": "0.0.1"})
    assert "numpy" in said and "0.0.1" in said and here in said
    [said] = audit.differing({"no-such-package-here": "1"})
    assert "not at all" in said


def test_a_build_of_the_pinned_version_is_that_version(monkeypatch):
    monkeypatch.setattr(audit.importlib.metadata, "version", lambda name: "2.13.0+cpu")
    assert audit.differing({"torch": "2.13.0"}) == []


def test_vulnerabilities_are_lines_and_what_was_not_looked_up_does_not_count():
    report = {
        "dependencies": [
            {"name": "fine", "version": "1", "vulns": []},
            {"name": "unknown", "skip_reason": "not found"},
            {
                "name": "bad",
                "version": "2",
                "vulns": [
                    {"id": "PYSEC-1", "fix_versions": ["3", "4"]},
                    {"id": "PYSEC-2", "fix_versions": []},
                ],
            },
        ]
    }
    lines, looked_up = audit.judge(report)
    assert lines == ["bad 2: PYSEC-1, mended in 3, 4", "bad 2: PYSEC-2, mended in none yet"]
    assert looked_up == 2


@pytest.mark.parametrize(
    ("report", "code", "words"),
    [
        (None, 0, "cannot be reached"),
        ({"dependencies": [{"name": "a", "skip_reason": "?"}]}, 0, "knows none"),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "1 of 1 packages"),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X"}]}]},
            1,
            "a 1: X, mended in none yet",
        ),
    ],
)
def test_only_a_known_fault_fails_the_lint(monkeypatch, capsys, report, code, words):
    monkeypatch.setattr(audit, "differing", lambda wanted: [])
    monkeypatch.setattr(audit, "ask", lambda file: report)
    assert audit.main() == code
    assert words in capsys.readouterr().out


def test_a_database_out_of_reach_gives_no_report(monkeypatch, tmp_path):
    def silent(*args, **kwargs):
        raise subprocess.TimeoutExpired(args[0], 1)

    monkeypatch.setattr(audit.subprocess, "run", silent)
    assert audit.ask(tmp_path / "requirements.txt") is None
    failed = subprocess.CompletedProcess([sys.executable], 1, "", "no route to host")
    monkeypatch.setattr(audit.subprocess, "run", lambda *args, **kwargs: failed)
    assert audit.ask(tmp_path / "requirements.txt") is None
