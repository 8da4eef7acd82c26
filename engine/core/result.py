"""What a run returns: named arrays with axes and units, and scalar metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Scalar = float | int | str | bool | None
Note = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Field:
    """An array whose axes have names and whose numbers have a unit ("1" for a pure number)."""

    array: np.ndarray
    axes: tuple[str, ...]
    unit: str = "1"

    def __post_init__(self) -> None:
        if self.array.ndim != len(self.axes):
            raise ValueError(f"{self.array.ndim} dimensions but axes {self.axes}")
        if len(set(self.axes)) != len(self.axes):
            raise ValueError(f"axes {self.axes} repeat a name")
        if self.array.dtype.kind not in "fiub":
            raise ValueError(f"a field holds numbers, not {self.array.dtype}")

    def at(self, **index: int) -> Field:
        """The sub-array at the given positions, e.g. ``error.at(layer=2, head=0)``."""
        unknown = set(index) - set(self.axes)
        if unknown:
            raise ValueError(f"no axis {sorted(unknown)} among {self.axes}")
        key = tuple(index.get(axis, slice(None)) for axis in self.axes)
        axes = tuple(axis for axis in self.axes if axis not in index)
        return Field(np.asarray(self.array[key]), axes, self.unit)

    def size(self, axis: str) -> int:
        """The length of one axis."""
        return self.array.shape[self.axes.index(axis)]


@dataclass(frozen=True, eq=False)
class Result:
    """Fields and metrics of one run.

    ``notes`` holds what is neither: labels of an axis, texts, token strings. It must survive JSON.
    """

    fields: Mapping[str, Field] = field(default_factory=dict)
    metrics: Mapping[str, Scalar] = field(default_factory=dict)
    notes: Note = field(default_factory=dict)

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]

    def number(self, name: str) -> float:
        """A metric as a float; raises TypeError for one that is text or absent."""
        value = self.metrics[name]
        if not isinstance(value, float | int):
            raise TypeError(f"metric {name} is {value!r}, not a number")
        return float(value)

    def array(self, name: str) -> np.ndarray:
        """The bare array of a field."""
        return self.fields[name].array
