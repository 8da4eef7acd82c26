"""Which command may follow which after how many cycles, as the AiM simulator has it.

A rule holds within a channel, a bank group or a bank: a command that is addressed to a whole
channel (ACT16, MAC16, PREA) leaves no trace in groups and banks. Source: the constraints of GDDR6
with AiM's commands in arkhadem/aim_simulator (MIT), commit c2f8ab6c; the names are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["channel", "group", "bank"]
LEVELS: tuple[Level, ...] = ("channel", "group", "bank")

# What a command is addressed to; timing is looked up on the way down to there.
SCOPE: dict[str, Level] = {
    "ACT": "bank",
    "ACT16": "channel",
    "PRE": "bank",
    "PREA": "channel",
    "RD": "bank",
    "WR": "bank",
    "MAC": "bank",
    "RDCP": "bank",
    "WRCP": "bank",
    "MAC16": "channel",
    "AF16": "channel",
    "EWMUL16": "channel",
    "WRA16": "channel",
    "WRGB": "channel",
    "WRMAC16": "channel",
    "RDMAC16": "channel",
    "RDAF16": "channel",
    "TMOD": "channel",
}
COMMANDS = tuple(SCOPE)
Add = Callable[[Level, str, str, int, str], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """``after`` may be issued ``cycles`` after ``before`` at the earliest, within one ``level``."""

    level: Level
    before: str
    after: str
    cycles: int
    name: str


def aim_rules(t: Mapping[str, int]) -> list[Rule]:
    """Every rule for the timing values ``t`` of a device, in cycles."""
    rules: list[Rule] = []

    def rule(level: Level, before: str, after: str, cycles: int, name: str) -> None:
        rules.extend(
            Rule(level, first, second, cycles, name)
            for first in before.split()
            for second in after.split()
        )

    _data_bus(rule, t)
    _turnaround(rule, t)
    _column_to_precharge(rule, t)
    _rows(rule, t)
    everything = " ".join(name for name in COMMANDS if name != "TMOD")
    rule("channel", "TMOD", everything, t["mode_change"], "mode change")
    return rules


def _data_bus(rule: Add, t: Mapping[str, int]) -> None:
    reads, writes = "RD RDMAC16 RDAF16", "WR WRA16 WRGB WRMAC16"
    rule("channel", reads, reads, t["bl"], "tBL")
    rule("channel", writes, writes, t["bl"], "tBL")
    inner_reads = "RD MAC MAC16 RDCP RDMAC16 RDAF16"
    inner_writes = "WR WRA16 WRGB WRCP WRMAC16"
    rule("channel", inner_reads, inner_reads, t["ccd_s"], "tCCD_S")
    rule("channel", inner_writes, inner_writes, t["ccd_s"], "tCCD_S")
    wide = "RDMAC16 RDAF16 MAC16 EWMUL16"
    rule("channel", "RD MAC RDCP " + wide, wide, t["ccd_l"], "tCCD_L")
    rule("channel", wide, "RD MAC RDCP " + wide, t["ccd_l"], "tCCD_L")
    wide = "WRA16 WRMAC16 EWMUL16"
    rule("channel", "WR WRCP " + wide, wide, t["ccd_l"], "tCCD_L")
    rule("channel", wide, "WR WRCP " + wide, t["ccd_l"], "tCCD_L")
    rule("group", "RD MAC RDCP", "RD MAC RDCP", t["ccd_l"], "tCCD_L")
    rule("group", "WR WRCP", "WR WRCP", t["ccd_l"], "tCCD_L")


def _turnaround(rule: Add, t: Mapping[str, int]) -> None:
    """Between reading and writing the external bus changes its direction."""
    for read, cl in (("RD", t["cl"]), ("RDMAC16 RDAF16", t["cl_register"])):
        for write, cwl in (
            ("WR WRA16", t["cwl"]),
            ("WRGB", t["cwl_buffer"]),
            ("WRMAC16", t["cwl_register"]),
        ):
            rule("channel", read, write, cl + t["bl"] + 3 - cwl + t["write_preamble"], "tRTW")
    reads = "RD RDMAC16 RDAF16"
    bank, register = t["cwl"] + t["bl"], t["cwl_register"] + t["bl"]
    rule("channel", "WR WRA16", reads, bank + t["wtr_s"], "tWTR_S")
    rule("channel", "WRGB", reads, t["cwl_buffer"] + t["bl"] + t["wtr_s"], "tWTR_S")
    rule("channel", "WRMAC16", reads, register + t["wtr_s"], "tWTR_S")
    rule("channel", "WR", "RDMAC16 RDAF16", bank + t["wtr_l"], "tWTR_L")
    rule("channel", "WRA16", reads, bank + t["wtr_l"], "tWTR_L")
    rule("channel", "WRMAC16", reads, register + t["wtr_l"], "tWTR_L")
    rule("group", "WR", "RD", bank + t["wtr_l"], "tWTR_L")


def _column_to_precharge(rule: Add, t: Mapping[str, int]) -> None:
    write = t["cwl"] + t["bl"] + t["wr"]
    rule("channel", "RD RDCP MAC MAC16 AF16 EWMUL16", "PREA", t["rtp"], "tRTP")
    rule("channel", "MAC16 AF16 EWMUL16", "PRE", t["rtp"], "tRTP")
    rule("channel", "WR WRCP", "PREA", write, "tWR")
    rule("channel", "EWMUL16", "PRE PREA", t["cwl"] + t["wr"], "tWR")
    rule("group", "RD RDCP MAC", "PRE", t["rtp"], "tRTP")
    rule("group", "WR WRCP", "PRE", write, "tWR")
    # WRA16 precharges by itself.
    rule("channel", "WRA16", "ACT ACT16", write + t["rp"], "tWR + tRP")


def _rows(rule: Add, t: Mapping[str, int]) -> None:
    rule("channel", "ACT16", "ACT ACT16", t["rrd_s"], "tRRD_S")
    rule("channel", "ACT ACT16", "ACT", t["rrd_s"], "tRRD_S")
    rule("channel", "ACT ACT16", "ACT16", t["rrd_l"], "tRRD_L")
    rule("channel", "ACT16", "ACT ACT16", t["rrd_l"], "tRRD_L")
    rule("group", "ACT", "ACT", t["rrd_l"], "tRRD_L")
    rule("channel", "ACT ACT16", "PREA", t["ras"], "tRAS")
    rule("channel", "ACT16", "PRE", t["ras"], "tRAS")
    rule("bank", "ACT", "PRE", t["ras"], "tRAS")
    rule("channel", "PRE PREA", "ACT16", t["rp"], "tRP")
    rule("channel", "PREA", "ACT", t["rp"], "tRP")
    rule("bank", "PRE", "ACT", t["rp"], "tRP")
    rule("channel", "PREA", "PRE PREA", t["rp"], "tRP")
    rule("channel", "PRE", "PRE PREA", t["rp"], "tRP")
    columns = {
        "MAC16": "rcd_mac",
        "AF16": "rcd_af",
        "EWMUL16": "rcd_ewmul",
        "WRA16": "rcd_wr",
    }
    for command, name in columns.items():
        rule("channel", "ACT ACT16", command, t[name], "tRCD")
    single = {
        "MAC": "rcd_mac",
        "RDCP": "rcd_copy",
        "RD": "rcd_rd",
        "WRCP": "rcd_wr_copy",
        "WR": "rcd_wr",
    }
    for command, name in single.items():
        rule("channel", "ACT16", command, t[name], "tRCD")
        rule("bank", "ACT", command, t[name], "tRCD")
