"""Motion made from motion: a mirror image, a longer clip, several clips as one."""

from __future__ import annotations

import numpy as np

from engine.labs.motion.features import (
    CONTACT,
    LOCAL,
    ROOT,
    VELOCITY,
    WIDTH,
    YAW,
    decode,
    encode,
)
from engine.labs.motion.skeleton import COUNT, MIRROR

BLEND = 10  # frames over which a difference between two clips fades
PLACE = slice(0, LOCAL.stop)


def mirror_rows(rows: np.ndarray) -> np.ndarray:
    """Rows (..., 137) of the motion in a mirror; words must be swapped as well."""
    made = rows.copy()
    made[..., YAW] *= -1
    made[..., ROOT.start] *= -1
    flip = np.array([-1, 1, 1], dtype=rows.dtype)
    local = rows[..., LOCAL].reshape(*rows.shape[:-1], COUNT - 1, 3)
    swapped = [joint - 1 for joint in MIRROR[1:]]
    made[..., LOCAL] = (local[..., swapped, :] * flip).reshape(*rows.shape[:-1], -1)
    moved = rows[..., VELOCITY].reshape(*rows.shape[:-1], COUNT, 3)
    made[..., VELOCITY] = (moved[..., MIRROR, :] * flip).reshape(*rows.shape[:-1], -1)
    left, right = slice(CONTACT.start, CONTACT.start + 2), slice(CONTACT.start + 2, CONTACT.stop)
    made[..., left], made[..., right] = rows[..., right], rows[..., left]
    return made


def join(*parts: np.ndarray, blend: int = BLEND) -> np.ndarray:
    """Rows (sum of rows, 137) of clips one after the other, each (rows, 137).

    Rows are seen from the body, so that place and heading go on by themselves. The difference in
    pose, height and speed at a seam is added to the later clip and fades over ``blend`` frames.
    """
    made = [parts[0]]
    for part in parts[1:]:
        fade = np.zeros((len(part), 1), dtype=part.dtype)
        reach = min(blend, len(part))
        share = (np.arange(reach) + 1) / (reach + 1)
        fade[:reach, 0] = 1 - share**2 * (3 - 2 * share)
        moved = part.copy()
        moved[:, PLACE] += fade * (made[-1][-1, PLACE] - part[0, PLACE])
        made.append(moved)
    rows = np.concatenate(made)
    if len(parts) == 1:
        return rows
    # Displacements and contacts follow from the joined positions.
    return encode(decode(rows.astype(np.float64))).astype(parts[0].dtype).reshape(-1, WIDTH)
