"""``python -m engine``: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine.cli import main
from engine.core import BadInput
from engine.store import Store
from tests.unit.cli_lab import LAB, Kinds


@pytest.fixture(autouse=True)
def one_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("engine.core.registry.labs", "engine.cli.labs"):
        monkeypatch.setattr(place, lambda: {LAB.name: LAB})


class Said:
    """Exit code, last line as JSON, and both streams of one command line."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *argv: str):
        self.code = main(argv)
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> Any:
        return json.loads(self.out.splitlines()[-1], parse_constant=pytest.fail)


def test_labs_and_their_contents_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Takes every kind of field." in Said(capsys).out
    listed = Said(capsys, "--json")
    assert listed.json["labs"]["cli_lab"]["commands"] == ["add", "exits"]
    assert len(listed.out.splitlines()) == 1
    described = Said(capsys, "cli_lab", "--json").json
    assert described["experiments"]["kinds"]["fields"]["whole"]["maximum"] == 9
    assert "All kinds" in Said(capsys, "cli_lab").out
    assert Said(capsys, "--version").out.strip() == engine.__version__


@pytest.mark.parametrize(
    "argv",
    [["--help"], ["cli_lab", "--help"], ["cli_lab", "kinds", "--help"], ["cli_lab", "add", "-h"]],
)
def test_help_works_everywhere(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    said = Said(capsys, *argv)
    assert said.code == 0 and "usage:" in said.out and said.err == ""
    if "kinds" in argv:
        assert "--real-number" in said.out and "1 to 9" in said.out and "in %" in said.out


def test_an_experiment_runs_and_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, "cli_lab", "kinds", "--whole", "4", "--real-number", "0.25", "--json")
    assert said.code == 0 and len(said.out.splitlines()) == 1
    assert said.json["metrics"] == {"mean": 0.25, "ratio": None, "name": "none"}
    assert said.json["config"]["whole"] == 4
    assert said.json["fields"]["values"] == {
        "axes": ["row", "column"], "shape": [2, 4], "unit": "V", "dtype": "float64",
    }  # fmt: skip
    config = Kinds(whole=4, real_number=0.25)
    assert said.json["digest"] == LAB.experiment("kinds").digest("cli_lab", config)
    assert Store.open().results.has(said.json["digest"])
    Said(capsys, "cli_lab", "kinds", "--whole", "5", "--no-store")
    assert not Store.open().results.has(LAB.experiment("kinds").digest("cli_lab", Kinds(whole=5)))


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (["--real_number", "-0.5"], "real_number", -0.5),
        (["--real-number=-1e-1"], "real_number", -0.1),
        (["--size", "64"], "size", 64),
        (["--choice", "b"], "choice", "b"),
        (["--word", "7"], "word", "7"),
        (["--word", "null"], "word", "null"),
        (["--flag", "false"], "flag", False),
        (["--no-flag"], "flag", False),
        (["--flag"], "flag", True),
        (["--many", "4,5,6"], "many", [4, 5, 6]),
        (["--many", "[7]"], "many", [7]),
        (["--maybe", "3"], "maybe", 3),
        (["--maybe", "none"], "maybe", None),
    ],
)
def test_values_are_read_as_their_field_wants(
    capsys: pytest.CaptureFixture[str], argv: list[str], field: str, value: Any
) -> None:
    assert Said(capsys, "cli_lab", "kinds", *argv, "--json").json["config"][field] == value


WHOLE = "whole: must be a whole number from 1 to 9 "
BAD = {
    "over the range": (["cli_lab", "kinds", "--whole", "10"], "whole: must be from 1 to 9 .got 10"),
    "no number": (["cli_lab", "kinds", "--whole", "ten"], WHOLE),
    "a fraction": (["cli_lab", "kinds", "--whole", "2.5"], WHOLE),
    "infinite": (["cli_lab", "kinds", "--real-number", "Infinity"], "real_number: .* finite"),
    "not a choice": (["cli_lab", "kinds", "--choice", "c"], "choice: .*'a' or 'b'"),
    "not a size": (["cli_lab", "kinds", "--size", "33"], "size: .*32 or 64"),
    "too long": (["cli_lab", "kinds", "--word", "x" * 9], "word: .*8 characters"),
    "no boolean": (["cli_lab", "kinds", "--flag", "perhaps"], "flag: must be true or false "),
    "a bad part": (["cli_lab", "kinds", "--many", "1,x"], "many.1: must be a whole number "),
    "the whole": (["cli_lab", "kinds", "--whole", "8"], "8 and the rest do not go together$"),
    "no value": (["cli_lab", "kinds", "--whole"], "--whole: expected one argument"),
    "no such option": (["cli_lab", "kinds", "--wide", "1"], "--wide: there is no such option"),
    "abbreviated": (["cli_lab", "kinds", "--who", "1"], "--who: there is no such option"),
    "a stray word": (["cli_lab", "kinds", "stray"], "stray: there is no such option"),
    "no such lab": (["nolab"], "there is no lab 'nolab'; there are: cli_lab"),
    "no such name": (["cli_lab", "none"], "cli_lab has no 'none'; it has: add, exits, kinds"),
    "command: missing": (["cli_lab", "add"], "required: --left"),
    "command: wrong": (["cli_lab", "add", "--left", "x"], "--left: invalid int value"),
    "command: exits": (["cli_lab", "exits"], "--help tells more"),
    "folder": (["cli_lab", "kinds", "--out", "/proc/nowhere"], "out: .*cannot be written"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_value_ends_with_code_2_and_one_sentence(
    capsys: pytest.CaptureFixture[str], case: str
) -> None:
    import re

    argv, words = BAD[case]
    plain = Said(capsys, *argv)
    assert plain.code == 2 and plain.out == ""
    assert len(plain.err.splitlines()) == 1 and plain.err.startswith("error: ")
    assert re.search(words, plain.err), plain.err
    told = Said(capsys, *argv, "--json")
    assert told.code == 2 and f"error: {told.json['error']}\n" == told.err == plain.err


def test_an_internal_error_ends_with_code_1_and_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = Said(capsys, "cli_lab", "kinds", "--fail", "--json")
    assert said.code == 1 and len(said.err.splitlines()) == 1
    assert "detail for" not in said.err
    assert said.json["error"].startswith("internal error, id ")
    log = Store.open().log_file.read_text()
    assert "a detail for the log" in log and str(Store.open().log_file) in said.err


def test_a_command_wins_over_an_experiment(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["cli_lab", "add", "--left", "2", "--right", "3"]
    assert Said(capsys, *argv, "--json").json == {"sum": 5, "argv": argv[2:]}
    assert "sum: 5" in Said(capsys, *argv).out


def test_out_writes_arrays_metrics_and_origin(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = Said(capsys, "cli_lab", "kinds", "--out", str(tmp_path / "new" / "out"), "--json")
    files = [Path(path) for path in said.json["files"]]
    assert [path.name for path in files] == ["result.npz", "metrics.json", "manifest.json"]
    assert sorted(path.name for path in files[0].parent.iterdir()) == sorted(
        path.name for path in files
    )
    with np.load(files[0]) as arrays:
        np.testing.assert_array_equal(arrays["values"], np.full((2, 3), 0.5))
    assert json.loads(files[1].read_text())["mean"] == 0.5
    manifest = json.loads(files[2].read_text())
    assert manifest["config"]["whole"] == 3 and "numpy_version" in manifest


def _engine(repo_root: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine", *argv], capture_output=True, text=True, cwd=repo_root
    )


def test_the_module_runs(repo_root: Path) -> None:
    listed = _engine(repo_root, "--json")
    assert listed.returncode == 0 and "kv_cache" in json.loads(listed.stdout)["labs"]
    refused = _engine(repo_root, "nolab")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: there is no lab")


def test_listing_imports_nothing_heavy(repo_root: Path) -> None:
    code = (
        "import sys; from engine.cli import main; main(['kv_cache', '--json']);"
        "print([name for name in ('torch', 'transformers', 'streamlit', 'pandas', 'plotly')"
        " if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root, check=True
    )
    assert said.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("argv", [["cli_lab", "kinds", "--\udcff", "1"], ["\udcff"]])
def test_half_characters_are_shown_as_escapes(
    capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    said = Said(capsys, *argv, "--json")
    assert said.code == 2 and "udcff" in said.json["error"]


@pytest.mark.parametrize("below", ["file", "file/further"])
def test_a_home_that_cannot_hold_results_is_named(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BadInput, match="ENGRAM_HOME"):
        Store.open(tmp_path / below)
