"""Motion as results keep it: the pelvis, and the joints seen from it."""

from __future__ import annotations

import numpy as np

from engine.core.result import Result


def positions_of(result: Result, at: int, prefix: str = "") -> np.ndarray:
    """Positions (frames, 22, 3) in metres of clip ``at`` of a result."""
    pelvis, body = result.array(f"{prefix}pelvis")[at], result.array(f"{prefix}body")[at]
    return pelvis[:, None] + body.astype(np.float32)
