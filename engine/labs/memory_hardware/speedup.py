"""The eight GPT models on a device, each with and without its head, beside a GPU and a CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.baseline import Baselines, cpu_ns, gpu_ns
from engine.labs.memory_hardware.config import SpeedupConfig
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.serving import build_device
from engine.labs.memory_hardware.shapes import GPT_SHAPES, SHAPES, Shape

HEADS = ("without head", "with head")
Progress = Callable[[float, float], None]


def quiet(done: float, total: float) -> None:
    """Progress that nobody waits for."""


def distinct(names: tuple[str, ...] = GPT_SHAPES) -> dict[str, list[str]]:
    """Models of one shape by the first of them: GPT-3's two smallest are GPT-2's."""
    groups: dict[Shape, list[str]] = {}
    for name in names:
        groups.setdefault(replace(SHAPES[name], name=""), []).append(name)
    return {members[0]: members for members in groups.values()}


def speedup(config: SpeedupConfig, progress: Progress = quiet) -> Result:
    """Nanoseconds of all tokens: total_ns (head, model), gpu_ns and cpu_ns (model)."""
    device = build_device(config)
    groups = distinct()
    total = np.zeros((len(HEADS), len(GPT_SHAPES)))
    done, work = 0, len(HEADS) * len(groups)
    for first, members in groups.items():
        for head in range(len(HEADS)):
            compiler = Compiler(SHAPES[first], device, Choices(head=bool(head)))
            totals = generate(compiler, config.tokens, refresh=config.refresh)
            for name in members:
                total[head, GPT_SHAPES.index(name)] = totals.cycles * device["timing.tck_ns"]
            done += 1
            progress(done, work)
    result = Result(
        fields={"total_ns": Field(total, ("head", "model"), "ns")},
        metrics={"tokens": config.tokens},
        notes={
            "models": list(GPT_SHAPES),
            "heads": list(HEADS),
            "device": device.title,
            "assumed": [n for n, c in device.constants.items() if c.source == "assumed"],
        },
    )
    return beside(result, config.baselines)


def beside(result: Result, given: Baselines) -> Result:
    """The same run beside another GPU and CPU: nothing has to be simulated again."""
    tokens = int(result.number("tokens"))
    shapes = [SHAPES[name] for name in result.notes["models"]]
    gpu = np.array([gpu_ns(shape, tokens, given) for shape in shapes])
    cpu = np.array([cpu_ns(shape, tokens, given=given) for shape in shapes])
    fields = {"gpu_ns": Field(gpu, ("model",), "ns"), "cpu_ns": Field(cpu, ("model",), "ns")}
    total = result.array("total_ns")
    metrics = {
        f"speedup_{which}_{name}": float(value)
        for which, other in (("gpu", gpu), ("cpu", cpu))
        for name, value in (("least", (other / total).min()), ("most", (other / total).max()))
    }
    return Result({**result.fields, **fields}, {**result.metrics, **metrics}, result.notes)
