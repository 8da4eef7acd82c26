"""Rotations as matrices (..., 3, 3) that turn column vectors; quaternions are w, x, y, z."""

from __future__ import annotations

import numpy as np

AXES = {"X": 0, "Y": 1, "Z": 2}


def about(axis: str, degrees: np.ndarray) -> np.ndarray:
    """The rotation about X, Y or Z by an angle in degrees."""
    radians = np.deg2rad(degrees)
    cos, sin = np.cos(radians), np.sin(radians)
    i, j = (AXES[axis] + 1) % 3, (AXES[axis] + 2) % 3
    made = np.zeros((*radians.shape, 3, 3))
    made[..., AXES[axis], AXES[axis]] = 1
    made[..., i, i] = made[..., j, j] = cos
    made[..., i, j], made[..., j, i] = -sin, sin
    return made


def zxy_degrees(matrix: np.ndarray) -> np.ndarray:
    """Angles (..., 3) in degrees about Z, then the turned X, then the turned Y: ``Rz Rx Ry``."""
    middle = np.arcsin(np.clip(matrix[..., 2, 1], -1, 1))
    locked = np.abs(matrix[..., 2, 1]) > 1 - 1e-12  # Z and Y turn about one axis: Z takes it all
    first = np.where(
        locked,
        np.arctan2(matrix[..., 1, 0], matrix[..., 0, 0]),
        np.arctan2(-matrix[..., 0, 1], matrix[..., 1, 1]),
    )
    last = np.where(locked, 0.0, np.arctan2(-matrix[..., 2, 0], matrix[..., 2, 2]))
    return np.rad2deg(np.stack([first, middle, last], axis=-1))


def between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The shortest rotation of directions ``start`` onto ``end`` (..., 3); no need of unit length.

    Opposite directions: half a turn about some axis across them. A zero direction: no rotation.
    """
    start, end = np.broadcast_arrays(_unit(start), _unit(end))
    across = np.cross(start, end)
    cos = (start * end).sum(-1)[..., None, None]
    skew = np.zeros((*across.shape, 3))
    skew[..., 0, 1], skew[..., 0, 2], skew[..., 1, 2] = (
        -across[..., 2],
        across[..., 1],
        -across[..., 0],
    )
    skew = skew - np.swapaxes(skew, -1, -2)
    opposite = cos < -1 + 1e-9
    made = np.eye(3) + skew + skew @ skew / np.where(opposite, 1, 1 + cos)
    least = np.eye(3)[np.abs(start).argmin(-1)]
    axis = _unit(np.cross(start, least))
    half = 2 * axis[..., :, None] * axis[..., None, :] - np.eye(3)
    nothing = ((start**2).sum(-1) * (end**2).sum(-1) == 0)[..., None, None]
    return np.where(nothing, np.eye(3), np.where(opposite, half, made))


def best_fit(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The rotation that brings vectors ``start`` (n, 3) closest to ``end`` (..., n, 3): Kabsch."""
    left, _, right = np.linalg.svd(np.swapaxes(end, -1, -2) @ start)
    sign = np.linalg.det(left @ right)
    left = left * np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)[..., None, :]
    return left @ right


def quaternion(matrix: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., 4) of rotations (..., 3, 3), w at least 0."""
    trace = np.trace(matrix, axis1=-2, axis2=-1)[..., None, None]
    swapped = np.swapaxes(matrix, -1, -2)
    # Bar-Itzhack's matrix: the quaternion is the eigenvector of its largest eigenvalue.
    full = np.zeros((*matrix.shape[:-2], 4, 4))
    full[..., :3, :3] = matrix + swapped - trace * np.eye(3)
    turned = matrix - swapped
    column = np.stack([turned[..., 2, 1], turned[..., 0, 2], turned[..., 1, 0]], axis=-1)
    full[..., :3, 3] = full[..., 3, :3] = column
    full[..., 3, 3] = trace[..., 0, 0]
    x, y, z, w = np.moveaxis(np.linalg.eigh(full)[1][..., -1], -1, 0)
    found = np.stack([w, x, y, z], axis=-1)
    return np.where(found[..., :1] < 0, -found, found)


def _unit(vectors: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(size > 1e-12, size, np.inf)
