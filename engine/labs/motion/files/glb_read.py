"""Reading the GLB files that are written here, to see what comes back.

It follows the specification of glTF 2.0 and nothing of the writer: the tree of nodes, one animation
with linear samplers of translations and rotations that share their times. It is no reader for files
of others.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip, whole_rate
from engine.labs.motion.skeleton import JOINTS

FIELD = "glb"
HEADER, CHUNK = "<4sII", "<I4s"
KINDS = {5126: "<f4", 5123: "<u2"}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def read_own_glb(data: bytes) -> Clip:
    """The joints of the nodes that are named as them; raises BadInput for another layout."""
    try:
        scene, buffer = _chunks(data)
        (animation,) = scene["animations"]
        moved: dict[tuple[int, str], np.ndarray] = {}
        times = np.zeros(0)
        for channel in animation["channels"]:
            sampler, target = animation["samplers"][channel["sampler"]], channel["target"]
            times = _array(scene, buffer, sampler["input"])[:, 0]
            moved[target["node"], target["path"]] = _array(scene, buffer, sampler["output"])
        places = _places(scene, moved, len(times))
        positions = np.stack([places[name] for name in JOINTS], axis=1)
        rate = whole_rate(float(times[-1] - times[0]) / (len(times) - 1))
    except (ValueError, KeyError, IndexError, struct.error, ZeroDivisionError) as error:
        raise BadInput(FIELD, f"is not laid out as written here ({type(error).__name__})") from None
    return Clip(positions.astype(np.float32), rate)


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, length = struct.unpack_from(HEADER, data)
    size, kind = struct.unpack_from(CHUNK, data, 12)
    rest, other = struct.unpack_from(CHUNK, data, 20 + size)
    whole = (magic, version, length, kind, other) == (b"glTF", 2, len(data), b"JSON", b"BIN\0")
    if not whole or 28 + size + rest != len(data):
        raise ValueError("header")
    return json.loads(data[20 : 20 + size]), data[28 + size :]


def _array(scene: dict[str, Any], buffer: bytes, index: int) -> np.ndarray:
    entry = scene["accessors"][index]
    view = scene["bufferViews"][entry["bufferView"]]
    width = WIDTHS[entry["type"]]
    flat = np.frombuffer(
        buffer, KINDS[entry["componentType"]], entry["count"] * width, view["byteOffset"]
    )
    return flat.reshape(entry["count"], width).astype(np.float64)


def _places(
    scene: dict[str, Any], moved: dict[tuple[int, str], np.ndarray], frames: int
) -> dict[str, np.ndarray]:
    """The place of every node (frames, 3) by its name."""
    nodes = scene["nodes"]
    (root,) = scene["scenes"][scene["scene"]]["nodes"]
    found: dict[str, np.ndarray] = {}
    stack = [(root, np.zeros((frames, 3)), np.tile(np.eye(3), (frames, 1, 1)))]
    while stack:
        index, place, turned = stack.pop()
        node = nodes[index]
        own = moved.get((index, "translation"), np.array(node.get("translation", (0, 0, 0))))
        place = place + (turned @ np.broadcast_to(own, (frames, 3))[..., None])[..., 0]
        found[node["name"]] = place
        turn = moved.get((index, "rotation"), np.array(node.get("rotation", (0, 0, 0, 1))))
        turned = turned @ _matrix(np.broadcast_to(turn, (frames, 4)))
        stack += [(child, place, turned) for child in node.get("children", ())]
    return found


def _matrix(turn: np.ndarray) -> np.ndarray:
    """Rotations (n, 3, 3) of quaternions (n, 4) in glTF's order, x y z w."""
    x, y, z, w = turn.T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
