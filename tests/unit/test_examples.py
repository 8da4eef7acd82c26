"""Every script in examples/ runs and says something; every lab has one."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from engine.core import labs

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# What each prints holds this; a number of a run where one is known from elsewhere.
TOLD = {
    "diffusion": r"cut at \d+ layers; of 255 levels a pixel changes by \d+\.\d",
    "kv_cache": r"bfp12:b32 +4\.25 bits a value",  # 4 + 8 / 32
    "memory_graph": r"The Analytical Engine was designed by Charles Babbage",
    "memory_hardware": r"tRP 25 cycles: [\d,]+ cycles, [\d,]+ rows opened",
    "motion": r"scanned \(1, 64, 8\)",
}


def test_every_lab_has_an_example():
    assert [path.stem for path in EXAMPLES] == sorted(labs())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path, capsys):
    runpy.run_path(str(path), run_name="__main__")
    told = capsys.readouterr().out
    assert re.search(TOLD.get(path.stem, r"\w"), told), told
