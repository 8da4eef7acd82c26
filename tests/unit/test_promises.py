"""SECURITY.md names tests that exist, for every row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROWS = [
    line
    for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| promise |", "| fault |"))
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(" | ")[0][2:50])
def test_a_promise_names_tests_that_exist(row: str) -> None:
    named = NAMED.findall(row)
    assert len(named) == row.count("::test_") > 0
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_both_lists_are_there() -> None:
    assert len(ROWS) > 30
