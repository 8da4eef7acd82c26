"""Small traces whose cycles follow from the simulators' rules by hand.

AiM: an instruction is decoded in one cycle and its first command comes in the same one at the
earliest; the last ends with its latency, EOC is then taken, answered in the next cycle, and the
run is over: three cycles after the last command that works inside the banks.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.core import BadInput
from engine.labs.memory_hardware.device import load_device
from engine.labs.memory_hardware.trace.aim_system import AimRun, run_aim
from engine.labs.memory_hardware.trace.dramsim3 import Dramsim3Run, run_dramsim3
from engine.labs.memory_hardware.trace.instructions import parse_aim
from engine.labs.memory_hardware.trace.issued import Issued
from engine.labs.memory_hardware.trace.requests import parse_dramsim3

AIM = load_device("aim")
GDDR6 = load_device("gddr6-dramsim3")
ORGANISATION = {name: int(value) for name, value in GDDR6.section("organisation").items()}
LAST, FIRST = "0x1", "0x80000000"  # masks of channels 31 and 0


def aim(*lines: str) -> AimRun:
    return run_aim(parse_aim("\n".join([*lines, "AiM EOC"])), AIM.cycles())


def commands(run: AimRun, channel: int) -> list[tuple[int, str]]:
    log = next(log for members, log in run.channels if channel in members)
    return [(one.cycle, one.command) for one in log]


def requests(*lines: str) -> Dramsim3Run:
    return run_dramsim3(parse_dramsim3("\n".join(lines)), GDDR6.cycles(), ORGANISATION)


def issued(log: object) -> list[tuple[int, str, str]]:
    assert isinstance(log, tuple)
    return [(one.cycle, one.command, one.because) for one in log if isinstance(one, Issued)]


def block(row: int, bank: int, column: int = 0) -> str:
    return hex(((row * 16 + bank) * 128 + column) * 256)


def test_rows_in_a_channel_follow_the_closed_form() -> None:
    # A row: 56 to the first MAC, 2 for each more, 12 to the precharge, 32 to the next row.
    for rows, columns in ((1, 1), (1, 64), (3, 7)):
        run = aim(*(f"AiM MAC_ABK {columns} {LAST} {row}" for row in range(rows)))
        assert run.cycles == rows * (56 + 2 * (columns - 1) + 12 + 32) - 44 + 3


def test_the_same_row_again_stays_open() -> None:
    run = aim(f"AiM MAC_ABK 5 {LAST} 9", f"AiM MAC_ABK 5 {LAST} 9")
    assert run.counts(31) == {"ACT16": 1, "MAC16": 10}
    assert run.cycles == 56 + 2 * 9 + 3


def test_nothing_but_the_end_takes_two_cycles() -> None:
    # Taken by every channel in the first, answered in the second.
    assert aim().cycles == 2


def test_register_instructions_take_a_cycle_and_no_command() -> None:
    run = aim("W GPR 1", "R GPR 1", "AiM EWADD 4 0 1", "W CFR 0 1")
    assert run.cycles == 2 + 4 and all(not log for _, log in run.channels)


def test_reading_results_holds_up_what_follows() -> None:
    # Into register mode at 1, read at 33, back at 35 (answered at 35, the next decoded for 36).
    run = aim(f"AiM RD_MAC 0 {LAST}", f"AiM MAC_ABK 1 {LAST} 0")
    steps = commands(run, 31)
    assert steps[:2] == [(1, "TMOD"), (33, "RDMAC16")]
    answered = 33 + 0 + 2
    assert steps[2] == (answered + 1, "TMOD")
    assert steps[3:] == [(answered + 1 + 32, "ACT16"), (answered + 1 + 32 + 56, "MAC16")]


def test_other_channels_wait_for_a_reading_too() -> None:
    run = aim(f"AiM RD_MAC 0 {LAST}", f"AiM MAC_ABK 1 {FIRST} 0")
    assert commands(run, 0)[0] == (33 + 2 + 1, "ACT16")


def test_masks_count_from_the_last_channel_and_memory_from_the_first() -> None:
    run = aim(f"AiM MAC_ABK 1 {FIRST} 0", "W MEM 0 3 7")
    # The write finds the rows of all banks open and has to close its own.
    assert run.counts(0) == {"ACT16": 1, "MAC16": 1, "PRE": 1, "ACT": 1}
    assert run.counts(31) == {}


def test_a_barrier_waits_for_the_slowest_channel() -> None:
    alone = aim(f"AiM MAC_ABK 64 {LAST} 0")
    run = aim(f"AiM MAC_ABK 64 {LAST} 0", "AiM SYNC", f"AiM MAC_ABK 1 {FIRST} 0")
    # SYNC is over as EOC is; the next instruction is decoded in the cycle after.
    assert commands(run, 0)[0][0] == alone.cycles + 1


@pytest.mark.parametrize(
    ("instruction", "command", "first"),
    [
        ("MAC_SBK 1 0x1 2 5", "MAC", 56),
        ("COPY_BKGB 1 0x1 2 5", "RDCP", 66),
        ("COPY_GBBK 1 0x1 2 5", "WRCP", 48),
        ("RD_SBK 0 0x1 2 5", "RD", 36),
        ("WR_SBK 0 0x1 2 5", "WR", 28),
    ],
)
def test_each_single_bank_command_has_its_time_to_the_first_column(
    instruction: str, command: str, first: int
) -> None:
    # The multiplication keeps the run going: the end does not wait for a row that opens.
    run = aim(f"AiM {instruction}", "AiM MAC_SBK 1 0x1 2 5")
    assert commands(run, 31)[:2] == [(1, "ACT"), (1 + first, command)]


@pytest.mark.parametrize(
    ("instruction", "command", "first"),
    [("EWMUL 1 0x1 5", "EWMUL16", 25), ("WR_ABK 0 0x1 5", "WRA16", 28), ("AF 0x1", "AF16", 86)],
)
def test_each_all_bank_command_has_its_time_to_the_first_column(
    instruction: str, command: str, first: int
) -> None:
    assert commands(aim(f"AiM {instruction}"), 31) == [(1, "ACT16"), (1 + first, command)]


def test_writing_all_banks_closes_them() -> None:
    # 6 + 2 + 33 to the end of the write, 32 more to the next row; no precharge is issued.
    run = aim("AiM WR_ABK 0 0x1 0", "AiM WR_ABK 0 0x1 0")
    assert commands(run, 31) == [
        (1, "ACT16"), (29, "WRA16"), (29 + 41 + 32, "ACT16"), (29 + 41 + 32 + 28, "WRA16"),
    ]  # fmt: skip


def test_a_product_closes_its_rows_late() -> None:
    run = aim("AiM EWMUL 1 0x1 0", "AiM EWMUL 1 0x1 1")
    # At 26 the product; its results are written back: 6 + 33, and the row was open for 54.
    assert commands(run, 31)[2] == (26 + 39, "PREA")


def test_a_change_of_the_activation_function_is_another_row() -> None:
    assert aim("AiM AF 0x1", "W CFR 2 1", "AiM AF 0x1").counts(31) == {
        "ACT16": 2, "AF16": 2, "PREA": 1,
    }  # fmt: skip
    assert aim("AiM AF 0x1", "W CFR 1 1", "AiM AF 0x1").counts(31) == {"ACT16": 1, "AF16": 2}


def test_a_read_after_a_write_turns_the_bus_around() -> None:
    # The write has left the queue when the read comes: its row is being opened.
    assert commands(aim("W MEM 31 2 5", "R MEM 31 2 5"), 31) == [
        (1, "ACT"), (29, "WR"), (29 + 6 + 2 + 11, "RD"),
    ]  # fmt: skip
    # A second read keeps the channel reading until both are issued.
    assert commands(aim("R MEM 31 2 5", "R MEM 31 2 5", "W MEM 31 2 5"), 31) == [
        (1, "ACT"), (37, "RD"), (39, "RD"), (39 + 50 + 2 + 3 - 6 + 1, "WR"),
    ]  # fmt: skip


def test_the_end_does_not_wait_for_a_row_that_opens() -> None:
    assert commands(aim("W MEM 31 2 5"), 31) == [(1, "ACT")]


def test_a_read_of_what_waits_to_be_written_is_answered_by_the_queue() -> None:
    # Addresses are not compared in full there: any waiting write answers.
    assert "RD" not in aim("W MEM 31 2 5", "R MEM 31 9 8").counts(31)


def test_a_full_queue_holds_up_the_host() -> None:
    # 33 wait, so the host hands over the 64th column when half of them are done.
    run = aim(f"AiM MAC_ABK 64 {LAST} 0", f"AiM MAC_ABK 1 {FIRST} 0")
    first = commands(run, 0)[0][0]
    sent = commands(run, 31)[1 + 64 - 33 - 1][0]  # ACT16 first, then the MAC that makes room
    assert first == sent + 2


def test_one_read_takes_its_row_and_its_latency() -> None:
    # Accepted after cycle 0, queued in 1, ACT in 2, RD 24 later, data 24 + 1 later.
    run = requests(f"{block(0, 0)} READ 0")
    assert issued(run.log) == [(2, "ACT", "arrival"), (26, "RD", "tRCDRD")]
    assert run.cycles == 26 + 25 + 1


def test_requests_come_at_their_cycle_and_in_the_order_of_the_file() -> None:
    late = requests(f"{block(0, 0)} READ 500", f"{block(0, 1)} READ 3")
    assert late.cycles == 500 + 1 + requests(f"{block(0, 0)} READ 0", f"{block(0, 1)} READ 0"
                                             ).cycles - 1  # fmt: skip


def test_a_conflict_costs_the_row_and_its_precharge() -> None:
    run = requests(f"{block(0, 0)} READ 0", f"{block(1, 0)} READ 0")
    assert [one[:2] for one in issued(run.log)] == [
        (2, "ACT"), (26, "RD"), (2 + 54, "PRE"), (56 + 24, "ACT"), (80 + 24, "RD"),
    ]  # fmt: skip
    assert [one.since for one in run.log][2:] == [2, 56, 80]
    assert run.hits == 0


def test_long_use_of_a_row_ends_with_read_to_precharge() -> None:
    lines = [f"{block(0, 0, i)} READ 0" for i in range(20)]
    run = requests(*lines, f"{block(1, 0)} READ 0")
    closes = next(one for one in run.log if one.command == "PRE")
    last = max(one.cycle for one in run.log if one.command == "RD" and one.cycle < closes.cycle)
    # The simulator's default, since its parameter set does not name it.
    assert (closes.because, closes.since, closes.cycle - last) == ("tRTP", last, 5)


def test_activates_wait_for_each_other_and_for_their_windows() -> None:
    run = requests(*(f"{block(0, bank)} READ 0" for bank in range(16)))
    acts = [one for one in run.log if one.command == "ACT"]
    # tRRD 9; the fifth would come 36 after the first, past the 32 of four.
    assert [b.cycle - a.cycle for a, b in pairwise(acts)] == [9] * 15
    quick = GDDR6.changed({"timing.rrd": 2}).cycles()
    lines = "\n".join(f"{block(0, bank)} READ 0" for bank in range(16))
    acts = [one for one in run_dramsim3(parse_dramsim3(lines), quick, ORGANISATION).log
            if one.command == "ACT"]  # fmt: skip
    assert acts[4].cycle - acts[0].cycle == 32
    assert (acts[4].because, acts[4].since) == ("tFAW", acts[0].cycle)


def test_the_33rd_activate_waits_for_the_first() -> None:
    lines = [f"{block(i // 16, i % 16)} READ 0" for i in range(33)]
    acts = [one for one in requests(*lines).log if one.command == "ACT"]
    assert acts[32].cycle - acts[0].cycle == 420
    assert (acts[32].because, acts[32].since) == ("t32AW", acts[0].cycle)


def test_few_writes_stay_in_the_buffer() -> None:
    run = requests(*(f"{block(0, i)} WRITE 0" for i in range(8)))
    assert run.log == () and run.unwritten == 8
    # One is taken a cycle, and is done in the next.
    assert run.cycles == 8 + 1 + 1


def test_nine_writes_are_drained_when_nobody_reads() -> None:
    run = requests(*(f"{block(0, 0, i)} WRITE 0" for i in range(9)), f"{block(5, 9)} READ 900")
    assert run.counts == {"ACT": 2, "WR": 9, "RD": 1} and run.unwritten == 0
    writes = [one.cycle for one in run.log if one.command == "WR"]
    # The ninth comes after cycle 8; queued in 9, ACT in 10, the first write tRCDWR later.
    assert writes == [10 + 20 + 3 * i for i in range(9)]


def test_a_read_after_a_write_waits_for_the_bus() -> None:
    lines = [*(f"{block(0, 0, i)} WRITE 0" for i in range(9)), f"{block(0, 0, 50)} READ 40"]
    run = requests(*lines)
    last = [one.cycle for one in run.log if one.command == "WR"][-1]
    read = next(one for one in run.log if one.command == "RD")
    assert read.cycle - read.since == 16 + 1 + 7 and read.because == "tWTR"
    assert read.since <= last


def test_a_write_that_waits_answers_a_read() -> None:
    run = requests(f"{block(0, 0)} WRITE 0", f"{block(0, 0)} READ 5")
    assert run.log == () and run.latencies == (1,)
    # Taken after cycle 5 with the clock at 6, done one later, told in that cycle.
    assert run.cycles == 8


def test_equal_reads_share_a_command() -> None:
    run = requests(*[f"{block(0, 0)} READ 0"] * 3)
    assert run.counts == {"ACT": 1, "RD": 1} and len(run.latencies) == 3


def test_the_run_ends_with_the_last_read() -> None:
    lines = [f"{block(0, 0)} READ 0", *(f"{block(1, 0, i)} WRITE 5000" for i in range(40))]
    assert requests(*lines).cycles == requests(lines[0]).cycles


def test_a_refresh_closes_all_banks_and_takes_its_time() -> None:
    run = requests(f"{block(0, 0)} READ 0", f"{block(0, 1)} READ 40", f"{block(0, 0)} READ 12000")
    after = [one for one in run.log if one.cycle >= 11_862]
    assert [(one.cycle, one.command) for one in after[:3]] == [
        (11_862, "PRE"), (11_864, "PRE"), (11_864 + 24, "REF"),
    ]  # fmt: skip
    assert after[1].because == "tPPD" and after[2].because == "tRP"
    early = requests(f"{block(0, 0)} READ 11861")
    act = next(one for one in early.log if one.command == "ACT" and one.cycle > 11_862)
    assert (act.because, act.cycle) == ("tRFC", 11_862 + 126)


def test_a_trace_on_which_the_simulator_hangs_is_refused() -> None:
    # While writes fill their buffer, a read comes, and then a write to its address. When that write
    # is the oldest and the buffer full again, it waits for the read, and writes keep reads out.
    writes = [f"{block(0, 1, i)} WRITE 0" for i in range(128)]
    read, write = f"{block(7, 2)} READ 0", f"{block(7, 2)} WRITE 0"
    with pytest.raises(BadInput, match=r"line 50: .*never ends"):
        requests(*writes[:48], read, write, *writes[48:])
    assert requests(*writes[:48], read, *writes[48:]).latencies


def test_refreshes_without_a_pause_are_refused() -> None:
    timing = GDDR6.cycles() | {"refi": 1, "rfc": 0}
    with pytest.raises(BadInput, match="refreshes leave no time"):
        run_dramsim3(parse_dramsim3(f"{block(0, 0)} READ 0"), timing, ORGANISATION)
