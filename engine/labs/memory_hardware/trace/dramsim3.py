"""A trace of requests through one DRAMsim3 channel, to the cycle, with its energy.

Each cycle serves the channel and then takes at most one request of the trace. Cycles in which
nothing can happen are left out, which changes no number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.trace.dramsim3_banks import ACT, READ, REF, WRITE
from engine.labs.memory_hardware.trace.dramsim3_channel import NEVER, Dramsim3Channel
from engine.labs.memory_hardware.trace.issued import Issued
from engine.labs.memory_hardware.trace.lines import FIELD
from engine.labs.memory_hardware.trace.requests import Access

PATIENCE = 20  # times the sum of all timing values: an access is always served sooner
MOST_REFRESHES = 100_000


@dataclass(frozen=True)
class Dramsim3Run:
    """What a trace did until its last read was done.

    ``cycles`` is the smallest budget in which every read is done, or every write of a trace without
    reads: what is measured of DRAMsim3. ``unwritten`` writes still stood in the buffer then.
    ``hits`` are accesses that found their row open and used; ``latencies`` are those of the reads
    in cycles, in the order in which they were served; ``active_cycles`` had a row open.
    """

    cycles: int
    counts: Mapping[str, int]
    hits: int
    unwritten: int
    latencies: Sequence[int]
    active_cycles: int
    log: Sequence[Issued]

    @property
    def latency(self) -> float:
        """Mean latency of the reads in cycles; 0 where there are none."""
        return sum(self.latencies) / len(self.latencies) if self.latencies else 0.0


def run_dramsim3(
    accesses: Sequence[Access],
    timing: Mapping[str, int],
    organisation: Mapping[str, int],
    *,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Dramsim3Run:
    """Run a parsed trace on a device with ``timing`` in cycles.

    Raises BadInput("trace") with the line for an address outside the channel, for a request so late
    that more than 100,000 refreshes come before it, and for a trace that never ends;
    BadInput("device") where refreshes leave no time for requests.
    """
    _check(accesses, organisation)
    check_length(accesses, timing)
    channel = Dramsim3Channel(timing, organisation)
    reads = [i for i, one in enumerate(accesses) if not one.write]
    needed = reads[-1] + 1 if reads else len(accesses)
    patience = PATIENCE * sum(timing.values())
    place = moved = 0

    def end() -> int:
        return channel.last_read if reads else channel.last_write

    while place < needed or channel.pending_reads or channel.clock <= end():
        happened = channel.tick()
        arrival = accesses[place].cycle if place < len(accesses) else NEVER
        if arrival < channel.clock:
            if channel.accept(accesses[place]):
                place += 1
                happened = True
                moved = channel.clock
                if place % 1000 == 0:
                    progress(place, len(accesses))
            else:
                arrival = NEVER  # it comes in when another has left, which is no matter of time
        if not happened:
            all_in = place >= needed and not channel.pending_reads
            channel.skip(min(arrival, end() + 1 if all_in else NEVER))
        if channel.clock - max(moved, channel.served) > patience and (
            channel.pending_reads or arrival == NEVER
        ):
            raise BadInput("device", "refreshes leave no time for requests")
    return Dramsim3Run(
        end() + 1,
        dict(Counter(one.command for one in channel.log)),
        channel.hits,
        len(channel.pending_writes),
        tuple(channel.latencies),
        channel.active_cycles,
        tuple(channel.log),
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


def check_length(accesses: Sequence[Access], timing: Mapping[str, int]) -> None:
    """Raise BadInput("trace") where the refreshes before the last request are too many to list."""
    last = max(accesses, key=lambda one: one.cycle)
    refreshes = last.cycle // max(1, timing["refi"])
    if refreshes > MOST_REFRESHES:
        raise BadInput(FIELD, f"line {last.line}: {refreshes:,} refreshes come before cycle "
                       f"{last.cycle:,}; at most {MOST_REFRESHES:,} are run")  # fmt: skip


def _check(accesses: Sequence[Access], organisation: Mapping[str, int]) -> None:
    o = organisation
    size = o["rows"] * o["banks"] * o["row_requests"] * o["request_bytes"]
    for one in accesses:
        if one.address >= size:
            raise BadInput(FIELD, f"line {one.line}: the address must be below {size:#x} "
                           f"({o['rows']} rows of {o['banks']} banks; got {one.address:#x})"
                           )  # fmt: skip
