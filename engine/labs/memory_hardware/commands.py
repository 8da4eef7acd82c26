"""The lab's commands for memories: ``trace``, ``generate`` and ``expand``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.core.arguments import Arguments
from engine.io.text import read_text

PROGRAM = "python -m engine memory_hardware"
TRACE_BYTES = 64_000_000
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
        "notes": []
        if run.energy_pj
        else [f"No energy: the currents of {device.title} are unknown."],
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
    """Generate tokens on a device; commands per channel, as all channels do the same.

    Energy is over all channels, by class; null where the device's currents are not known.
    """
    given = _model_parser("generate", "generate tokens on a device").parse_args(list(argv))

    from engine.labs.memory_hardware.fast import generate as run

    compiler = _compiler(given)
    totals = run(compiler, given.tokens, start=given.start, prompt=given.prompt)
    return tell_generation(compiler, totals, given.tokens, given.start)


def tell_generation(compiler: Any, totals: Any, tokens: int, start: int) -> dict[str, Any]:
    """The answer of ``generate``; speed-ups are those of the generated tokens."""
    from engine.labs.memory_hardware.baseline import cpu_ns, cpu_pj, gpu_ns, gpu_pj
    from engine.labs.memory_hardware.energy import energy
    from engine.labs.memory_hardware.mapping import footprint

    shape, tck = compiler.shape, compiler.device["timing.tck_ns"]
    before = totals.prefill
    prefill_ns = before.cycles * tck if before else 0.0
    generation_ns = totals.cycles * tck - prefill_ns
    seen = start + len(totals.token_end) - tokens
    ledger = energy(compiler, totals)
    own_pj = ledger.total_pj
    if own_pj is not None and before is not None:
        own_pj -= energy(compiler, before).total_pj or 0.0
    room = footprint(compiler, start + len(totals.token_end))
    notes = [compiler.device.note, *ledger.notes]
    if room.fits is False:
        notes.append(f"The model does not fit: it takes {room.used:,} of {room.rows:,} rows of a "
                     f"bank.")  # fmt: skip
    return {
        "model": shape.name,
        "device": compiler.device.name,
        "tokens": tokens,
        "total_ns": totals.cycles * tck,
        "prefill_ns": prefill_ns,
        "per_token_ns": generation_ns / tokens,
        "commands": {
            "ACT": totals.activates,
            "MAC": totals.macs,
            "RD": totals.reads,
            "WR": totals.writes,
            "PRE": totals.activates,
            "REF": totals.refreshes,
        },
        "hits": totals.hits,
        "hit_rate": totals.hits / (totals.hits + totals.misses),
        "energy_pj": ledger.pj,
        "energy_total_pj": ledger.total_pj,
        "speedup_gpu": gpu_ns(shape, tokens) / generation_ns,
        "speedup_cpu": cpu_ns(shape, tokens, seen) / generation_ns,
        "energy_ratio_gpu": own_pj and gpu_pj(shape, tokens) / own_pj,
        "energy_ratio_cpu": own_pj and cpu_pj(shape, tokens, seen) / own_pj,
        "ns_by_part": {
            f"{label} ({unit})": cycles * tck for (label, unit), cycles in totals.by_label.items()
        },
        "assumed": compiler.device.assumed,
        "rows_used": room.used,
        "rows": room.rows,
        "notes": [note for note in notes if note],
    }


def expand(argv: Sequence[str]) -> dict[str, Any]:
    """The commands of a window as a Parquet table, each with what it had waited for."""
    parser = _model_parser("expand", "all commands of a window of a generation")
    parser.add_argument("--from-ns", type=float, required=True)
    parser.add_argument("--to-ns", type=float, required=True)
    parser.add_argument("--out", required=True)
    given = parser.parse_args(list(argv))

    from engine.labs.memory_hardware.expand import expand as window
    from engine.labs.memory_hardware.table import cycles_of, write_parquet

    compiler = _compiler(given)
    tck = compiler.device["timing.tck_ns"]
    first, last = cycles_of(given.from_ns, given.to_ns, tck)
    commands = window(compiler, given.tokens, first, last, start=given.start, prompt=given.prompt)
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
    parser.add_argument("--prompt", type=int, default=0, help="tokens to process before the first")
    parser.add_argument("--keys", choices=("row", "column"), default="row")
    parser.add_argument("--values", choices=("row", "column"), default="column")
    parser.add_argument("--weights", choices=("columns", "rows"), default="columns")
    parser.add_argument("--overlap", action="store_true", help="input comes while rows multiply")
    parser.add_argument("--no-head", action="store_true", help="leave out the product of the head")
    parser.add_argument("--no-refresh", action="store_true", help="as if rows never faded")
    return parser


def _compiler(given: Any) -> Any:
    """The compiler of the same settings that the experiment has; raises BadInput."""
    from engine.core.digest import digest_bytes
    from engine.labs.memory_hardware.config import GenerationConfig
    from engine.labs.memory_hardware.serving import build_compiler

    brought: dict[str, bytes] = {}

    def put(data: bytes, name: str) -> str:
        address = f"input:{digest_bytes(data)}"
        brought[address] = data
        return address

    config = GenerationConfig.build(
        model=given.model,
        device=given.device,
        change=given.change,
        tokens=given.tokens,
        prompt=given.prompt,
        start=given.start,
        key_layout=given.keys,
        value_layout=given.values,
        weights=given.weights,
        overlap=given.overlap,
        head=not given.no_head,
        refresh=not given.no_refresh,
    )
    return build_compiler(config.grounded(put), brought.__getitem__)
