"""One channel of the AiM simulator: its queues, the command that a request needs next, the clock.

A tick serves what is finished, chooses one request, and issues one command. Single-bank reads and
writes are chosen first ready, first come; AiM requests keep their order, and the two kinds never
wait in the queues together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.labs.memory_hardware.trace.aim_rules import LEVELS, SCOPE, Rule
from engine.labs.memory_hardware.trace.issued import Issued, binding

QUEUE = 33  # the simulator accepts one more than its 32
HIGH, LOW = 0.8, 0.2  # of 32 writes: where a channel begins and ends to write
CAPACITY = 32
GROUP = 4
NEVER = 1 << 62
START: tuple[int, str, int] = (-1, "", -1)


@dataclass(eq=False, slots=True)
class Request:
    """One command of an instruction for one channel; ``bank`` and ``row`` are -1 where unused."""

    final: str
    line: int
    bank: int = -1
    row: int = -1
    register_mode: bool = False
    blocking: bool = False
    arrived: int = 0
    departs: int = 0

    @property
    def single(self) -> bool:
        """A plain read or write of one bank."""
        return self.final in ("RD", "WR")

    @property
    def barrier(self) -> bool:
        """SYNC and EOC, which are no commands."""
        return self.final in ("SYNC", "EOC")


@dataclass(eq=False)
class Channel:
    """The state of one channel; ``latency`` is how long after its command a request is finished."""

    rules: dict[tuple[str, str], list[Rule]]
    latency: dict[str, int]
    banks: int
    finished: Callable[[Request], None]
    clock: int = 0
    log: list[Issued] = field(default_factory=list)
    aim: deque[Request] = field(default_factory=deque)
    reads: list[Request] = field(default_factory=list)
    writes: list[Request] = field(default_factory=list)
    active: list[Request] = field(default_factory=list)
    pending_reads: deque[Request] = field(default_factory=deque)
    pending_writes: list[Request] = field(default_factory=list)
    register_mode: bool = False
    writing: bool = False

    def __post_init__(self) -> None:
        self.open: list[int] = [-1] * self.banks
        # (where, command) -> (ready from, rule, since)
        self._ready: dict[tuple[object, str], tuple[int, str, int]] = {}

    def send(self, request: Request) -> bool:
        """Take a request; False where its queue is full or the other kind is waiting."""
        if request.single:
            if self.aim:
                return False
            if request.final == "RD" and self.writes:
                # Addresses are not compared in full there: any waiting write answers the read.
                request.departs = self.clock + 1
                self.pending_reads.append(request)
                return True
            queue: list[Request] | deque[Request]
            queue = self.reads if request.final == "RD" else self.writes
        else:
            if self.reads or self.writes:
                return False
            queue = self.aim
        if len(queue) >= QUEUE:
            return False
        request.arrived = self.clock
        queue.append(request)
        return True

    def tick(self) -> bool:
        """One cycle; True where anything happened."""
        self.clock += 1
        happened = self._serve()
        chosen = self._choose()
        if chosen is None:
            return happened
        request, needed, queue = chosen
        if request.barrier:
            request.departs = self.clock
            self.pending_reads.append(request)
            queue.remove(request)
            return True
        command = needed
        if request.register_mode != self.register_mode:
            command = "TMOD"
            self.register_mode = not self.register_mode
        self._issue(command, request, needed)
        if command == request.final:
            request.departs = self.clock + self.latency[command]
            reader = request.blocking or request.final == "RD"
            (self.pending_reads if reader else self.pending_writes).append(request)
            queue.remove(request)
        elif request.single and command == "ACT":
            self.active.append(request)
            queue.remove(request)
        return True

    def next_event(self) -> int:
        """The earliest cycle at which a tick can do something, if nothing is sent meanwhile."""
        times = [request.departs for request in self.pending_writes]
        if self.pending_reads:
            times.append(self.pending_reads[0].departs)
        candidates = [*self.active, *self.reads, *self.writes]
        if self.aim:
            if self.aim[0].barrier:
                return self.clock + 1
            candidates.append(self.aim[0])
        times += [self._ready_from(self._needs(one), one)[0] for one in candidates]
        return max(min(times, default=NEVER), self.clock + 1)

    def _serve(self) -> bool:
        happened = False
        if self.pending_reads and self.pending_reads[0].departs <= self.clock:
            head = self.pending_reads[0]
            if not head.barrier or not self.pending_writes:
                self.finished(head)
                self.pending_reads.popleft()
                happened = True
        left = [request for request in self.pending_writes if request.departs > self.clock]
        happened |= len(left) != len(self.pending_writes)
        self.pending_writes = left
        return happened

    def _choose(self) -> tuple[Request, str, list[Request] | deque[Request]] | None:
        found = self._best(self.active)
        queue: list[Request] | deque[Request] = self.active
        if found is None or not self._is_ready(*found):
            if self.aim:
                queue = self.aim
                head = self.aim[0]
                if head.barrier:
                    return head, head.final, queue
                found = head, self._needs(head)
            else:
                self._turn()
                queue = self.writes if self.writing else self.reads
                found = self._best(queue)
            if found is None or not self._is_ready(*found):
                return None
        request, command = found
        if command in ("PRE", "PREA") and any(one.bank == request.bank for one in self.active):
            return None  # it would close a row that was just opened for somebody
        return request, command, queue

    def _best(self, queue: list[Request]) -> tuple[Request, str] | None:
        """First ready, first come."""
        best: tuple[bool, int] | None = None
        found = None
        for request in queue:
            command = self._needs(request)
            rank = (not self._is_ready(request, command), request.arrived)
            if best is None or rank < best:
                best, found = rank, (request, command)
        return found

    def _turn(self) -> None:
        if not self.writing:
            self.writing = len(self.writes) > HIGH * CAPACITY or not self.reads
        elif len(self.writes) < LOW * CAPACITY and self.reads:
            self.writing = False

    def _needs(self, request: Request) -> str:
        """The command that brings a request forward: its own, or one that opens or closes rows."""
        final, row = request.final, request.row
        if final in ("MAC16", "AF16", "EWMUL16", "WRA16"):
            if any(one not in (-1, row) for one in self.open):
                return "PREA"
            return "ACT16" if -1 in self.open else final
        if SCOPE[final] == "bank":
            here = self.open[request.bank]
            return "ACT" if here == -1 else final if here == row else "PRE"
        return final

    def _is_ready(self, request: Request, command: str) -> bool:
        return self.clock >= self._ready_from(command, request)[0]

    def _ready_from(self, command: str, request: Request) -> tuple[int, str, int]:
        ready = self._ready.get(("channel", command), START)
        if SCOPE[command] == "bank":
            for where in (("group", request.bank // GROUP), ("bank", request.bank)):
                ready = max(ready, self._ready.get((where, command), START))
        return ready

    def _issue(self, command: str, request: Request, needed: str) -> None:
        """``needed`` is what the request waited for: a change of mode comes in its place."""
        whole = SCOPE[command] == "channel"
        bank = -1 if whole else request.bank
        ready = self._ready_from(needed, request)
        because, since = binding(ready, self.clock, request.arrived + 1)
        self.log.append(
            Issued(self.clock, command, bank, request.row, because, since, request.line)
        )
        for level in LEVELS:
            if level != "channel" and request.bank < 0:
                continue
            where: object = {
                "channel": "channel",
                "group": ("group", request.bank // GROUP),
                "bank": ("bank", request.bank),
            }[level]
            for rule in self.rules.get((level, command), ()):
                key = where, rule.after
                until = self.clock + rule.cycles, rule.name, self.clock
                if until > self._ready.get(key, START):
                    self._ready[key] = until
        if command == "ACT":
            self.open[bank] = request.row
        elif command == "ACT16":
            self.open = [request.row] * self.banks
        elif command == "PRE":
            self.open[bank] = -1
        elif command in ("PREA", "WRA16"):
            self.open = [-1] * self.banks
