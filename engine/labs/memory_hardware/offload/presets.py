"""Nodes as data: the rates of one rank, each with where it comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from engine.core.errors import BadInput
from engine.labs.memory_hardware.offload.node import Node

FIELD = "node"
FOLDER = Path(__file__).parent / "nodes"
Source = Literal["paper", "repository", "secondary", "fitted", "assumed", "scaled", "changed"]
RATES = tuple(field.name for field in fields(Node))
UNITS = {
    "cpu_adam": "Gparam/s",
    "downcast": "Gparam/s",
    "link": "GB/s",
    "gpu_adam": "Gparam/s",
    "overhead": "s",
    "host": "GB/s",
    "flush": "Gparam/s",
    "upcast": "Gparam/s",
    "tflops": "TFLOP/s",
    "other": "s",
    "interleaving": "s",
}


@dataclass(frozen=True)
class Rate:
    """A number, where it comes from, and the range in which a fit leaves it."""

    value: float
    source: Source
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Preset:
    """A node by its rates; ``gpu_memory_gb`` of each of ``gpus``, ``fabric`` GB/s between them.

    ``fabric`` 0: the rates contain what the GPUs send each other. ``fitted_by``: the command.
    Rates are those of one rank while all ``gpus`` are in use; ``shared`` names the ones that ranks
    of a node take from each other. ``micro_batch`` of the fitted runs; 0 where none were fitted.
    """

    name: str
    title: str
    gpus: int
    gpu_memory_gb: float
    fabric: float
    rates: Mapping[str, Rate]
    tiled: bool = False
    note: str = ""
    fitted_by: str = ""
    shared: tuple[str, ...] = ()
    micro_batch: int = 0

    @property
    def node(self) -> Node:
        """The rates alone; raises BadInput for impossible ones."""
        return Node(**{name: rate.value for name, rate in self.rates.items()})

    def changed(self, changes: Mapping[str, float]) -> Preset:
        """The preset with other rates; raises BadInput for unknown or impossible ones."""
        if unknown := sorted(changes.keys() - set(RATES)):
            raise BadInput(FIELD, f"there is no rate {unknown[0][:40]!r}; there are: "
                           f"{', '.join(RATES)}")  # fmt: skip
        rates = {**self.rates, **{name: Rate(value, "changed") for name, value in changes.items()}}
        preset = replace(self, rates=rates)
        _ = preset.node
        return preset

    def for_ranks(self, ranks: int) -> Preset:
        """The preset where ``ranks`` train; more than a node's GPUs fill further nodes.

        Shared rates are the node's divided by the ranks that are on it, which is assumed.
        """
        factor = self.gpus / min(ranks, self.gpus)
        if factor == 1:
            return self
        scaled = {name: Rate(self.rates[name].value * factor, "scaled") for name in self.shared}
        return replace(self, rates={**self.rates, **scaled})

    @property
    def assumed(self) -> list[str]:
        """Names of rates for which there is no source."""
        return [name for name, rate in self.rates.items() if rate.source == "assumed"]


@cache
def load_node(name: str) -> Preset:
    """A preset by its name; raises BadInput and lists those that there are."""
    if name not in node_names():
        raise BadInput(FIELD, f"{name[:40]!r} is none of {', '.join(node_names())}")
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    sources, ranges = table.get("sources", {}), table.get("ranges", {})
    rates = {
        key: Rate(float(value), sources.get(key, table["source"]), *ranges.get(key, ()))
        for key, value in table["rates"].items()
    }
    if unknown := {rate.source for rate in rates.values()} - set(get_args(Source)):
        raise BadInput(FIELD, f"{name} has a source {min(unknown)!r}")
    return Preset(
        name,
        table["title"],
        table["gpus"],
        table["gpu_memory_gb"],
        table.get("fabric", 0.0),
        rates,
        table.get("tiled", False),
        table.get("note", ""),
        table.get("fitted_by", ""),
        tuple(table.get("shared", ())),
        table.get("micro_batch", 0),
    )


@cache
def node_names() -> tuple[str, ...]:
    """The presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
