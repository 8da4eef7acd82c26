"""The engine where the web extra is not installed: from a script and from the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine.core import Lab, labs

ROOT = Path(__file__).parents[2]
# What `pip install .` leaves out. Python reads a sitecustomize.py before anything else.
BLOCK = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"streamlit", "starlette", "pages"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""
# Settings that compute in moments; another lab runs its cheapest experiment as it stands.
QUICK = {
    "diffusion": ("tokens", {"model": "fast"}),
    "kv_cache": ("synthetic", {"tokens": 64}),
    "memory_graph": ("evaluate", {"method": "tfidf"}),
    "memory_hardware": ("mapping", {"model": "gpt2"}),
    "motion": ("transient", {"scene": 1}),
}
SCRIPT = """
import json
import sys
import engine

for lab, experiment, fields in json.loads(sys.argv[1]):
    result = engine.run(lab, experiment, fields, store=False)
    print(json.dumps([lab, sorted(result.fields)]))
"""
COMMANDS = """
import json
import sys
from engine.cli import main

for words in json.loads(sys.argv[1]):
    assert main(words) == 0, words
"""


@pytest.fixture
def alone(tmp_path: Path, own_home: Path) -> dict[str, str]:
    """The environment of a process that cannot import what the pages need."""
    (tmp_path / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    return {**os.environ, "PYTHONPATH": paths, "ENGRAM_HOME": str(own_home)}


def quick(lab: Lab) -> tuple[str, dict[str, object]]:
    """An experiment of the lab and the settings to run it with."""
    if lab.name in QUICK:
        return QUICK[lab.name]
    return min(lab.experiments, key=lambda one: one.cost_seconds(one.config())).name, {}


def python(alone: dict[str, str], folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=alone, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_web_extra_is_really_out_of_reach(alone, tmp_path):
    script = "try:\n import streamlit\nexcept ModuleNotFoundError: print('absent')"
    assert python(alone, tmp_path, "-c", script).strip() == "absent"
    assert "labs" in json.loads(python(alone, tmp_path, "-m", "engine", "--json"))


@pytest.mark.slow
def test_every_lab_runs_in_a_script(alone, tmp_path):
    asked = [(lab.name, *quick(lab)) for lab in labs().values()]
    told = python(alone, tmp_path, "-c", SCRIPT, json.dumps(asked)).splitlines()
    answers = dict(json.loads(line) for line in told if line.startswith("["))
    assert set(answers) == set(labs()) and all(answers.values())


@pytest.mark.slow
def test_every_lab_runs_on_the_command_line(alone, tmp_path):
    asked = []
    for lab in labs().values():
        name, fields = quick(lab)
        options = [f"--{field.replace('_', '-')}={value}" for field, value in fields.items()]
        asked.append([lab.name, name, *options, "--no-store", "--json"])
    told = python(alone, tmp_path, "-c", COMMANDS, json.dumps(asked)).splitlines()
    answers = [json.loads(line) for line in told if line.startswith("{")]
    assert [answer["lab"] for answer in answers] == list(labs())
    assert all(answer["fields"] for answer in answers)


def test_the_wheel_takes_along_what_the_engine_reads():
    taken = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    folders = set(taken["build"]["targets"]["wheel"]["force-include"])
    named = {
        "/".join(found)
        for path in (ROOT / "engine").rglob("*.py")
        for found in re.findall(r'ASSETS / "([\w-]+)"(?: / "([\w-]+)")?', path.read_text("utf-8"))
    }
    assert named
    for name in named:
        inside = f"assets/{name.strip('/')}"
        assert any(inside == one or inside.startswith(f"{one}/") for one in folders), inside
