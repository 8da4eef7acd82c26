"""Replays of random traces against slow twins that leave no cycle out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import BadInput
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.trace.aim_system import run_aim
from engine.labs.memory_hardware.trace.dramsim3 import run_dramsim3
from engine.labs.memory_hardware.trace.instructions import parse_aim
from engine.labs.memory_hardware.trace.requests import Access
from tests.aim_by_cycle import CHANNELS, OPERANDS, Host
from tests.dramsim3_by_cycle import Request, run_by_cycle

AIM = load_device("aim").cycles()
GDDR6 = load_device("gddr6-dramsim3")
ORGANISATION = {name: int(value) for name, value in GDDR6.section("organisation").items()}
MASKS = (0x1, 0x80000000, 0xF, 0xFF, 0x81, 0xFFFFFFFF)


@st.composite
def instructions(draw: st.DrawFn) -> str:
    """A few kinds of instructions on few banks and rows, so that they get in each other's way."""
    kinds = draw(st.lists(st.sampled_from([*OPERANDS, "R MEM", "W MEM", "W CFR", "R GPR"]),
                          min_size=1, max_size=6))  # fmt: skip
    banks, rows = draw(st.sampled_from([1, 2, 16])), draw(st.sampled_from([1, 2, 40]))
    lines = []
    for _ in range(draw(st.integers(1, 30))):
        kind = draw(st.sampled_from(kinds))
        mask = draw(st.sampled_from(MASKS))
        values = {
            "o": draw(st.sampled_from([1, 2, 5, 40, 64])),
            "g": 0,
            "h": 1,
            "m": 1 << mask.bit_length() - 1 if kind == "WR_ABK" else mask,
            "b": draw(st.integers(0, banks - 1)),
            "r": draw(st.integers(0, rows - 1)),
        }
        if kind == "EOC":
            continue
        if kind.endswith("MEM"):
            channel = draw(st.sampled_from([0, 24, 31]))
            lines.append(f"{kind} {channel} {values['b']} {values['r']}")
        elif kind in ("W CFR", "R GPR"):
            lines.append("W CFR 2 3" if kind == "W CFR" else "R GPR 7")
        else:
            words = [str(values[one]) for one in OPERANDS[kind]]
            lines.append(" ".join(["AiM", kind, *words]))
    return "\n".join([*lines, "AiM EOC", ""])


@settings(max_examples=60, deadline=None)
@given(instructions())
def test_an_aim_trace_runs_as_its_slow_twin(text: str) -> None:
    slow = Host(text)
    cycles = slow.run()
    quick = run_aim(parse_aim(text), AIM)
    assert quick.cycles == cycles
    logs = {channel: log for members, log in quick.channels for channel in members}
    for channel in range(CHANNELS):
        issued = [(one.cycle, one.command, one.bank) for one in logs[channel]]
        assert issued == slow.channels[channel].log


@st.composite
def requests(draw: st.DrawFn) -> list[Request]:
    """Reads and writes over few or many rows, at once or with pauses, some to the same address."""
    rows, banks = draw(st.sampled_from([1, 2, 16_384])), draw(st.sampled_from([1, 3, 16]))
    columns = draw(st.sampled_from([1, 4, 128]))
    writes = draw(st.sampled_from([0.0, 0.2, 0.6, 1.0]))
    count = draw(st.sampled_from([1, 8, 80, 200]))
    gaps = draw(st.sampled_from([[0], [0, 0, 2], [0, 40], [3000 if count <= 8 else 9]]))
    random = draw(st.randoms(use_true_random=False))
    found, cycle = [], 0
    for _ in range(count):
        cycle += random.choice(gaps)
        place = (random.randrange(rows) * 16 + random.randrange(banks)) * 128
        address = 256 * (place + random.randrange(columns))
        found.append((address, random.random() < writes, cycle))
    return found


@settings(max_examples=40, deadline=None)
@given(requests())
def test_requests_run_as_their_slow_twin(given: list[Request]) -> None:
    accesses = [Access(*one, line) for line, one in enumerate(given, start=1)]
    slow = run_by_cycle(given, given[-1][2] + 20_000)
    try:
        quick = run_dramsim3(accesses, GDDR6.cycles(), ORGANISATION)
    except BadInput as error:
        # The simulator itself hangs: a write keeps out the read of the same address.
        assert slow is None and "never ends" in error.reason
        return
    assert slow is not None
    assert quick.cycles == slow.clock
    assert [(one.cycle, one.command, one.bank) for one in quick.log] == slow.log
    assert quick.hits == slow.hits and sorted(quick.latencies) == sorted(slow.latencies)


@settings(max_examples=40, deadline=None)
@given(requests())
def test_what_bound_a_request_is_a_rule_with_its_cycles(given: list[Request]) -> None:
    t = GDDR6.cycles()
    rules = {
        "tRTP": ("RD", t["rtp"]),
        "tWR": ("WR", t["cwl"] + t["burst"] + t["wr"]),
        "tRC": ("ACT", t["ras"] + t["rp"]),
        "tRCDRD": ("ACT", t["rcd_rd"]),
        "tRCDWR": ("ACT", t["rcd_wr"]),
        "tRAS": ("ACT", t["ras"]),
        "tRP": ("PRE", t["rp"]),
        "tRRD": ("ACT", t["rrd"]),
        "tPPD": ("PRE", t["ppd"]),
        "tCCD": (None, t["ccd_s"]),
        "tRTW": ("RD", t["cl"] + t["burst"] - t["cwl"] + 1),
        "tWTR": ("WR", t["cwl"] + t["burst"] + t["wtr"]),
        "tRFC": ("REF", t["rfc"]),
        "tFAW": ("ACT", t["faw"]),
        "t32AW": ("ACT", t["aw32"]),
    }
    accesses = [Access(*one, line) for line, one in enumerate(given, start=1)]
    try:
        log = run_dramsim3(accesses, t, ORGANISATION).log
    except BadInput:
        return
    at = {one.cycle: one for one in log}
    for one in log:
        if one.because in ("arrival", "turn"):
            assert one.since == -1
            continue
        before, cycles = rules[one.because]
        assert one.cycle - one.since == cycles
        assert before is None or at[one.since].command == before
        if one.because in ("tRCDRD", "tRCDWR", "tRAS", "tRTP", "tWR"):
            assert at[one.since].bank == one.bank
