"""The lab's commands for memories: ``trace``, ``generate`` and ``expand``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.core.arguments import Arguments
from engine.core.errors import BadInput
from engine.io.text import read_text

PROGRAM = "python -m engine memory_hardware"
TRACE_BYTES = 64_000_000
MOST_TOKENS = 8192
DIALECTS = ("aim", "dramsim3")


def trace(argv: Sequence[str]) -> dict[str, Any]:
    """Run a trace by the rules of the simulator whose language it is in.

    Cycles and counts of commands; energy in picojoule where the device's currents are known; what
    the simulator itself reports, where the trace is one of those. Raises BadInput naming the line.
    """
    parser = Arguments(f"{PROGRAM} trace", "run a trace of AiM instructions or DRAMsim3 requests")
    parser.add_argument("file")
    parser.add_argument("--dialect", required=True, choices=list(DIALECTS))
    parser.add_argument("--device", default="", help="another preset with the same constants")
    parser.add_argument("--change", default="", help="timing.rp=18 timing.faw=40")
    given = parser.parse_args(list(argv))

    from engine.labs.memory_hardware.device import load_device, parse_changes
    from engine.labs.memory_hardware.trace.known import reported
    from engine.labs.memory_hardware.trace.replay import DEVICES, replay

    device = load_device(given.device or DEVICES[given.dialect])
    text = read_text(Path(given.file), limit=TRACE_BYTES, field="trace")
    run = replay(text, given.dialect, device.changed(parse_changes(given.change)))
    known = reported(text)
    told = {
        "dialect": run.dialect,
        "device": device.name,
        "cycles": run.cycles,
        "ns": run.ns,
        "commands": dict(run.counts[0]) if run.counts else {},
        "energy_pj": run.energy_pj,
        "reported_cycles": known.cycles if known else None,
    }
    if run.dialect == "aim":
        return told | {
            "channel": run.channels[0][0][0] if run.channels else 0,
            "channels": [
                {"channels": list(members), "commands": dict(counts)}
                for (members, _), counts in zip(run.channels, run.counts, strict=True)
            ],
        }
    latencies = run.latencies
    return told | {
        "hits": run.hits,
        "unwritten": run.unwritten,
        "read_latency_cycles": sum(latencies) / len(latencies) if latencies else 0.0,
        "energy_units": sum(run.energy_units.values()) if run.energy_units else None,
    }


def generate(argv: Sequence[str]) -> dict[str, Any]:
    """Generate tokens on a device; per channel, as all channels do the same."""
    given = _model_parser("generate", "generate tokens on a device").parse_args(list(argv))

    from engine.labs.memory_hardware.baseline import cpu_ns, gpu_ns
    from engine.labs.memory_hardware.fast import generate as run

    compiler = _compiler(given)
    totals = run(compiler, given.tokens, start=given.start)
    tck = compiler.device["timing.tck_ns"]
    total_ns = totals.cycles * tck
    return {
        "model": compiler.shape.name,
        "device": compiler.device.name,
        "tokens": given.tokens,
        "total_ns": total_ns,
        "per_token_ns": total_ns / given.tokens,
        "commands": {
            "ACT": totals.activates,
            "MAC": totals.macs,
            "WR": totals.writes,
            "PRE": totals.activates,
            "REF": totals.refreshes,
        },
        "hits": totals.hits,
        "hit_rate": totals.hits / (totals.macs + totals.writes),
        "speedup_gpu": gpu_ns(compiler.shape, given.tokens) / total_ns,
        "speedup_cpu": cpu_ns(compiler.shape, given.tokens, given.start) / total_ns,
        "ns_by_part": {
            f"{label} ({unit})": cycles * tck for (label, unit), cycles in totals.by_label.items()
        },
        "assumed": _assumed(compiler.device),
    }


def expand(argv: Sequence[str]) -> dict[str, Any]:
    """The commands of a window as a Parquet table, each with what it had waited for."""
    parser = _model_parser("expand", "all commands of a window of a generation")
    parser.add_argument("--from-ns", type=float, required=True)
    parser.add_argument("--to-ns", type=float, required=True)
    parser.add_argument("--out", required=True)
    given = parser.parse_args(list(argv))

    from engine.labs.memory_hardware.expand import expand as window
    from engine.labs.memory_hardware.table import write_parquet

    compiler = _compiler(given)
    tck = compiler.device["timing.tck_ns"]
    first, last = int(given.from_ns // tck), int(-(-given.to_ns // tck))
    commands = window(compiler, given.tokens, first, last, start=given.start)
    path = write_parquet(commands, tck, Path(given.out))
    return {
        "out": str(path),
        "commands": len(commands),
        "from_ns": first * tck,
        "to_ns": last * tck,
    }


def _model_parser(name: str, description: str) -> Arguments:
    parser = Arguments(f"{PROGRAM} {name}", description)
    parser.add_argument("--model", required=True, help="a named shape or a config.json")
    parser.add_argument("--device", default="pim-gpt")
    parser.add_argument("--change", default="", help="timing.rp=18 mac.lanes=32")
    parser.add_argument("--tokens", type=int, default=1024)
    parser.add_argument("--start", type=int, default=0, help="tokens that are there already")
    parser.add_argument("--no-head", action="store_true", help="leave out the product of the head")
    return parser


def _compiler(given: Any) -> Any:
    from engine.labs.memory_hardware.device import load_device, parse_changes
    from engine.labs.memory_hardware.program import Choices, Compiler
    from engine.labs.memory_hardware.shapes import CONFIG_BYTES, SHAPES, read_shape

    if not 1 <= given.tokens <= MOST_TOKENS:
        raise BadInput("tokens", f"must be from 1 to {MOST_TOKENS} (got {given.tokens})")
    if not 0 <= given.start <= MOST_TOKENS - given.tokens:
        raise BadInput("start", f"must be from 0 to {MOST_TOKENS - given.tokens} "
                       f"(got {given.start})")  # fmt: skip
    device = load_device(given.device).changed(parse_changes(given.change))
    if given.model in SHAPES:
        shape = SHAPES[given.model]
    elif Path(given.model).suffix == ".json":
        path = Path(given.model)
        shape = read_shape(read_text(path, limit=CONFIG_BYTES, field="model"), path.name)
    else:
        raise BadInput("model", f"{given.model[:60]!r} is neither a config.json nor one of "
                       f"{', '.join(SHAPES)}")  # fmt: skip
    return Compiler(shape, device, Choices(head=not given.no_head))


def _assumed(device: Any) -> list[str]:
    return [name for name, constant in device.constants.items() if constant.source == "assumed"]
