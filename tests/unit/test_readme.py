"""The Python of the README runs as it is written, each block in a process and a home of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core import labs
from tests.fake_endpoint import KEY, FakeEndpoint

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
)
# What a block takes for granted, by a name that it does not define.
GIVEN = {
    "keys": "import torch\nkeys = torch.randn(1, 2, 64, 64)\n",
    "dt": "import torch\n"
    "u, dt = torch.randn(2, 1, 64, 8)\ndt = dt.abs()\n"
    "A, D = -torch.rand(8, 4), torch.randn(8)\n"
    "B, C = torch.randn(2, 1, 64, 4)\n",
}
# What a block prints, by what it imports; a number where one is known from elsewhere.
PRINTED = {
    "import engine\n": r"'bits_per_byte'|perplexity|nll",
    "import parse_format": r"4\.25",  # 4 + 8 / 32
    "import Path": r"The Analytical Engine was designed by Charles Babbage",
    "import Endpoint": r"passages",
    "import load_device": r"^\d+ \d+ \d+ \d+$",
}


def missing(block: str) -> str:
    """The lines before ``block`` that give it what it takes for granted."""
    return "".join(
        lines for name, lines in GIVEN.items() if re.search(rf"[(,] ?{name}\b(?!=)", block)
    )


def test_every_lab_is_shown():
    assert len(BLOCKS) >= len(labs())
    for name in labs():
        assert any(f"engine.labs.{name}" in block or f'"{name}"' in block for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[-2][:40])
def test_a_block_runs(block: str, tmp_path: Path):
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "Ada.md").write_text("Ada Marsh built the Heron Bridge.\n")
    with FakeEndpoint() as server:
        # The one address of the README is nobody's; this machine's is a private one.
        text = block.replace('"https://host/v1"', f'"{server.url}"')
        text = text.replace('os.environ["MY_KEY"])', 'os.environ["MY_KEY"], private=True)')
        told = subprocess.run(
            [sys.executable, "-c", missing(block) + text],
            cwd=tmp_path,
            env={
                **os.environ,
                "ENGRAM_HOME": str(tmp_path / "home"),
                "PYTHONPATH": str(ROOT),
                "MY_KEY": KEY,
            },
            capture_output=True,
            text=True,
        )
    assert told.returncode == 0, told.stderr
    for part, printed in PRINTED.items():
        if part in block:
            assert re.search(printed, told.stdout, re.MULTILINE), told.stdout
    assert ("print(" in block) == bool(told.stdout)
