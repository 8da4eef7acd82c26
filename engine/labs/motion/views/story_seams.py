"""The jerk at every seam, by the ways to treat it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars
from engine.labs.motion.views.story_words import NAMES, describe_seams

MOST_SEAMS = 40


def draw_seams(result: Result, palette: Palette) -> go.Figure:
    """Bars of the greatest jerk within 10 frames of each seam, for every method."""
    seams = result.array("seams")[:MOST_SEAMS]
    more = len(result.array("seams")) - len(seams)
    groups = {
        NAMES[name]: result.array(f"seam_jerk_{name}")[:MOST_SEAMS].astype(np.float64)
        for name in result.notes["methods"]
    }
    return bars(
        [f"{seam / 20:.1f}" for seam in seams.tolist()],
        groups,
        palette,
        title="Jerk at the seams",
        category=axis("Time of the seam", "s"),
        value=axis("Greatest jerk", "m/frame³"),
        subtitle=f"the first {MOST_SEAMS} of {MOST_SEAMS + more}" if more > 0 else None,
        alt=describe_seams(result).replace("*", ""),
        height=360,
    )


def seam_table(result: Result) -> dict[str, np.ndarray]:
    """Every seam with its jerk by every method."""
    table: dict[str, np.ndarray] = {
        "frame": result.array("seams"),
        "between segments": result.array("between"),
    }
    for name in result.notes["methods"]:
        table[f"jerk, {name} [m/frame³]"] = result.array(f"seam_jerk_{name}")
    return table


def floor_table(result: Result) -> dict[str, np.ndarray]:
    """The path of the pelvis over time."""
    root = result.array("root")
    return {
        "time [s]": np.arange(len(root)) / 20,
        "x [m]": root[:, 0],
        "height [m]": root[:, 1],
        "z [m]": root[:, 2],
    }


def segment_table(result: Result) -> dict[str, list[object]]:
    """The segments as they were told."""
    keys = ("row", "round", "kind", "text", "place", "start", "end", "told", "pieces",
            "considered", "near", "error_m", "worst_m", "reached")  # fmt: skip
    return {key: [one[key] for one in result.notes["segments"]] for key in keys}
