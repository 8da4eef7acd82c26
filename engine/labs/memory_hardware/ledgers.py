"""Energy ledgers side by side: eight GPT models and the chosen one, that one on all devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from engine.core.result import Field, Result
from engine.labs.memory_hardware.baseline import Baselines, cpu_pj, gpu_pj
from engine.labs.memory_hardware.config import EnergyConfig
from engine.labs.memory_hardware.device import Device, device_names, load_device
from engine.labs.memory_hardware.energy import Ledger, energy_by_part
from engine.labs.memory_hardware.energy import energy as ledger_of
from engine.labs.memory_hardware.fast import generate
from engine.labs.memory_hardware.program import Compiler
from engine.labs.memory_hardware.serving import build_device, choices_of
from engine.labs.memory_hardware.shapes import Shape, load_shape
from engine.labs.memory_hardware.speedup import HEADS, columns, names_of, ninth, shapes_of

CLASSES = ("activate", "mac column", "mac unit", "read", "write", "refresh", "active standby",
           "precharge standby", "link", "asic")  # fmt: skip


def energy(
    config: EnergyConfig,
    read: Callable[[str], bytes],
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Result:
    """Picojoule a token: model_pj (head, model, class), device_pj (device, class), part_pj (part,
    class); NaN where a device's currents are not known. gpu_pj and cpu_pj (model,).

    The eight GPT models come first; a chosen model that is none of them is the ninth.
    """
    device, shape = build_device(config), load_shape(config.model, read)
    devices = {name: load_device(name) for name in device_names()}
    if config.change:
        devices[f"{config.device}, {config.change}"] = device
    own = ninth(config.model, shape)
    runs, models = columns(own), names_of(own)
    work, done = len(HEADS) * len(runs) + len(devices) + 1, 0

    def book(at: Device, of: Shape, head: bool) -> Ledger:
        nonlocal done
        compiler = _compiler(config, of, at, head)
        found = ledger_of(compiler, generate(compiler, config.tokens))
        done += 1
        progress(done, work)
        return found

    model_pj = np.full((len(HEADS), len(models), len(CLASSES)), np.nan)
    for of, places in runs:
        for head in range(len(HEADS)):
            model_pj[head, places] = _row(book(device, of, bool(head)), config.tokens)
    ledgers = [book(one, shape, config.head) for one in devices.values()]
    chosen = book(device, shape, config.head)
    parts = _parts(config, shape, device)
    result = Result(
        fields={
            "model_pj": Field(model_pj, ("head", "model", "class"), "pJ"),
            "device_pj": Field(np.array([_row(one, config.tokens) for one in ledgers]),
                               ("device", "class"), "pJ"),
            "part_pj": Field(np.array([_row(one, config.tokens) for one in parts.values()]),
                             ("part", "class"), "pJ"),
        },
        metrics={"tokens": config.tokens},
        notes={
            "model": shape.name,
            "models": models,
            "own": own,
            "heads": list(HEADS),
            "head": config.head,
            "device": device.title,
            "devices": [_title(name, one) for name, one in devices.items()],
            "device_notes": [list(one.notes) for one in ledgers],
            "parts": list(parts),
            "classes": list(CLASSES),
            "notes": list(chosen.notes),
            "assumed": device.assumed,
        },
    )  # fmt: skip
    return beside(result, config.baselines)


def beside(result: Result, given: Baselines) -> Result:
    """The same ledgers beside another GPU and CPU: nothing has to be simulated again."""
    tokens = int(result.number("tokens"))
    shapes = shapes_of(result)
    gpu = np.array([gpu_pj(shape, tokens, given) for shape in shapes]) / tokens
    cpu = np.array([cpu_pj(shape, tokens, given=given) for shape in shapes]) / tokens
    fields = {"gpu_pj": Field(gpu, ("model",), "pJ"), "cpu_pj": Field(cpu, ("model",), "pJ")}
    return Result({**result.fields, **fields}, result.metrics, result.notes)


def _compiler(config: EnergyConfig, shape: Shape, device: Device, head: bool) -> Compiler:
    return Compiler(shape, device, replace(choices_of(config), head=head))


def _parts(config: EnergyConfig, shape: Shape, device: Device) -> Mapping[str, Ledger]:
    """Ledgers by part of the model, all units together."""
    compiler = _compiler(config, shape, device, config.head)
    totals = generate(compiler, config.tokens)
    found: dict[str, dict[str, float] | None] = {}
    for (label, _), one in energy_by_part(compiler, totals).items():
        so_far = found.setdefault(label, {} if one.pj is not None else None)
        if so_far is not None and one.pj is not None:
            for name, pj in one.pj.items():
                so_far[name] = so_far.get(name, 0.0) + pj
    return {label: Ledger(pj) for label, pj in found.items()}


def _row(ledger: Ledger, tokens: int) -> list[float]:
    """By class and token; a class that the device has not costs nothing."""
    if ledger.pj is None:
        return [np.nan] * len(CLASSES)
    return [ledger.pj.get(name, 0.0) / tokens for name in CLASSES]


def _title(name: str, device: Device) -> str:
    return name if "," in name else device.title
