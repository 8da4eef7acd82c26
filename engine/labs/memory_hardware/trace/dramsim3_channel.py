"""One DRAMsim3 channel: a transaction queue, a command queue for each bank, refresh, open pages.

Each cycle issues at most one command and moves at most one transaction into a command queue.
Source: controller.cc, command_queue.cc and refresh.cc of umd-memsys/DRAMsim3 (MIT), commit
29817593; the code is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.core.errors import BadInput
from engine.labs.memory_hardware.trace.dramsim3_banks import PRE, READ, REF, WRITE, Banks
from engine.labs.memory_hardware.trace.issued import Issued, binding
from engine.labs.memory_hardware.trace.lines import FIELD
from engine.labs.memory_hardware.trace.requests import Access

HIT_LIMIT = 4  # a row that served as many may be closed though others wait for it
FEW_WRITES = 8
NEVER = 1 << 62


@dataclass(eq=False, slots=True)
class Transaction:
    """A request on its way; ``queued`` is the cycle in which it came into a command queue."""

    access: Access
    bank: int
    row: int
    column: int
    added: int
    queued: int = 0

    @property
    def kind(self) -> str:
        """RD or WR."""
        return WRITE if self.access.write else READ


@dataclass(eq=False)
class Dramsim3Channel:
    """The state of the channel; ``clock`` counts the cycles that are over."""

    timing: Mapping[str, int]
    organisation: Mapping[str, int]
    clock: int = 0
    log: list[Issued] = field(default_factory=list)
    hits: int = 0
    active_cycles: int = 0
    latencies: list[int] = field(default_factory=list)
    last_read: int = 0  # when the last read that was served is done
    last_write: int = 0
    reads: list[Transaction] = field(default_factory=list)
    writes: list[Transaction] = field(default_factory=list)
    pending_reads: dict[int, list[Transaction]] = field(default_factory=dict)
    pending_writes: set[int] = field(default_factory=set)
    draining: int = 0
    served: int = 0  # when the last access was
    refreshes: int = 0
    refreshing: bool = False

    def __post_init__(self) -> None:
        self.banks = Banks(self.organisation["banks"], self.timing)
        self.queues: list[list[Transaction]] = [[] for _ in range(self.banks.count)]
        self._last_queue = 0
        # Before that cycle no command of a queue can be issued, as far as is known.
        self._wake = [NEVER] * self.banks.count
        self._stuck = False  # no transaction can move before something changes

    def tick(self) -> bool:
        """One cycle; True where anything happened."""
        if self.clock and self.clock % self.timing["refi"] == 0:
            self.refreshes += 1
        happened = self._issue_one()
        self.active_cycles += self.banks.open > 0
        happened |= self._schedule()
        self.clock += 1
        return happened

    def accept(self, access: Access) -> bool:
        """Take a request after the tick, with the clock at the next; False where there is no room.

        A write is done as soon as it is buffered, and answers reads of its address.
        """
        queue = self.writes if access.write else self.reads
        if len(queue) >= self.organisation["transaction_queue"]:
            return False
        one = Transaction(access, *self._place(access.address), self.clock)
        if access.write:
            if access.address not in self.pending_writes:  # else it is merged
                self.pending_writes.add(access.address)
                self.writes.append(one)
            self.last_write = self.clock + 1
        elif access.address in self.pending_writes:
            self.last_read = max(self.last_read, self.clock + 1)
            self.latencies.append(1)
        else:
            waiting = self.pending_reads.setdefault(access.address, [])
            waiting.append(one)
            if len(waiting) == 1:
                self.reads.append(one)
        self._stuck = False
        return True

    def skip(self, arrival: int) -> None:
        """After a tick in which nothing happened: on to the next command, refresh or arrival."""
        refi = self.timing["refi"]
        there = min(-(-self.clock // refi) * refi, max(arrival, self.clock))
        there = min(there, self.banks.refresh_ready() if self.refreshes else min(self._wake))
        passed = max(there - self.clock, 0)
        if self.banks.open:
            self.active_cycles += passed
        # The round robin goes once around in each cycle without a command, so it stays where it is.
        self.clock += passed

    def _place(self, address: int) -> tuple[int, int, int]:
        """Bank, row and column: from below offset, column, bank, row."""
        rest, column = divmod(
            address // self.organisation["request_bytes"], self.organisation["row_requests"]
        )
        row, bank = divmod(rest, self.organisation["banks"])
        return bank, row, column

    def _issue_one(self) -> bool:
        if self.refreshes:
            self.refreshing = True
            step = self.banks.refresh_step(self.clock)
            if step is not None:
                command, bank = step
                if command == REF:
                    self.refreshes -= 1
                    self.refreshing = False
                ready = self.banks.ready_for_refresh(command, bank)
                asked = self.clock - self.clock % self.timing["refi"]
                self._issue(command, bank, -1, 0, binding(ready, self.clock, asked))
                return True
        if self.refreshing:
            return False  # every queue waits for the refresh
        for _ in self.queues:
            self._last_queue = (self._last_queue + 1) % len(self.queues)
            if self._wake[self._last_queue] <= self.clock and self._issue_from(self._last_queue):
                return True
        return False

    def _issue_from(self, bank: int) -> bool:
        """Issue the first command of a bank's queue that can be; else note when to look again."""
        queue = self.queues[bank]
        wake = NEVER
        for place, one in enumerate(queue):
            command = self.banks.needs(one.kind, bank, one.row)
            ready = self.banks.ready_from(command, bank)
            if self.clock < ready[0]:
                wake = min(wake, ready[0])
                continue
            if command == PRE and not self._may_close(queue, place):
                continue
            if command == WRITE and _reads_before(queue, place):
                continue
            if command in (READ, WRITE):
                queue.pop(place)
                self._done(one)
            reason = binding(ready, self.clock, one.queued + 1)
            self._issue(command, bank, one.row, one.access.line, reason)
            return True
        self._wake[bank] = wake
        return False

    def _may_close(self, queue: list[Transaction], place: int) -> bool:
        """Only the first of a bank closes its row, when nobody waits for it or it had enough."""
        if place:
            return False
        bank = queue[place].bank
        wanted = any(one.row == self.banks.row[bank] for one in queue)
        return not wanted or self.banks.hits[bank] >= HIT_LIMIT

    def _done(self, one: Transaction) -> None:
        self._stuck = False
        self.served = self.clock
        if one.access.write:
            self.pending_writes.discard(one.access.address)
            return
        end = self.clock + self.timing["cl"] + self.timing["burst"]
        for waiting in self.pending_reads.pop(one.access.address):
            self.latencies.append(end - waiting.added)
        self.last_read = max(self.last_read, end)

    def _issue(self, command: str, bank: int, row: int, line: int, reason: tuple[str, int]) -> None:
        if command in (READ, WRITE):
            self.hits += self.banks.hits[bank] > 0
        self.log.append(Issued(self.clock, command, bank, row, *reason, line))
        self.banks.issue(command, bank, row, self.clock)
        for changed in range(self.banks.count) if command == REF else (bank,):
            self._wake[changed] = self.clock + 1 if self.queues[changed] else NEVER

    def _schedule(self) -> bool:
        """Move one transaction to its bank's queue: reads, or writes while these are drained."""
        if self._stuck:
            return False
        if not self.draining:
            full = len(self.writes) >= self.organisation["transaction_queue"]
            idle = len(self.writes) > FEW_WRITES and not any(self.queues)
            if full or idle:
                self.draining = len(self.writes)
        queue = self.writes if self.draining else self.reads
        for place, one in enumerate(queue):
            if len(self.queues[one.bank]) >= self.organisation["command_queue"]:
                continue
            if one.access.write:
                if one.access.address in self.pending_reads:
                    self._check_progress(one)
                    self.draining = 0
                    return True
                self.draining -= 1
            one.queued = self.clock
            self.queues[one.bank].append(one)
            self._wake[one.bank] = min(self._wake[one.bank], self.clock + 1)
            queue.pop(place)
            return True
        self._stuck = True
        return False

    def _check_progress(self, write: Transaction) -> None:
        """A write waits for a read of its address that writes keep out: this never ends."""
        if not any(self.queues):
            raise BadInput(
                FIELD,
                f"line {write.access.line}: this write waits for a read of the same address, and "
                "the full write buffer keeps that read out; DRAMsim3 never ends on this trace",
            )


def _reads_before(queue: list[Transaction], place: int) -> bool:
    write = queue[place]
    return any(
        one.kind == READ and (one.row, one.column) == (write.row, write.column)
        for one in queue[:place]
    )
