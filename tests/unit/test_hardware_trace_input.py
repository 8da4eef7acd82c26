"""Bad traces on the command line: one sentence with line and field, code 2, and nothing was run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main

AIM, REQUESTS = "aim", "dramsim3"
MANY = 1_000_000
BAD: dict[str, tuple[str, bytes, str]] = {
    "empty": (AIM, b"", "trace: the text is empty"),
    "only comments": (REQUESTS, b"# nothing\n", "no request"),
    "binary": (AIM, b"\x7fELF\0\1\2", "a zero byte at offset 4"),
    "not UTF-8": (REQUESTS, b"0x0 READ 0 \xff\n", "not UTF-8 at byte offset 11"),
    "no end": (AIM, b"AiM MAC_ABK 1 0x1 0\n", "the end of the trace, AiM EOC, is missing"),
    "unknown instruction": (AIM, b"W GPR 0\nAiM FLY 1\n", "line 2: 'FLY' is no AiM instruction"),
    "unknown kind of line": (AIM, b"MAC 1 2\n", "line 1: a line starts with AiM, R or W"),
    "the other language": (AIM, b"0x100 READ 0\n", "line 1: a line starts with AiM"),
    "too few operands": (AIM, b"AiM MAC_ABK 1 0x1\n", "line 1: MAC_ABK takes columns channels row"),
    "too many operands": (AIM, b"AiM EOC 1\n", "line 1: EOC takes no operands (got 1)"),
    "mask of no channel": (AIM, b"AiM AF 0x0\n", "line 1: the channel mask must be from 0x1"),
    "mask of 33 channels": (AIM, b"AiM AF 0x1ffffffff\n", "to 0xffffffff"),
    "mask that is no number": (AIM, b"AiM AF 0xzz\n", "channels must be a whole number"),
    "negative mask": (AIM, b"AiM AF -1\n", "channels must be a whole number"),
    "mask of two where one is due": (AIM, b"AiM WR_ABK 0 0x3 0\n", "WR_ABK writes one channel"),
    "row": (AIM, b"AiM MAC_ABK 1 0x1 16384\n", "line 1: row must be from 0 to 16383"),
    "bank": (AIM, b"AiM MAC_SBK 1 0x1 16 0\n", "line 1: bank must be from 0 to 15"),
    "column": (AIM, b"AiM MAC_ABK 65 0x1 0\n", "line 1: columns must be from 1 to 64 (got 65)"),
    "no column": (AIM, b"AiM WR_GB 0 0 0x1\n", "columns must be from 1 to 64 (got 0)"),
    "channel": (AIM, b"W MEM 32 0 0\n", "line 1: channel must be from 0 to 31"),
    "region": (AIM, b"W REG 1\n", "line 1: 'REG' is none of GPR, CFR, MEM"),
    "configuration register": (AIM, b"W CFR 3 0\n", "line 1: a configuration register is 0, 1 or"),
    "a million instructions": (AIM, b"W GPR 0\n" * MANY, "at most 250,000 lines are run"),
    "a million columns": (
        AIM,
        b"AiM MAC_ABK 64 0x1 0\n" * 15_626 + b"AiM EOC\n",
        "line 15626: at most 1,000,000 columns",
    ),
    "two words": (REQUESTS, b"0x0 READ 0\n0x100 READ\n", "line 2: address, READ or WRITE, and"),
    "neither read nor write": (REQUESTS, b"0x0 FETCH 0\n", "line 1: 'FETCH' is neither READ nor"),
    "no address": (REQUESTS, b"12g READ 0\n", "line 1: '12g' is no hexadecimal address"),
    "negative address": (REQUESTS, b"-1 READ 0\n", "line 1: '-1' is no hexadecimal address"),
    "address outside": (
        REQUESTS,
        b"0x0 READ 0\n0x200000000 READ 0\n",
        "line 2: the address must be below 0x200000000 (16384 rows of 16 banks",
    ),
    "negative arrival": (
        REQUESTS,
        b"0x0 READ -5\n",
        "line 1: the cycle must be a whole number from",
    ),
    "arrival in an age": (REQUESTS, b"0x0 READ 2000000000\n", "from 0 to 1,000,000,000"),
    "fraction of a cycle": (
        REQUESTS,
        b"0x0 READ 1.5\n",
        "line 1: the cycle must be a whole number",
    ),
    "a million requests": (REQUESTS, b"0x0 READ 0\n" * MANY, "at most 250,000 lines are run"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_trace_is_named_and_not_run(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dialect, data, words = BAD[name]
    path = tmp_path / "bad.trace"
    path.write_bytes(data)
    code = main(["memory_hardware", "trace", str(path), "--dialect", dialect, "--json"])
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert code == 2 and set(told) == {"error"}
    assert words in told["error"] and told["error"].startswith("trace: ")
    assert "Traceback" not in said.err and len(told["error"]) < 400


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--dialect", REQUESTS, "--device", "aim"], "device: traces of dramsim3 need"),
        (["--dialect", AIM, "--device", "pim-gpt"], "device: traces of aim need"),
        (["--dialect", REQUESTS, "--change", "timing.ras=3"], "timing.ras must be longer than"),
        (
            ["--dialect", REQUESTS, "--change", "organisation.banks=65"],
            "banks must be from 1 to 64",
        ),
        (["--dialect", AIM, "--change", "organisation.rows=8"], "organisation.rows is fixed"),
        (["--dialect", "pim"], "--dialect"),
    ],
)
def test_a_device_on_which_it_cannot_run_is_named(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "good.trace"
    path.write_text("0x0 READ 0\n", encoding="ascii")
    assert main(["memory_hardware", "trace", str(path), *options]) == 2
    said = capsys.readouterr()
    assert words in said.err and said.out == ""


def test_a_change_changes_the_cycles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.trace"
    path.write_text("0x0 READ 0\n", encoding="ascii")
    found = []
    for change in ("", "timing.rcd_rd=30"):
        given = ["memory_hardware", "trace", str(path), "--dialect", REQUESTS, "--json"]
        assert main([*given, "--change", change]) == 0
        found.append(json.loads(capsys.readouterr().out)["cycles"])
    assert found == [52, 58]
