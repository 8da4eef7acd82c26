"""Writing GLB, the binary form of glTF 2.0: nodes of a rig, a stick for each bone, one animation.

Rotations of every node, the place of the pelvis and the lengths of the bones are sampled at the
clip's frames, to be interpolated by the viewer. One mesh, an octahedron of unit length along +y, is
shown at each bone, scaled to its length.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from engine.labs.motion.clip import Clip
from engine.labs.motion.files.hands import rig_with_hands
from engine.labs.motion.rig import Rig, build_rig
from engine.labs.motion.rotations import between, quaternion

MAGIC, VERSION = 0x46546C67, 2
JSON_CHUNK, DATA_CHUNK = 0x4E4F534A, 0x004E4942
FLOAT, SHORT = 5126, 5123
VERTICES, INDICES = 34962, 34963
# Share of the length at which a stick is thickest, and half its thickness, in lengths.
BULGE, GIRTH = 0.15, 0.08
COLOUR = (0.0, 0.45, 0.7, 1.0)
BONE = "_bone"  # behind the name of the node that a stick ends in
LEAST_CHANGE = 1e-7  # metres; a bone whose length changes by less has no channels for it


class _Buffer:
    """Bytes with the views and accessors into them."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: np.ndarray, kind: str, *, target: int | None = None) -> int:
        """The number of the accessor of ``array`` (count, ...) of glTF's type ``kind``."""
        component = SHORT if array.dtype == np.uint16 else FLOAT
        packed = array.astype("<u2" if component == SHORT else "<f4")
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": packed.nbytes}
        self.views.append(view | ({"target": target} if target else {}))
        self.data += packed.tobytes()
        self.data += bytes(-len(self.data) % 4)
        flat = packed.reshape(len(packed), -1)
        self.accessors.append(
            {
                "bufferView": len(self.views) - 1,
                "componentType": component,
                "count": len(packed),
                "type": kind,
                "min": flat.min(0).tolist(),
                "max": flat.max(0).tolist(),
            }
        )
        return len(self.accessors) - 1


def glb_bytes(clip: Clip, *, stretch: bool = True, hands: bool = False) -> bytes:
    """The clip as a GLB file that any glTF 2.0 viewer plays, in metres, y up.

    With ``stretch`` joints are moved along their bones as these change their length, and sticks
    follow; without it every bone keeps its mean length, for programs that play rotations alone.
    With ``hands`` the skeleton has SMPL's 24 joints, see ``rig_with_hands``.
    """
    rig, buffer = build_rig(clip.positions), _Buffer()
    if hands:
        rig = rig_with_hands(rig)
    mesh = _mesh(buffer)
    nodes = _nodes(rig)
    scene = {
        "asset": {"version": "2.0", "generator": "Engram Lab"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "meshes": [mesh],
        "materials": [
            {
                "pbrMetallicRoughness": {
                    "baseColorFactor": COLOUR,
                    "metallicFactor": 0,
                    "roughnessFactor": 0.8,
                },
                "doubleSided": True,
            }
        ],
        "animations": [_animation(rig, nodes, clip.fps, buffer, stretch)],
        "buffers": [{"byteLength": len(buffer.data)}],
        "bufferViews": buffer.views,
        "accessors": buffer.accessors,
    }
    text = json.dumps(scene, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = _chunk(JSON_CHUNK, text) + _chunk(DATA_CHUNK, bytes(buffer.data))
    return struct.pack("<III", MAGIC, VERSION, 12 + len(chunks)) + chunks


def _chunk(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", len(data), kind) + data


def _nodes(rig: Rig) -> list[dict[str, Any]]:
    """The rig's nodes in their order, then a stick below the node that turns each bone."""
    nodes: list[dict[str, Any]] = [
        {"name": name, "translation": offset.tolist(), "children": []}
        for name, offset in zip(rig.names, rig.offsets, strict=True)
    ]
    for node, parent in enumerate(rig.parents):
        if parent < 0:
            nodes[node]["translation"] = rig.root[0].tolist()
            continue
        nodes[parent]["children"].append(node)
        offset = rig.offsets[node]
        if not (length := float(np.linalg.norm(offset))):
            continue
        w, x, y, z = quaternion(between(np.array([0.0, 1.0, 0.0]), offset)).tolist()
        nodes[parent]["children"].append(len(nodes))
        nodes.append(
            {
                "name": f"{rig.names[node]}{BONE}",
                "mesh": 0,
                "rotation": [x, y, z, w],
                "scale": [length] * 3,
            }
        )
    return [{k: v for k, v in node.items() if v != []} for node in nodes]


def _mesh(buffer: _Buffer) -> dict[str, Any]:
    ring = GIRTH * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    corners = np.array([[0, 0, 0], [0, 1, 0], *[[x, BULGE, z] for x, z in ring]], dtype=np.float32)
    faces = [
        face
        for i in range(4)
        for face in ([0, 2 + i, 2 + (i + 1) % 4], [1, 2 + (i + 1) % 4, 2 + i])
    ]
    # Each face has corners of its own, so that its edges stay sharp.
    points = corners[np.array(faces)]
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    place = buffer.add(points.reshape(-1, 3), "VEC3", target=VERTICES)
    normal = buffer.add(np.repeat(normals, 3, axis=0), "VEC3", target=VERTICES)
    order = buffer.add(np.arange(3 * len(faces), dtype=np.uint16), "SCALAR", target=INDICES)
    attributes = {"POSITION": place, "NORMAL": normal}
    return {"primitives": [{"attributes": attributes, "indices": order, "material": 0}]}


def _animation(
    rig: Rig, nodes: list[dict[str, Any]], fps: float, buffer: _Buffer, stretch: bool
) -> dict[str, Any]:
    times = buffer.add(np.arange(len(rig.root), dtype=np.float32) / np.float32(fps), "SCALAR")
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def move(node: int, path: str, values: np.ndarray) -> None:
        output = buffer.add(values, f"VEC{values.shape[1]}")
        target = {"node": node, "path": path}
        channels.append({"sampler": len(samplers), "target": target})
        samplers.append({"input": times, "output": output})

    move(0, "translation", rig.root)
    for node in range(len(rig.names)):
        if not np.allclose(rig.rotations[:, node], np.eye(3), atol=1e-12):
            turns = np.roll(_continuous(quaternion(rig.rotations[:, node])), -1, axis=-1)
            move(node, "rotation", turns)  # x y z w
    if stretch:
        sticks = {one["name"]: at for at, one in enumerate(nodes)}
        lengths = np.linalg.norm(rig.offsets, axis=-1)
        change = np.abs(lengths * (rig.stretch - 1)).max(0)
        for node in np.flatnonzero(change > LEAST_CHANGE).tolist():
            by = rig.stretch[:, node, None]
            move(node, "translation", rig.offsets[node] * by)
            # Along the bone alone: it gets no thicker.
            thick = np.full_like(by, lengths[node])
            stick = sticks[f"{rig.names[node]}{BONE}"]
            move(stick, "scale", np.concatenate([thick, lengths[node] * by, thick], axis=1))
    return {"name": "motion", "samplers": samplers, "channels": channels}


def _continuous(turns: np.ndarray) -> np.ndarray:
    """The same rotations with the sign of each quaternion nearest to the one before."""
    flips = np.where((turns[1:] * turns[:-1]).sum(-1) < 0, -1.0, 1.0)
    return turns * np.concatenate([[1.0], np.cumprod(flips)])[:, None]
