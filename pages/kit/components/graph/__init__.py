"""A node-link map on a canvas: fixed positions, pan and zoom, frames, click and lasso."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from engine.core import BadInput
from engine.figures.palette import Palette
from pages.kit.components.graph.growth import arrival_frames, marks
from pages.kit.components.payload import pack
from pages.kit.components.sync import UNSET, reconcile, report

MAX_NODES = 60_000
MAX_EDGES = 200_000
_LEVELS = 255
THERE, GHOST, ABSENT = range(3)

_HERE = Path(__file__).parent
_SCRIPTS = (
    *(_HERE.parent / name for name in ("payload.js", "canvas.js")),
    *(_HERE / name for name in ("renderer.js", "draw.js", "view.js")),
)
_component = st.components.v2.component(
    "engram_graph",
    html=(_HERE / "view.html").read_text("utf-8"),
    css=(_HERE / "view.css").read_text("utf-8"),
    js="\n".join(path.read_text("utf-8") for path in _SCRIPTS),
)


@dataclass(frozen=True)
class NodeKind:
    """What a group of nodes is called and how it looks."""

    name: str
    colour: str
    shape: Literal["circle", "square", "diamond"] = "circle"


@dataclass(frozen=True)
class EdgeKind:
    """What a group of edges is called and how it looks; ``dash`` in px, empty for a full line."""

    name: str
    colour: str
    dash: tuple[int, ...] = ()


def graph(
    xy: object,
    edges: object,
    *,
    key: str,
    palette: Palette,
    title: str,
    labels: Sequence[str],
    kinds: Sequence[NodeKind],
    edge_kinds: Sequence[EdgeKind],
    alt: str,
    kind: object | None = None,
    edge_kind: object | None = None,
    weight: object | None = None,
    flow: object | None = None,
    frame_names: Sequence[str] = (),
    frame_title: str = "Step",
    frame_seconds: float = 0.9,
    frame: int | Any = UNSET,
    on_frame: Callable[[int], None] | None = None,
    born: object | None = None,
    edge_born: object | None = None,
    fresh: EdgeKind | None = None,
    marked: Sequence[int] | Sequence[Sequence[int]] = (),
    marked_name: str = "marked",
    lit: Sequence[int] | None = None,
    readouts: Mapping[str, tuple[object, str]] | None = None,
    selected: Sequence[int] | None = UNSET,
    on_select: Callable[[tuple[int, ...]], None] | None = None,
    presence: object | None = None,
    ghost_name: str = "forgotten",
    radii: tuple[float, float] = (2.5, 16.0),
    height: int = 520,
) -> tuple[int, ...]:
    """Draw a graph at the given positions and return the chosen nodes.

    ``xy`` is [nodes, 2] in any unit, ``edges`` [edges, 2] node numbers, ``kind`` [nodes] or
    [frames, nodes] and ``edge_kind`` [edges] positions in ``kinds`` and ``edge_kinds``.
    ``weight`` [nodes] or [frames, nodes], zero or more, gives the area of a node between the two
    ``radii`` in px; ``flow`` [edges] or [frames, edges] the width of an edge. With ``frame_names``
    a slider and Play walk through the frames, ``frame_seconds`` each; ``on_frame`` hears where
    the visitor stops.

    Put the edges that matter most first: a slow machine draws only those while the map moves.

    A graph that grows: ``born`` [nodes] and ``edge_born`` [edges] say in which frame each comes. A
    node is pale before, and wears a broken ring in its frame; an edge is absent before, and looks
    like ``fresh`` in its frame, thicker than the others.

    ``marked`` nodes wear a ring that the legend calls ``marked_name``, the same in all frames or a
    list of nodes for each; with ``lit`` all other nodes are pale. ``readouts`` maps names to
    (numbers [nodes] or [frames, nodes], unit), shown for the node under the pointer. ``selected``
    and ``on_select`` as in ``matrix``. ``presence`` [nodes] or [frames, nodes] says of each node
    whether it is there (0), a ghost that was there once (1: hollow, of one size, called
    ``ghost_name``) or not there yet (2: not drawn).

    Raises BadInput for unequal lengths, edges to nodes that are not there, or more than 60 000
    nodes or 200 000 edges.
    """
    points, pairs = _positions(xy), _edges(edges, np.asarray(xy).shape[0])
    nodes, count = len(points), len(pairs)
    if len(labels) != nodes:
        raise BadInput("labels", f"needs {nodes} labels, one a node, not {len(labels)}")
    frames = max(1, len(frame_names))
    arrays: dict[str, np.ndarray] = {
        "x": points[:, 0],
        "y": points[:, 1],
        "kind": _groups(kind, nodes, len(kinds), "kind", frames),
        "source": pairs[:, 0],
        "target": pairs[:, 1],
        "edge_kind": _groups(edge_kind, count, len(edge_kinds), "edge_kind"),
        "weight": _levels(1.0 if weight is None else weight, frames, nodes, "weight"),
        "flow": np.zeros(0, np.uint8) if flow is None else _levels(flow, frames, count, "flow"),
        "born": arrival_frames(born, nodes, frames, "born"),
        "edge_born": arrival_frames(edge_born, count, frames, "edge_born"),
        **marks(marked, nodes, frames),
        "dimmed": _dimmed(lit, nodes),
        "presence": _presence(presence, frames, nodes),
    }
    described = []
    for i, (name, (numbers, unit)) in enumerate((readouts or {}).items()):
        array = np.asarray(numbers, dtype=np.float32)
        if array.shape not in ((nodes,), (frames, nodes)):
            raise BadInput("readouts", f"{name} has shape {array.shape} for {nodes} nodes")
        arrays[f"readout{i}"] = array.ravel()
        unit = "" if unit == "1" else unit
        described.append({"name": name, "unit": unit, "each": array.ndim == 2})
    given = selected if selected is UNSET else [int(i) for i in selected or ()]
    # Another graph under the same key starts with a view and a choice of its own.
    address = hashlib.sha256(points.tobytes() + pairs.tobytes()).hexdigest()[:16]
    now, pushed = reconcile(key, "selected", given, address)
    _, pushed_frame = reconcile(key, "frame", frame if frame is UNSET else int(frame), address)
    header: dict[str, Any] = {
        "id": key,
        "address": address,
        "title": title,
        "alt": alt,
        "labels": [str(label) for label in labels],
        "kinds": [asdict(one) for one in kinds],
        "edge_kinds": [asdict(one) for one in (*edge_kinds, *((fresh,) if fresh else ()))],
        "fresh_edge": len(edge_kinds) if fresh else -1,
        "faint": 0.5 if count < 2000 else 0.22 if count < 20_000 else 0.1,
        "frame_names": [str(name) for name in frame_names],
        "frame_title": frame_title,
        "frame_ms": max(50, round(1000 * frame_seconds)),
        "marked_name": marked_name,
        "marked_colour": palette.bad.colour,
        "ghost_name": ghost_name,
        "readouts": described,
        "pushed": pushed,
        "pushed_frame": pushed_frame,
        "small": radii[0],
        "large": radii[1],
        "height": height,
        "theme": {
            name: getattr(palette, name)
            for name in ("ink", "muted", "grid", "paper", "panel", "accent")
        },
    }

    def chosen() -> None:
        fresh = report(key, "selected")
        if on_select is not None and fresh is not None:
            on_select(tuple(int(i) for i in fresh["value"] if 0 <= i < nodes))

    def moved() -> None:
        fresh = report(key, "frame")
        if on_frame is not None and fresh is not None:
            on_frame(int(fresh["value"]))

    _component(key=key, data=pack(header, arrays), on_selected_change=chosen, on_frame_change=moved)
    return tuple(int(i) for i in now or () if 0 <= i < nodes)


def _positions(xy: object) -> np.ndarray:
    """Positions moved and scaled into [-1, 1], the aspect kept: float32 [nodes, 2]."""
    points = np.asarray(xy, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise BadInput("xy", f"must be [nodes, 2] with at least one node, not {points.shape}")
    if len(points) > MAX_NODES:
        raise BadInput("xy", f"{len(points)} nodes are more than {MAX_NODES}; show a part of them")
    if not np.isfinite(points).all():
        raise BadInput("xy", "every position must be a finite number")
    low, high = points.min(axis=0), points.max(axis=0)
    half = float((high - low).max()) / 2
    return ((points - (low + high) / 2) / (half or 1.0)).astype(np.float32)


def _edges(edges: object, nodes: int) -> np.ndarray:
    pairs = np.asarray(edges, dtype=np.int32).reshape(-1, 2)
    if len(pairs) > MAX_EDGES:
        raise BadInput("edges", f"{len(pairs)} edges are more than {MAX_EDGES}; show the strongest")
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= nodes):
        raise BadInput("edges", f"must join nodes from 0 to {nodes - 1}")
    return pairs


def _groups(
    given: object | None, count: int, groups: int, field: str, frames: int = 1
) -> np.ndarray:
    """Positions in a list of kinds: uint8 [count], or [frames * count] where they change."""
    array = np.zeros(count, np.uint8) if given is None else np.asarray(given)
    shapes = {(count,), (frames, count)} if frames > 1 else {(count,)}
    if array.shape not in shapes or (count and not 0 <= array.min() <= array.max() < groups):
        raise BadInput(field, f"needs {count} numbers from 0 to {groups - 1}")
    return array.astype(np.uint8).ravel()


def _levels(given: object, frames: int, count: int, field: str) -> np.ndarray:
    """Non-negative numbers as 0..255 of the largest in all frames: uint8 [frames * count]."""
    array = np.asarray(given, dtype=np.float64)
    if array.shape not in ((), (count,), (frames, count)):
        raise BadInput(field, f"has shape {array.shape}, not {(frames, count)}")
    array = np.broadcast_to(array, (frames, count))
    if count and not (np.isfinite(array).all() and array.min() >= 0):
        raise BadInput(field, "must be finite and not negative")
    top = float(array.max()) if count else 0.0
    return np.ceil(_LEVELS * array / (top or 1.0)).astype(np.uint8).ravel()


def _presence(given: object | None, frames: int, nodes: int) -> np.ndarray:
    """0, 1 or 2 for each node in each frame: uint8 [frames * nodes], or empty where all are."""
    if given is None:
        return np.zeros(0, np.uint8)
    array = np.asarray(given)
    if array.shape not in ((nodes,), (frames, nodes)):
        raise BadInput("presence", f"has shape {array.shape}, not {(frames, nodes)}")
    if not np.isin(array, (THERE, GHOST, ABSENT)).all():
        raise BadInput("presence", "must be 0 (there), 1 (a ghost) or 2 (not there yet)")
    return np.broadcast_to(array, (frames, nodes)).astype(np.uint8).ravel()


def _dimmed(lit: Sequence[int] | None, nodes: int) -> np.ndarray:
    if lit is None:
        return np.zeros(0, np.uint8)
    dimmed = np.ones(nodes, np.uint8)
    dimmed[np.array(list(lit), dtype=np.int64)] = 0
    return dimmed
