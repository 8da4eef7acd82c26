"""AiM's trace language: one host instruction a line, as the AiM simulator reads it.

``AiM MAC_ABK 64 0xff 0`` and ``W MEM 0 2 8`` with blanks or commas between the words, ``#`` before
a comment, ``AiM EOC`` at the end. Source: the list of instructions in the README of
arkhadem/aim_simulator (MIT), commit 0f28a07b.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.core.errors import BadInput
from engine.labs.memory_hardware.trace.lines import FIELD, lines_of

CHANNELS = 32
BANKS = 16
ROWS = 1 << 14
COLUMNS = 64  # of a row, and of the global buffer
LARGEST = (1 << 63) - 1

# Instruction -> its operands, in order.
OPERANDS: dict[str, tuple[str, ...]] = {
    "WR_SBK": ("register", "channels", "bank", "row"),
    "WR_ABK": ("register", "channels", "row"),
    "WR_GB": ("columns", "register", "channels"),
    "WR_BIAS": ("register", "channels"),
    "RD_MAC": ("register", "channels"),
    "RD_AF": ("register", "channels"),
    "RD_SBK": ("register", "channels", "bank", "row"),
    "COPY_BKGB": ("columns", "channels", "bank", "row"),
    "COPY_GBBK": ("columns", "channels", "bank", "row"),
    "MAC_SBK": ("columns", "channels", "bank", "row"),
    "MAC_ABK": ("columns", "channels", "row"),
    "AF": ("channels",),
    "EWMUL": ("columns", "channels", "row"),
    "EWADD": ("size", "register", "second_register"),
    "SYNC": (),
    "EOC": (),
}
ONE_CHANNEL = frozenset({"WR_ABK"})
REGIONS: dict[str, tuple[str, ...]] = {
    "GPR": ("register",),
    "CFR": ("register", "data"),
    "MEM": ("channel", "bank", "row"),
}
LIMITS = {
    "columns": (1, COLUMNS),
    "size": (1, 1 << 20),
    "bank": (0, BANKS - 1),
    "row": (0, ROWS - 1),
    "channel": (0, CHANNELS - 1),
    "register": (0, LARGEST),
    "second_register": (0, LARGEST),
    "data": (0, LARGEST),
}
CONFIGURATION_REGISTERS = (0, 2)  # broadcast, element-wise banks, activation function
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One host instruction; ``name`` is "MAC_ABK" or, for plain accesses, "R MEM", "W CFR".

    ``channels`` are the selected channels in ascending order. Operands that an instruction has not
    stay None.
    """

    name: str
    line: int
    channels: tuple[int, ...] = field(default=())
    columns: int = 1
    bank: int | None = None
    row: int | None = None
    register: int | None = None
    data: int | None = None


def parse_aim(text: str) -> list[Instruction]:
    """The instructions of a trace up to its ``AiM EOC``.

    Raises BadInput("trace") with the number of the line: an unknown instruction, missing or
    surplus operands, an operand out of its range, too many lines, no EOC.
    """
    found: list[Instruction] = []
    for number, words in _lines(text):
        try:
            instruction = _instruction(words, number)
        except BadInput as error:
            raise BadInput(FIELD, f"line {number}: {error.reason}") from None
        found.append(instruction)
        if instruction.name == "EOC":
            return found
    raise BadInput(FIELD, "the end of the trace, AiM EOC, is missing")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines_of(text), start=1):
        words = line.replace(",", " ").split()
        if words and not words[0].startswith("#"):
            yield number, words


def _instruction(words: list[str], line: int) -> Instruction:
    kind = words[0]
    if kind == "AiM":
        name = words[1].removeprefix("ISR_") if len(words) > 1 else ""
        if name not in OPERANDS:
            raise BadInput(FIELD, f"{name[:20]!r} is no AiM instruction ({', '.join(OPERANDS)})")
        operands, rest = OPERANDS[name], words[2:]
    elif kind in ("R", "W"):
        region = words[1] if len(words) > 1 else ""
        if region not in REGIONS:
            raise BadInput(FIELD, f"{region[:20]!r} is none of {', '.join(REGIONS)}")
        name = f"{kind} {region}"
        operands, rest = REGIONS[region], words[2:]
    else:
        raise BadInput(FIELD, f"a line starts with AiM, R or W (got {kind[:20]!r})")
    if len(rest) != len(operands):
        wanted = " ".join(operands) or "no operands"
        raise BadInput(FIELD, f"{name} takes {wanted} (got {len(rest)})")
    values = {operand: _number(operand, word) for operand, word in zip(operands, rest, strict=True)}
    return _build(name, line, values)


def _build(name: str, line: int, values: dict[str, int]) -> Instruction:
    channels: tuple[int, ...] = ()
    if "channels" in values:
        mask = values["channels"]
        # Bit 0 is the last channel: masks count from the other end than R and W MEM do.
        channels = tuple(i for i in range(CHANNELS) if mask >> (CHANNELS - 1 - i) & 1)
        if name in ONE_CHANNEL and len(channels) != 1:
            raise BadInput(FIELD, f"{name} writes one channel (the mask {mask:#x} has "
                           f"{len(channels)})")  # fmt: skip
    elif "channel" in values:
        channels = (values["channel"],)
    if name == "W CFR" and values["register"] not in range(CONFIGURATION_REGISTERS[1] + 1):
        raise BadInput(FIELD, f"a configuration register is 0, 1 or 2 (got {values['register']})")
    return Instruction(
        name,
        line,
        channels,
        values.get("columns", 1),
        values.get("bank"),
        values.get("row"),
        values.get("register"),
        values.get("data"),
    )


def _number(operand: str, word: str) -> int:
    if not _NUMBER.fullmatch(word):
        raise BadInput(FIELD, f"{operand} must be a whole number (got {word[:20]!r})")
    value = int(word, 16) if word[:2].lower() == "0x" else int(word)
    if operand == "channels":
        if not 0 < value < 1 << CHANNELS:
            raise BadInput(FIELD, f"the channel mask must be from 0x1 to {(1 << CHANNELS) - 1:#x} "
                           f"(got {word[:20]})")  # fmt: skip
        return value
    low, high = LIMITS[operand]
    if not low <= value <= high:
        raise BadInput(FIELD, f"{operand} must be from {low} to {high} (got {word[:20]})")
    return value
