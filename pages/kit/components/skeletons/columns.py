"""A stage as the arrays that the browser plays: quantised positions, weights, strips."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import BadInput
from engine.figures.skeletons import Lane, Stage, Strip

STEPS = 65_534  # of an int16, from -32767 on
LINE_STEPS, HEAT_STEPS = 65_534, 254  # the next code is a value that is missing


def columns(stage: Stage) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What is said once, and the arrays.

    ``positions<i>`` (frames * joints * 3,) int16 is lane i: metres are code * step + middle, each
    axis with its own, so that a reach of 65 m is kept to half a millimetre. ``ghost<i>`` has the
    same steps. ``light<i>`` and ``trail<i>`` are uint8 of 255, ``contacts<i>`` 0 or 1, strips are
    described beside their array ``strip<k>``. Raises BadInput for values that are not finite or
    outside 0 to 1.
    """
    lanes, arrays = [], {}
    for i, lane in enumerate(stage.lanes):
        described, made = _lane(lane, i)
        lanes.append(described)
        arrays |= made
    strips = []
    for k, strip in enumerate(stage.strips):
        described, arrays[f"strip{k}"] = _strip(strip)
        strips.append(described)
    said = {
        "title": stage.title,
        "alt": stage.alt,
        "fps": float(stage.fps),
        "counted": stage.counted,
        "frames": stage.frames,
        "parents": [int(joint) for joint in stage.parents],
        "sides": [int(side) for side in stage.sides],
        "feet": [int(joint) for joint in stage.feet],
        "lanes": lanes,
        "strips": strips,
    }
    return said, arrays


def quantised(positions: np.ndarray, around: np.ndarray) -> tuple[np.ndarray, list[list[float]]]:
    """``positions`` (..., 3) as int16 codes, and step and middle of each axis.

    The steps reach over all of ``around`` (..., 3), which holds ``positions``.
    """
    axes = np.asarray(around, np.float64).reshape(-1, 3)
    low, high = axes.min(axis=0), axes.max(axis=0)
    step = np.maximum((high - low) / STEPS, 1e-9)
    middle = (high + low) / 2
    codes = np.rint((positions - middle) / step).astype(np.int16)
    return codes, [step.tolist(), middle.tolist()]


def _lane(lane: Lane, i: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    parts = {"positions": lane.positions}
    if lane.ghost is not None:
        if not np.isfinite(lane.ghost).all():
            raise BadInput("ghost", "must be finite")
        parts["ghost"] = lane.ghost
    around = np.concatenate([part.reshape(-1, 3) for part in parts.values()])
    arrays = {}
    for name, part in parts.items():
        codes, (step, middle) = quantised(part, around)
        arrays[f"{name}{i}"] = codes.reshape(-1)
    for name in ("light", "trail", "contacts"):
        given = getattr(lane, name)
        if given is not None:
            arrays[f"{name}{i}"] = _shares(name, given)
    described = {
        "name": str(lane.name),
        "under": str(lane.under),
        "frames": len(lane.positions),
        "step": step,
        "middle": middle,
    }
    return described, arrays


def _shares(name: str, given: np.ndarray) -> np.ndarray:
    """Values from 0 to 1 as uint8; contacts are told from half on."""
    values = np.asarray(given, np.float32).reshape(-1)
    if not ((values >= 0) & (values <= 1)).all():
        raise BadInput(name, "must be numbers from 0 to 1")
    return (values >= 0.5).astype(np.uint8) if name == "contacts" else _rounded(values * 255)


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.rint(values).astype(np.uint8)


def _strip(strip: Strip) -> tuple[dict[str, Any], np.ndarray]:
    described: dict[str, Any] = {
        "name": str(strip.name),
        "kind": strip.kind,
        "lane": -1 if strip.lane is None else int(strip.lane),
        "labels": [str(label) for label in strip.labels],
        "unit": str(strip.unit),
        "grips": [[int(part) for part in grip] for grip in strip.grips],
    }
    values = np.asarray(strip.values, np.float64)
    if strip.kind in ("segments", "ticks"):
        if not np.isfinite(values).all():
            raise BadInput("strips", f"the frames of {strip.name!r} must be finite")
        return described, values.reshape(-1).astype(np.float32)
    held = values[np.isfinite(values)]
    low, high = (float(held.min()), float(held.max())) if len(held) else (0.0, 0.0)
    steps, dtype = (LINE_STEPS, np.uint16) if strip.kind == "line" else (HEAT_STEPS, np.uint8)
    step = (high - low) / steps or 1.0
    codes = np.full(values.shape, steps + 1)
    codes[np.isfinite(values)] = np.rint((held - low) / step)
    described |= {"low": low, "high": high, "step": step}
    described["rows"] = values.shape[0] if strip.kind == "heat" else 1
    return described, codes.reshape(-1).astype(dtype)
