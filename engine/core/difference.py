"""Two results side by side: settings, metrics and fields, and what is new."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core.config import Config
from engine.core.result import Field, Result, Scalar


@dataclass(frozen=True)
class Change:
    """A setting that differs: its name, its title and what it was in A and in B.

    ``missing`` names the result whose experiment has no such setting; its value is None then.
    """

    name: str
    title: str
    a: Any
    b: Any
    missing: str = ""


@dataclass(frozen=True)
class MetricDifference:
    """A metric of A and B; ``missing`` names the result that has none of this name.

    ``difference`` is B - A and ``ratio`` B / A, each None where it has no meaning: for texts and
    truth values, and the ratio where A is zero or either is not finite.
    """

    name: str
    a: Scalar
    b: Scalar
    difference: float | None = None
    ratio: float | None = None
    missing: str = ""

    @property
    def same(self) -> bool:
        """Whether both results say the same; NaN is the same as NaN."""
        both_nan = self.a != self.a and self.b != self.b
        return not self.missing and (both_nan or self.a == self.b)


@dataclass(frozen=True, eq=False)
class FieldDifference:
    """B - A of a field: ``values`` has its axes and unit, NaN where either has no number.

    ``share`` is the part of the positions whose values differ, 0 to 1; ``largest`` is the
    difference of largest magnitude with its sign and ``at`` its position, None where no position
    has a number in both; ``mean`` is the mean of |B - A|. ``labels`` is True for whole numbers
    without a unit, which may be names of things.
    """

    name: str
    axes: tuple[str, ...]
    unit: str
    values: np.ndarray
    share: float
    largest: float
    at: tuple[int, ...] | None
    mean: float
    labels: bool


@dataclass(frozen=True)
class Unmatched:
    """A field that cannot be subtracted, and why in one sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """Everything that tells B from A."""

    metrics: tuple[MetricDifference, ...]
    fields: tuple[FieldDifference, ...]
    unmatched: tuple[Unmatched, ...]


def changed_settings(a: Config, b: Config) -> list[Change]:
    """The fields whose values differ, in the order of the class of A; then what only B has."""
    own, other = type(a).model_fields, type(b).model_fields
    return [
        Change(
            name,
            field.title or name.replace("_", " "),
            getattr(a, name, None),
            getattr(b, name, None),
            "" if name in own and name in other else "B" if name in own else "A",
        )
        for name, field in {**own, **{n: f for n, f in other.items() if n not in own}}.items()
        if name not in own or name not in other or getattr(a, name) != getattr(b, name)
    ]


def compare(a: Result, b: Result, *, shared: bool = False) -> Difference:
    """B against A: metrics by name, and B - A of each field that both hold alike.

    With ``shared`` only of what both have by name: for results of two experiments.
    """
    fields, unmatched = [], []
    for name in _names(a.fields, b.fields, shared):
        reason = mismatch(a.fields.get(name), b.fields.get(name))
        if reason:
            unmatched.append(Unmatched(name, reason))
        else:
            fields.append(_subtract(name, a.fields[name], b.fields[name]))
    metrics = tuple(_metric(name, a, b) for name in _names(a.metrics, b.metrics, shared))
    return Difference(metrics, tuple(fields), tuple(unmatched))


def _names(a: Mapping[str, Any], b: Mapping[str, Any], shared: bool) -> list[str]:
    if shared:
        return [name for name in a if name in b]
    return [*a, *(name for name in b if name not in a)]


def mismatch(a: Field | None, b: Field | None) -> str:
    """Why two fields cannot be subtracted; empty where they can."""
    if a is None or b is None:
        return f"only {'B' if a is None else 'A'} has it"
    if a.axes != b.axes:
        return f"its axes are {_axes(a)} in A and {_axes(b)} in B"
    if a.unit != b.unit:
        return f"its unit is {a.unit} in A and {b.unit} in B"
    apart = [
        f"{axis}: {one} in A, {other} in B"
        for axis, one, other in zip(a.axes, a.array.shape, b.array.shape, strict=True)
        if one != other
    ]
    if apart:
        return f"its shapes differ ({'; '.join(apart)})"
    return "" if a.array.size else "it holds no value in both"


def _axes(field: Field) -> str:
    return "(" + ", ".join(field.axes) + ")"


def _subtract(name: str, a: Field, b: Field) -> FieldDifference:
    # As float64: whole numbers would wrap around, and half precision would overflow.
    one, other = a.array.astype(np.float64), b.array.astype(np.float64)
    with np.errstate(invalid="ignore"):
        values = other - one
    values = np.where(np.isfinite(values), values, np.nan)
    alike = (a.array == b.array) | (np.isnan(one) & np.isnan(other))
    known = np.isfinite(values)
    largest, at, mean = 0.0, None, math.nan
    if known.any():
        sizes = np.where(known, np.abs(values), -1.0)
        at = tuple(int(i) for i in np.unravel_index(int(sizes.argmax()), sizes.shape))
        largest, mean = float(values[at]), float(np.abs(values[known]).mean())
    whole = a.array.dtype.kind in "iu" and b.array.dtype.kind in "iu" and a.unit == "1"
    share = float(1 - np.mean(alike))
    return FieldDifference(name, a.axes, a.unit, values, share, largest, at, mean, whole)


def _metric(name: str, a: Result, b: Result) -> MetricDifference:
    one, other = a.metrics.get(name), b.metrics.get(name)
    if name not in a.metrics or name not in b.metrics:
        return MetricDifference(name, one, other, missing="A" if name not in a.metrics else "B")
    if not _is_number(one) or not _is_number(other):
        return MetricDifference(name, one, other)
    first, second = float(one), float(other)  # type: ignore[arg-type]
    difference = second - first
    finite = math.isfinite(first) and math.isfinite(second)
    ratio = second / first if finite and first != 0 else None
    return MetricDifference(name, one, other, difference if finite else None, ratio)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
