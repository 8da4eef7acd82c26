"""Matrices on a canvas: crisp cells, one colour scale, linked crosshair, zoom, a chosen cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from engine.core import BadInput
from engine.figures.axes import Axis
from engine.figures.heatmap import quantise, scale_limits, scale_ticks
from engine.figures.palette import Palette
from pages.kit.components.payload import pack
from pages.kit.components.sync import UNSET, reconcile, report

MAX_CELLS = 3 * 2**18
_LOSSLESS = 2**16  # up to this many cells all values travel as float32
_LEVELS = 254

_HERE = Path(__file__).parent
_SCRIPTS = (
    *(_HERE.parent / name for name in ("payload.js", "canvas.js")),
    *(_HERE / name for name in ("paint.js", "view.js")),
)
_component = st.components.v2.component(
    "engram_matrix",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js="\n".join(path.read_text("utf-8") for path in _SCRIPTS),
)


@dataclass(frozen=True)
class Selection:
    """A chosen cell, and the panel in which it was chosen."""

    row: int
    column: int
    panel: int = 0


def matrix(
    values: object | Mapping[str, object],
    *,
    key: str,
    palette: Palette,
    title: str,
    row_title: str,
    column_title: str,
    value: str = "Value",
    unit: str = "1",
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    diverging: bool = False,
    log: bool = False,
    limits: tuple[float, float] | None = None,
    readouts: Mapping[str, object] | None = None,
    boundaries: tuple[Sequence[int], Sequence[int]] = ((), ()),
    selected: Selection | tuple[int, int] | None = UNSET,
    on_select: Callable[[Selection], None] | None = None,
    stacked: bool = False,
    height: int = 380,
    alt: str | None = None,
) -> Selection | None:
    """Draw one matrix or several of equal shape and return the chosen cell.

    ``values`` is [rows, columns], or a mapping from panel titles to such arrays, which then share
    one colour scale, the crosshair, the zoom and the chosen cell. NaN cells stay empty.
    ``value`` and ``unit`` name what is shown. ``readouts`` are further arrays, [rows, columns] or
    [panels, rows, columns], whose numbers appear below the matrix for the cell under the pointer.
    ``boundaries`` are the (rows, columns) before which a block line is drawn. ``height`` is the
    most that the cells of one panel take, in px.

    ``selected`` is the page's choice (None: nothing); without it the component keeps its own.
    ``on_select`` is called before the page runs again, so that linked figures follow at once.

    Up to 65 536 cells travel as float32; beyond, as 8 bits over the colour scale, and the readout
    says "about". Raises BadInput for unequal shapes or more than 786 432 cells.
    """
    panels = _panels(values)
    shape = next(iter(panels.values())).shape
    stack = np.stack(list(panels.values()))  # p r c
    low, high = scale_limits(stack, diverging=diverging, log=log, limits=limits)
    places, texts = scale_ticks(low, high, log=log)
    arrays = {"lut": palette.lut("diverging" if diverging else "sequential", _LEVELS + 1)}
    exact = stack.size <= _LOSSLESS
    arrays["cells"] = stack.astype(np.float32) if exact else quantise(stack, low, high, log=log)
    planes = []
    for i, (name, given) in enumerate((readouts or {}).items()):
        plane, described = _plane(name, given, stack.shape)
        arrays[f"readout{i}"] = plane
        planes.append(described)
    given = selected if selected is UNSET else _as_list(selected, stack.shape)
    now, pushed = reconcile(key, "selected", given)
    header: dict[str, Any] = {
        "id": key,
        "title": title,
        "alt": alt or title,
        "panels": list(panels),
        "shape": shape,
        "rows": {"title": row_title, "labels": _labels(row_labels, shape[0], "row_labels")},
        "columns": {
            "title": column_title,
            "labels": _labels(column_labels, shape[1], "column_labels"),
        },
        "value": value,
        "unit": "" if unit == "1" else unit,
        "scale": {
            "low": low,
            "high": high,
            "log": log,
            "title": Axis(value, unit, log).plain,
            "ticks": [[place, text] for place, text in zip(places, texts, strict=True)],
        },
        "exact": exact,
        "readouts": planes,
        "boundaries": [[int(at) for at in side] for side in boundaries],
        "pushed": pushed,
        "stacked": stacked,
        "height": height,
        "theme": {
            name: getattr(palette, name)
            for name in ("ink", "muted", "grid", "paper", "panel", "accent")
        },
    }

    def changed() -> None:
        fresh = report(key, "selected")
        if on_select is not None and fresh is not None and fresh["value"] is not None:
            on_select(_selection(fresh["value"]))

    _component(key=key, data=pack(header, arrays), on_selected_change=changed)
    return _selection(now)


def _panels(values: object | Mapping[str, object]) -> dict[str, np.ndarray]:
    given = values if isinstance(values, Mapping) else {"": values}
    panels = {str(name): np.asarray(array, dtype=np.float64) for name, array in given.items()}
    shapes = {array.shape for array in panels.values()}
    if len(shapes) != 1:
        raise BadInput("values", f"all panels need one shape, not {sorted(shapes)}")
    shape = next(iter(shapes))
    if len(shape) != 2 or not all(shape):
        raise BadInput("values", f"must be [rows, columns], not shape {shape}")
    cells = shape[0] * shape[1] * len(panels)
    if cells > MAX_CELLS:
        raise BadInput("values", f"{cells} cells are more than {MAX_CELLS}; show a part of them")
    return panels


def _plane(
    name: str, given: object, shape: tuple[int, int, int]
) -> tuple[np.ndarray, dict[str, Any]]:
    """A readout in as few bytes as tell its numbers apart, and how to read them back."""
    array = np.asarray(given)
    if array.shape not in (shape, shape[1:]):
        raise BadInput("readouts", f"{name} has shape {array.shape}, the matrix {shape[1:]}")
    described: dict[str, Any] = {"name": name, "each": array.ndim == 3, "kind": "number"}
    # What is the same all along a row, as the step of a token often is, is sent once.
    described["columns"] = not np.array_equal(array, np.broadcast_to(array[..., :1], array.shape))
    if not described["columns"]:
        array = array[..., :1]
    if array.dtype == bool:
        return np.packbits(array.ravel(), bitorder="little"), {**described, "kind": "yes or no"}
    if array.size <= _LOSSLESS:
        return array.astype(np.float32), described
    if array.dtype.kind in "iu":
        for dtype in (np.int8, np.int16, np.int32):
            if array.min() >= np.iinfo(dtype).min and array.max() <= np.iinfo(dtype).max:
                return array.astype(dtype), described
    held = np.isfinite(array)
    low = float(array[held].min()) if held.any() else 0.0
    step = (float(array[held].max()) - low) / 65534 if held.any() else 0.0
    codes = np.rint((np.where(held, array, low) - low) / (step or 1.0))
    codes = np.where(held, codes, 65535).astype(np.uint16)
    return codes, {**described, "kind": "steps", "low": low, "step": step}


def _labels(labels: Sequence[str] | None, count: int, field: str) -> list[str] | None:
    if labels is None:
        return None
    if len(labels) != count:
        raise BadInput(field, f"needs {count} labels, one for each position, not {len(labels)}")
    return [str(label) for label in labels]


def _as_list(
    selected: Selection | tuple[int, int] | None, shape: tuple[int, int, int]
) -> list[int] | None:
    if selected is None:
        return None
    if not isinstance(selected, Selection):
        selected = Selection(*(int(part) for part in selected))
    at = [int(selected.panel), int(selected.row), int(selected.column)]
    # A cell of a larger matrix that was shown before is no choice in this one.
    return at if all(0 <= i < n for i, n in zip(at, shape, strict=True)) else None


def _selection(value: list[int] | None) -> Selection | None:
    return None if value is None else Selection(value[1], value[2], value[0])
