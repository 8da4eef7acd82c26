"""One DRAMsim3 channel: a transaction queue, a command queue for each bank, refresh, open pages.

Each cycle returns what is done, issues at most one command, moves at most one transaction into a
command queue, and takes at most one request of the trace. Source: controller.cc, command_queue.cc
and refresh.cc of umd-memsys/DRAMsim3 (MIT), commit 29817593; the code is ours. Cycles in which
nothing can happen are left out, which changes no number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.labs.memory_hardware.trace.aim_channel import Issued
from engine.labs.memory_hardware.trace.dramsim3_banks import ACT, PRE, READ, REF, WRITE, Banks
from engine.labs.memory_hardware.trace.requests import Access

HIT_LIMIT = 4  # a row that served as many may be closed though others wait for it
FEW_WRITES = 8


@dataclass(frozen=True)
class Dramsim3Run:
    """What a trace did: ``cycles`` is the smallest budget in which every request is done.

    ``hits`` are accesses that found their row open and used; ``latency`` is the mean of the reads
    in cycles; ``active_cycles`` had a row open.
    """

    cycles: int
    counts: Mapping[str, int]
    hits: int
    latency: float
    active_cycles: int
    log: Sequence[Issued]


@dataclass(eq=False, slots=True)
class _Transaction:
    access: Access
    bank: int
    row: int
    column: int
    added: int = 0

    @property
    def kind(self) -> str:
        return WRITE if self.access.write else READ


@dataclass(eq=False)
class _State:
    timing: Mapping[str, int]
    banks: Banks
    organisation: Mapping[str, int]
    clock: int = 0
    reads: list[_Transaction] = field(default_factory=list)
    writes: list[_Transaction] = field(default_factory=list)
    draining: int = 0
    queues: list[list[_Transaction]] = field(default_factory=list)
    last_queue: int = 0
    refreshes: int = 0
    refreshing: bool = False
    pending_reads: dict[int, list[_Transaction]] = field(default_factory=dict)
    pending_writes: set[int] = field(default_factory=set)
    last_done: int = 0
    latencies: list[int] = field(default_factory=list)
    log: list[Issued] = field(default_factory=list)
    hits: int = 0
    active_cycles: int = 0


def run_dramsim3(
    accesses: Sequence[Access],
    timing: Mapping[str, int],
    organisation: Mapping[str, int],
    *,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Dramsim3Run:
    """Run a parsed trace until every request is done."""
    banks = Banks(organisation["banks"], timing)
    state = _State(timing, banks, organisation, queues=[[] for _ in range(banks.count)])
    next_access = 0
    while next_access < len(accesses) or state.pending_reads or state.clock <= state.last_done:
        happened = _tick(state)
        waits = next_access < len(accesses) and accesses[next_access].cycle < state.clock
        if waits and _accept(state, accesses[next_access]):
            next_access += 1
            happened = True
            if next_access % 1000 == 0:
                progress(next_access, len(accesses))
        if not happened:
            more = next_access < len(accesses)
            arrival = accesses[next_access].cycle if more else state.last_done + 1
            _skip(state, arrival)
    return Dramsim3Run(
        state.last_done + 1,
        dict(Counter(one.command for one in state.log)),
        state.hits,
        sum(state.latencies) / len(state.latencies) if state.latencies else 0.0,
        state.active_cycles,
        tuple(state.log),
    )


def energy_units(
    run: Dramsim3Run,
    timing: Mapping[str, float],
    currents: Mapping[str, float],
    devices: int,
) -> dict[str, float]:
    """Energy by class in volt x milliampere x cycle, as DRAMsim3 counts; times tCK in ns it is pJ.

    Background is the standby current of open and of closed banks in every cycle of the run.
    """
    i, volts = currents, currents["vdd"] * devices
    cycle = timing["ras"] + timing["rp"]
    activate = i["idd0"] * cycle - (i["idd3n"] * timing["ras"] + i["idd2n"] * timing["rp"])
    return {
        "activate": volts * activate * run.counts.get(ACT, 0),
        "read": volts * (i["idd4r"] - i["idd3n"]) * timing["burst"] * run.counts.get(READ, 0),
        "write": volts * (i["idd4w"] - i["idd3n"]) * timing["burst"] * run.counts.get(WRITE, 0),
        "refresh": volts * (i["idd5ab"] - i["idd3n"]) * timing["rfc"] * run.counts.get(REF, 0),
        "active standby": volts * i["idd3n"] * run.active_cycles,
        "precharge standby": volts * i["idd2n"] * (run.cycles - run.active_cycles),
    }


def _tick(state: _State) -> bool:
    if state.clock and state.clock % state.timing["refi"] == 0:
        state.refreshes += 1
    happened = _issue_one(state)
    state.active_cycles += any(row >= 0 for row in state.banks.row)
    happened |= _schedule(state)
    state.clock += 1
    return happened


def _accept(state: _State, access: Access) -> bool:
    """Take a request after the tick; the controller's clock stands one further already."""
    queue = state.writes if access.write else state.reads
    if len(queue) >= state.organisation["transaction_queue"]:
        return False
    bank, row, column = _place(access.address, state.organisation)
    one = _Transaction(access, bank, row, column, state.clock)
    if access.write:
        if access.address not in state.pending_writes:  # else it is merged
            state.pending_writes.add(access.address)
            state.writes.append(one)
        state.last_done = max(state.last_done, state.clock + 1)
    elif access.address in state.pending_writes:
        state.last_done = max(state.last_done, state.clock + 1)
        state.latencies.append(1)
    else:
        waiting = state.pending_reads.setdefault(access.address, [])
        waiting.append(one)
        if len(waiting) == 1:
            state.reads.append(one)
    return True


def _place(address: int, organisation: Mapping[str, int]) -> tuple[int, int, int]:
    """Bank, row and column: from below offset, column, bank, row."""
    rest = address // organisation["request_bytes"]
    rest, column = divmod(rest, organisation["row_requests"])
    row, bank = divmod(rest, organisation["banks"])
    return bank, row, column


def _issue_one(state: _State) -> bool:
    banks = state.banks
    if state.refreshes:
        state.refreshing = True
        step = banks.refresh_step(state.clock)
        if step is not None:
            command, bank = step
            if command == REF:
                state.refreshes -= 1
                state.refreshing = False
            _issue(state, command, bank, -1, -1)
            return True
    if state.refreshing:
        return False  # every queue waits for the refresh
    for _ in state.queues:
        state.last_queue = (state.last_queue + 1) % len(state.queues)
        queue = state.queues[state.last_queue]
        for place, one in enumerate(queue):
            command = banks.needs(one.kind, one.bank, one.row)
            if state.clock < banks.ready_from(command, one.bank)[0]:
                continue
            if command == PRE and not _may_close(state, queue, place):
                continue
            if command == WRITE and _reads_before(queue, place):
                continue
            if command in (READ, WRITE):
                queue.pop(place)
                _done(state, one)
            _issue(state, command, one.bank, one.row, one.access.line)
            return True
    return False


def _may_close(state: _State, queue: list[_Transaction], place: int) -> bool:
    """Only the first of a bank closes its row, when nobody waits for it or it had enough."""
    if place:
        return False
    bank = queue[place].bank
    wanted = any(one.row == state.banks.row[bank] for one in queue)
    return not wanted or state.banks.hits[bank] >= HIT_LIMIT


def _reads_before(queue: list[_Transaction], place: int) -> bool:
    write = queue[place]
    return any(
        one.kind == READ and (one.row, one.column) == (write.row, write.column)
        for one in queue[:place]
    )


def _done(state: _State, one: _Transaction) -> None:
    if one.access.write:
        state.pending_writes.discard(one.access.address)
        return
    end = state.clock + state.timing["cl"] + state.timing["burst"]
    for waiting in state.pending_reads.pop(one.access.address):
        state.latencies.append(end - waiting.added)
    state.last_done = max(state.last_done, end)


def _issue(state: _State, command: str, bank: int, row: int, line: int) -> None:
    _, because, since = state.banks.ready_from(command, max(bank, 0))
    if command in (READ, WRITE):
        state.hits += state.banks.hits[bank] > 0
    state.log.append(Issued(state.clock, command, bank, row, because, since, line))
    state.banks.issue(command, bank, row, state.clock)


def _schedule(state: _State) -> bool:
    """Move one transaction to its bank's queue: reads, or writes while the buffer is drained."""
    if not state.draining:
        full = len(state.writes) >= state.organisation["transaction_queue"]
        idle = len(state.writes) > FEW_WRITES and not any(state.queues)
        if full or idle:
            state.draining = len(state.writes)
    queue = state.writes if state.draining else state.reads
    for place, one in enumerate(queue):
        if len(state.queues[one.bank]) >= state.organisation["command_queue"]:
            continue
        if one.access.write:
            if one.access.address in state.pending_reads:
                state.draining = 0
                return True
            state.draining -= 1
        state.queues[one.bank].append(one)
        queue.pop(place)
        return True
    return False


def _skip(state: _State, arrival: int) -> None:
    """Jump to the next cycle at which a command, a refresh or an arrival can come."""
    refi = state.timing["refi"]
    times = [-(-state.clock // refi) * refi, max(arrival, state.clock)]
    if state.refreshes:
        times.append(state.banks.refresh_ready())
    else:
        times += [
            state.banks.ready_from(state.banks.needs(one.kind, one.bank, one.row), one.bank)[0]
            for queue in state.queues
            for one in queue
        ]
    later = [time for time in times if time >= state.clock]
    there = min(later, default=state.clock)
    if any(time < state.clock for time in times):
        there = state.clock  # something is ready and waits for its turn
    passed = max(there - state.clock, 0)
    if any(row >= 0 for row in state.banks.row):
        state.active_cycles += passed
    # The round robin goes once around in each cycle without a command, so it stays where it is.
    state.clock += passed
