"""One model on a node, updated in four ways, as a Result: spans, phases, memory, sweeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.io.text import read_text
from engine.labs.memory_hardware.config import TrainingConfig
from engine.labs.memory_hardware.config.offload import RUNS_BYTES
from engine.labs.memory_hardware.offload.capacity import Activations
from engine.labs.memory_hardware.offload.fit import best_stride
from engine.labs.memory_hardware.offload.iteration import (
    EVERY_LANE,
    PHASES,
    Iterations,
    simulate,
)
from engine.labs.memory_hardware.offload.memory import (
    GB,
    Footprint,
    after_forward,
    gpu_memory,
    host_memory,
)
from engine.labs.memory_hardware.offload.node import Node
from engine.labs.memory_hardware.offload.plan import Plan
from engine.labs.memory_hardware.offload.presets import Preset, load_node
from engine.labs.memory_hardware.offload.step import step_seconds
from engine.labs.memory_hardware.offload.utilisation import FIELD, read_utilisation
from engine.labs.memory_hardware.offload.work import Work

MODES = ("default", "flush", "interleaved", "delayed")
ITERATIONS = {"delayed": 4}
STRIDES = range(2, 17)
RATIOS = np.linspace(0.0, 1.0, 11)
KINDS = ("forward", "backward", "cast up", "gradients", "update", "cast down", "new parameters",
         "state", "reduce-scatter", "all-gather", "other")  # fmt: skip
VOCABULARY = 32000


def training(
    config: TrainingConfig,
    read: Callable[[str], bytes],
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """Fields by span, by mode and phase, by point in time, by stride and by ratio.

    ``read`` gives the bytes of measured samples, where there are some. Raises BadInput.
    """
    preset = load_node(config.node).for_ranks(config.gpus).changed(config.changes)
    node = preset.node
    work = Work(config.billions * 1e9, config.sequence * config.micro_batch)
    plans = build_plans(config, preset)
    made = {}
    for i, (mode, plan) in enumerate(plans.items()):
        progress(i, len(MODES) + 2)
        made[mode] = simulate(plan, node, work, iterations=ITERATIONS.get(mode, 2),
                              gpus=config.gpus, fabric=preset.fabric)  # fmt: skip
    progress(len(MODES), len(MODES) + 2)
    sweeps = _strides(plans["interleaved"], node, made) | _ratios(plans, node)
    footprint = Footprint(
        config.parameters,
        config.fixed_gb * GB,
        Activations(config.sequence, config.micro_batch, True, VOCABULARY),
        config.hidden,
        config.layers,
    )
    return Result(
        fields={**_spans(made), **_memory(made, plans, footprint), **_phases(made), **sweeps,
                **_measured(config, read)},
        metrics={
            "parameters": config.parameters,
            "subgroups": len(plans["default"].sizes),
            "balance_stride": min(best_stride(node), 1e6),
            "host_gb": host_memory(plans["default"]),
            "gpu_gb": preset.gpu_memory_gb,
            "after_forward_gb": after_forward(plans["default"], footprint),
            **{f"{mode}_s": one.seconds for mode, one in made.items()},
            **{f"{name}_rate": getattr(node, name) for name in ("link", "cpu_adam", "host")},
        },
        notes={
            "node": config.node,
            "title": preset.title,
            "billions": config.billions,
            "ratio": config.ratio,
            "stride": config.stride,
            "settings": {
                name: getattr(config, name)
                for name in ("gpus", "sequence", "micro_batch", "subgroup", "stride")
            },
            "lanes": list(EVERY_LANE),
            "kinds": list(KINDS),
            "modes": list(MODES),
            "phases": list(PHASES),
            "rates": {
                name: {"value": rate.value, "source": rate.source, "low": rate.low,
                       "high": rate.high}
                for name, rate in preset.rates.items()
            },
            "node_note": preset.note,
            "fitted_by": preset.fitted_by,
        },
    )  # fmt: skip


def build_plans(config: TrainingConfig, preset: Preset) -> dict[str, Plan]:
    """A plan for each mode, in the order in which each adds one thing to the one before."""
    base = Plan(config.parameters, config.subgroup * 1e6, config.ratio, tiled=preset.tiled)
    late = replace(base, flush="async")
    return {
        "default": base,
        "flush": late,
        "interleaved": replace(late, stride=config.stride),
        "delayed": replace(late, delayed=0),
    }


def _spans(made: dict[str, Iterations]) -> dict[str, Field]:
    """Spans of every mode, by their start; ``cause`` counts within the mode."""
    columns: dict[str, list[np.ndarray]] = {}
    for number, one in enumerate(made.values()):
        schedule = one.schedule
        order = np.argsort(schedule.start, kind="stable")
        place = np.empty(len(order) + 1, dtype=np.int32)
        place[order], place[-1] = np.arange(len(order)), -1
        tasks = [schedule.tasks[i] for i in order]
        table = {
            "start": schedule.start[order],
            "end": schedule.end[order],
            "cause": place[schedule.cause[order]],
            "lane": np.array([EVERY_LANE.index(task.lane) for task in tasks], np.int16),
            "kind": np.array([KINDS.index(task.kind) for task in tasks], np.int16),
            "item": np.array([task.item for task in tasks], np.int32),
            "iteration": np.array([task.iteration for task in tasks], np.int16),
            "mode": np.full(len(tasks), number, np.int16),
        }
        for name, column in table.items():
            columns.setdefault(name, []).append(column)
    return {
        name: Field(np.concatenate(parts), ("span",), "s" if name in ("start", "end") else "1")
        for name, parts in columns.items()
    }


def _memory(
    made: dict[str, Iterations], plans: dict[str, Plan], footprint: Footprint
) -> dict[str, Field]:
    """GB on the GPU in time, of every mode."""
    held = [gpu_memory(one, plans[mode], footprint) for mode, one in made.items()]
    mode = np.repeat(np.arange(len(held), dtype=np.int16), [len(one.time) for one in held])
    return {
        "memory_time": Field(np.concatenate([one.time for one in held]), ("point",), "s"),
        "memory_gb": Field(np.concatenate([one.gb for one in held]), ("point",), "GB"),
        "memory_mode": Field(mode, ("point",)),
    }


def _measured(config: TrainingConfig, read: Callable[[str], bytes]) -> dict[str, Field]:
    """Samples of a visitor's own run; their seconds count from where an iteration begins."""
    if not config.utilisation:
        return {}
    text = read_text(read(config.utilisation), limit=RUNS_BYTES, field=FIELD)
    found = read_utilisation(text)
    if config.begins >= found.time[-1]:
        raise BadInput("begins", f"must be below the last sample's {found.time[-1]:g} s "
                       f"(got {config.begins:g})")  # fmt: skip
    return {
        "sample_time": Field(found.time - config.begins, ("sample",), "s"),
        "sample": Field(found.values, ("quantity", "sample")),
    }


def _phases(made: dict[str, Iterations]) -> dict[str, Field]:
    table = [[one.phases[phase] for phase in PHASES] for one in made.values()]
    return {"phase_s": Field(np.array(table), ("mode", "phase"), "s")}


def _strides(plan: Plan, node: Node, made: dict[str, Iterations]) -> dict[str, Field]:
    """The step for every stride; forward and backward hardly depend on it."""
    seconds = [step_seconds(replace(plan, stride=k), node) for k in STRIDES]
    return {
        "stride": Field(np.array(STRIDES), ("stride",)),
        "stride_step_s": Field(np.array(seconds), ("stride",), "s"),
        "host_step_s": Field(np.array([made["flush"].phases["step"]]), ("one",), "s"),
    }


def _ratios(plans: dict[str, Plan], node: Node) -> dict[str, Field]:
    def steps(mode: str) -> Iterator[float]:
        for ratio in RATIOS:
            yield step_seconds(replace(plans[mode], ratio=float(ratio)), node)

    table = [list(steps(mode)) for mode in ("flush", "interleaved")]
    return {
        "ratio": Field(RATIOS.copy(), ("ratio",)),
        "ratio_step_s": Field(np.array(table), ("updated by", "ratio"), "s"),
    }
