"""A trace of either language on a device: what ran, how long, and how much energy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.core.errors import BadInput
from engine.labs.memory_hardware.device import Device, load_device
from engine.labs.memory_hardware.trace.issued import Issued
from engine.labs.memory_hardware.trace.lines import Dialect

DEVICES: Mapping[Dialect, str] = {"aim": "aim", "dramsim3": "gddr6-dramsim3"}
Progress = Callable[[float, float], None]
MOST_BANKS = 64


@dataclass(frozen=True)
class Replay:
    """What a trace did.

    ``channels``: for each kind of channel, those that did the same, and the commands of one of
    them. ``latencies`` of reads in cycles, ``hits``, ``unwritten`` and ``energy_units`` (volt x
    milliampere x cycle by class) are known of DRAMsim3 requests only.
    """

    dialect: Dialect
    device: Device
    cycles: int
    channels: Sequence[tuple[tuple[int, ...], Sequence[Issued]]]
    counts: Sequence[Mapping[str, int]]
    hits: int | None = None
    unwritten: int = 0
    latencies: Sequence[int] = ()
    energy_units: Mapping[str, float] | None = None

    @property
    def ns(self) -> float:
        """How long it took."""
        return self.cycles * self.device["timing.tck_ns"]

    @property
    def energy_pj(self) -> dict[str, float] | None:
        """Energy by class, or None where the currents are not known."""
        if self.energy_units is None:
            return None
        tck = self.device["timing.tck_ns"]
        return {name: units * tck for name, units in self.energy_units.items()}


def replay(
    text: str,
    dialect: Dialect,
    device: Device,
    progress: Progress = lambda done, total: None,
) -> Replay:
    """Read the whole trace, then run it by the rules of the simulator whose language it is in.

    Raises BadInput naming the line, or the constant that the device has not.
    """
    check_device(dialect, device)
    return _aim(text, device, progress) if dialect == "aim" else _dramsim3(text, device, progress)


def check_device(dialect: Dialect, device: Device) -> None:
    """Raise BadInput("device") for a device on which such traces cannot run."""
    own = load_device(DEVICES[dialect])
    needed = [name for name in own.constants if name.startswith(("timing.", "organisation."))]
    for name in needed:
        if name not in device.constants:
            raise BadInput("device", f"traces of {dialect} need {name}, which {device.title} has "
                           f"not; they run on {DEVICES[dialect]}")  # fmt: skip
    for name in needed if dialect == "aim" else ():
        if name.startswith("organisation.") and device[name] != own[name]:
            raise BadInput("device", f"{name} is fixed in the AiM simulator, {own[name]:g}")
    if device["organisation.banks"] > MOST_BANKS:
        raise BadInput("device", f"organisation.banks must be from 1 to {MOST_BANKS}")


def _aim(text: str, device: Device, progress: Progress) -> Replay:
    from engine.labs.memory_hardware.trace.aim_system import run_aim
    from engine.labs.memory_hardware.trace.instructions import parse_aim

    banks = device.whole("organisation.banks")
    run = run_aim(parse_aim(text), device.cycles(), banks=banks, progress=progress)
    busy = [(members, log) for members, log in run.channels if log]
    return Replay(
        "aim",
        device,
        run.cycles,
        busy,
        [run.counts(members[0]) for members, _ in busy],
    )


def _dramsim3(text: str, device: Device, progress: Progress) -> Replay:
    from engine.labs.memory_hardware.trace.dramsim3 import energy_units, run_dramsim3
    from engine.labs.memory_hardware.trace.requests import parse_dramsim3

    organisation = {name: int(value) for name, value in device.section("organisation").items()}
    timing, currents = device.cycles(), device.section("currents")
    run = run_dramsim3(parse_dramsim3(text), timing, organisation, progress=progress)
    known = "vdd" in currents
    return Replay(
        "dramsim3",
        device,
        run.cycles,
        [((0,), run.log)],
        [dict(run.counts)],
        run.hits,
        run.unwritten,
        run.latencies,
        energy_units(run, timing, currents, organisation["devices"]) if known else None,
    )
