"""The eight GPT models and a chosen one, with and without head, beside a GPU and a CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.baseline import Baselines, cpu_ns, gpu_ns
from engine.labs.memory_hardware.config import SpeedupConfig
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Choices, Compiler
from engine.labs.memory_hardware.serving import build_device
from engine.labs.memory_hardware.shapes import GPT_SHAPES, SHAPES, Shape, load_shape

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


def ninth(model: str, shape: Shape) -> dict[str, Any] | None:
    """The fields of a chosen model's shape, for the notes; None where it is one of the eight."""
    return None if model in GPT_SHAPES else asdict(shape)


def names_of(own: dict[str, Any] | None) -> list[str]:
    """The names of the eight, and of the ninth where there is one."""
    return [*GPT_SHAPES, *([own["name"]] if own else [])]


def shapes_of(result: Result) -> list[Shape]:
    """The shapes of a result's models."""
    own = result.notes["own"]
    return [*(SHAPES[name] for name in GPT_SHAPES), *([Shape(**own)] if own else [])]


def columns(shape: dict[str, Any] | None) -> list[tuple[Shape, list[int]]]:
    """Shapes to run and the columns that each fills: the eight, and the ninth where there is one.

    Models of one shape are run once.
    """
    found = [
        (SHAPES[first], [GPT_SHAPES.index(name) for name in members])
        for first, members in distinct().items()
    ]
    return found if shape is None else [*found, (Shape(**shape), [len(GPT_SHAPES)])]


def speedup(
    config: SpeedupConfig, read: Callable[[str], bytes], progress: Progress = quiet
) -> Result:
    """Nanoseconds of all tokens: total_ns (head, model), gpu_ns and cpu_ns (model).

    The eight come first; a chosen model that is none of them is the ninth.
    """
    device, own = build_device(config), ninth(config.model, load_shape(config.model, read))
    runs = columns(own)
    models = names_of(own)
    total = np.zeros((len(HEADS), len(models)))
    done, work = 0, len(HEADS) * len(runs)
    for shape, places in runs:
        for head in range(len(HEADS)):
            compiler = Compiler(shape, device, Choices(head=bool(head)))
            totals = generate(compiler, config.tokens, refresh=config.refresh)
            total[head, places] = totals.cycles * device["timing.tck_ns"]
            done += 1
            progress(done, work)
    result = Result(
        fields={"total_ns": Field(total, ("head", "model"), "ns")},
        metrics={"tokens": config.tokens},
        notes={
            "models": models,
            "own": own,
            "heads": list(HEADS),
            "device": device.title,
            "assumed": device.assumed,
        },
    )
    return beside(result, config.baselines)


def beside(result: Result, given: Baselines) -> Result:
    """The same run beside another GPU and CPU: nothing has to be simulated again."""
    tokens = int(result.number("tokens"))
    shapes = shapes_of(result)
    gpu = np.array([gpu_ns(shape, tokens, given) for shape in shapes])
    cpu = np.array([cpu_ns(shape, tokens, given=given) for shape in shapes])
    fields = {"gpu_ns": Field(gpu, ("model",), "ns"), "cpu_ns": Field(cpu, ("model",), "ns")}
    total = result.array("total_ns")
    metrics = {
        f"speedup_{which}_{name}": float(value)
        for which, other in (("gpu", gpu), ("cpu", cpu))
        for name, value in zip(("least", "most"), _ends(other / total), strict=True)
    }
    return Result({**result.fields, **fields}, {**result.metrics, **metrics}, result.notes)


def _ends(ratios: np.ndarray) -> tuple[float, float]:
    """The least and the most of the eight: published ranges are theirs."""
    eight = ratios[:, : len(GPT_SHAPES)]
    return float(eight.min()), float(eight.max())
