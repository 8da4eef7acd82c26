"""The AiM simulator's host side: instructions become requests of channels, one a cycle.

Some instructions hold up those that follow until they are finished (RD_MAC, RD_AF, SYNC, EOC); the
others only wait for room in a queue. Channels that are selected by the same instructions do the
same at the same time, so one of each kind is run.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.core.errors import BadInput
from engine.labs.memory_hardware.trace.aim_channel import Channel, Request
from engine.labs.memory_hardware.trace.aim_rules import Rule, aim_rules
from engine.labs.memory_hardware.trace.instructions import CHANNELS, Instruction
from engine.labs.memory_hardware.trace.issued import Issued
from engine.labs.memory_hardware.trace.lines import FIELD

COMMAND = {
    "WR_SBK": "WR",
    "W MEM": "WR",
    "RD_SBK": "RD",
    "R MEM": "RD",
    "WR_ABK": "WRA16",
    "WR_GB": "WRGB",
    "WR_BIAS": "WRMAC16",
    "RD_MAC": "RDMAC16",
    "RD_AF": "RDAF16",
    "COPY_BKGB": "RDCP",
    "COPY_GBBK": "WRCP",
    "MAC_SBK": "MAC",
    "MAC_ABK": "MAC16",
    "AF": "AF16",
    "EWMUL": "EWMUL16",
    "SYNC": "SYNC",
    "EOC": "EOC",
}
BLOCKING = frozenset({"RD_MAC", "RD_AF", "SYNC", "EOC"})
REGISTER_MODE = frozenset({"WR_GB", "WR_BIAS", "RD_MAC", "RD_AF"})
TABLE_ROW = 1 << 29  # where the table of activation function 0 is thought to lie
ACTIVATION_REGISTER = 2
MOST_COMMANDS = 1_000_000


@dataclass(frozen=True)
class AimRun:
    """What a trace did. ``cycles`` is the simulator's count for the memory system.

    ``channels`` lists the kinds: the channels of each and the commands that each of them issued.
    """

    cycles: int
    channels: tuple[tuple[tuple[int, ...], tuple[Issued, ...]], ...]

    def counts(self, channel: int) -> dict[str, int]:
        """Commands of one channel by name."""
        for members, log in self.channels:
            if channel in members:
                return dict(Counter(one.command for one in log))
        return {}


def run_aim(
    instructions: Sequence[Instruction],
    timing: Mapping[str, int],
    *,
    banks: int = 16,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> AimRun:
    """Run a parsed trace to its end on a device with ``timing`` in cycles.

    Raises BadInput("trace") with the line that asks for one command too many.
    """
    system = _System(instructions, timing, banks, progress)
    return AimRun(
        system.run(),
        tuple(
            (members, tuple(channel.log))
            for members, channel in zip(system.kinds, system.channels, strict=True)
        ),
    )


class _System:
    def __init__(
        self,
        instructions: Sequence[Instruction],
        timing: Mapping[str, int],
        banks: int,
        progress: Callable[[float, float], None],
    ):
        self.queue = deque(instructions)
        self.total = len(instructions)
        self.progress = progress
        self.stalled = 0
        self.over = False
        self.activation = 0
        self.kinds = _kinds(instructions)
        self.kind_of = {
            channel: kind for kind, members in enumerate(self.kinds) for channel in members
        }
        self._check(instructions)
        rules: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in aim_rules(timing):
            rules[rule.level, rule.before].append(rule)
        latency = _latency(timing)
        self.channels = [Channel(dict(rules), latency, banks, self._finished) for _ in self.kinds]
        self.waiting: list[deque[Request]] = [deque() for _ in self.kinds]

    def run(self) -> int:
        """Tick until the end of the trace came back; cycles without any change are left out."""
        cycle = 0
        while not self.over:
            happened = self._host()
            for channel in self.channels:
                happened |= channel.tick()
            cycle += 1
            if not happened:
                there = min(channel.next_event() for channel in self.channels) - 1
                if there > cycle:
                    for channel in self.channels:
                        channel.clock = there
                    cycle = there
        return cycle

    def _host(self) -> bool:
        had = left = happened = False
        for waiting, channel in zip(self.waiting, self.channels, strict=True):
            while waiting:
                had = True
                if not channel.send(waiting[0]):
                    left = True
                    break
                waiting.popleft()
                happened = True
        if self.stalled:
            return happened
        if had:
            if not left:
                self._next()
                happened = True
        elif self.queue:
            sent = self._decode(self.queue[0])
            if not self.stalled and sent:
                self._next()
            happened = True
        return happened

    def _decode(self, instruction: Instruction) -> bool:
        """Send the requests of an instruction; False where some found no room."""
        name = instruction.name
        if name == "W CFR" and instruction.register == ACTIVATION_REGISTER:
            self.activation = instruction.data or 0
        if name not in COMMAND:
            return True
        kinds = self._kinds_for(instruction)
        row = TABLE_ROW + self.activation if name == "AF" else instruction.row
        all_sent = True
        for _ in range(instruction.columns):
            for kind in kinds:
                request = Request(
                    COMMAND[name],
                    instruction.line,
                    -1 if instruction.bank is None else instruction.bank,
                    -1 if row is None else row,
                    name in REGISTER_MODE,
                    name in BLOCKING,
                )
                self.stalled += request.blocking
                if not self.channels[kind].send(request):
                    self.waiting[kind].append(request)
                    all_sent = False
        return all_sent

    def _kinds_for(self, instruction: Instruction) -> Sequence[int]:
        if instruction.name in ("SYNC", "EOC"):
            return range(len(self.kinds))
        return sorted({self.kind_of[channel] for channel in instruction.channels})

    def _check(self, instructions: Sequence[Instruction]) -> None:
        """Before anything runs: are there more commands than can be told?"""
        total = 0
        for one in instructions:
            if one.name in COMMAND:
                total += one.columns * len(self._kinds_for(one))
            if total > MOST_COMMANDS:
                raise BadInput(FIELD, f"line {one.line}: at most {MOST_COMMANDS:,} columns, "
                               "counted once for channels that do the same")  # fmt: skip

    def _finished(self, request: Request) -> None:
        if not request.blocking:
            return
        self.stalled -= 1
        if not self.stalled:
            self.over = request.final == "EOC"
            self._next()

    def _next(self) -> None:
        self.queue.popleft()
        done = self.total - len(self.queue)
        if done % 1000 == 0:
            self.progress(done, self.total)


def _kinds(instructions: Sequence[Instruction]) -> list[tuple[int, ...]]:
    """Channels that every instruction selects together or not at all."""
    signature: dict[int, list[int]] = {channel: [] for channel in range(CHANNELS)}
    for masks in {instruction.channels for instruction in instructions}:
        for channel in masks:
            signature[channel].append(hash(masks))
    keyed = sorted((tuple(sorted(marks)), channel) for channel, marks in signature.items())
    return sorted(
        tuple(channel for _, channel in same) for _, same in groupby(keyed, key=lambda one: one[0])
    )


def _latency(t: Mapping[str, int]) -> dict[str, int]:
    """Cycles from a request's command to its end; what only works inside the banks takes one."""
    external = {
        "WR": t["cwl"],
        "WRGB": t["cwl_buffer"],
        "WRMAC16": t["cwl_register"],
        "RDMAC16": t["cl_register"],
        "RDAF16": t["cl_register"],
        "RD": t["cl"],
        "WRA16": t["cwl"] + t["rp"],
    }
    inside = dict.fromkeys(("RDCP", "WRCP", "MAC", "MAC16", "AF16", "EWMUL16"), 1)
    return {command: cycles + t["bl"] for command, cycles in external.items()} | inside
