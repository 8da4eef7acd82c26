"""One clip at every step of its sampling: the lanes of a step, a pose over steps, and curves."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.features import contacts
from engine.labs.motion.skeleton import FEET, PARENTS
from engine.labs.motion.views.clips import positions_of
from engine.labs.motion.views.lanes import JERK_UNIT
from engine.labs.motion.views.stage import SIDES, body_stage

STEPS_A_SECOND = 4.0
FAINTEST = 0.12
CHOSEN = "chosen step"


def steps_of(result: Result) -> int:
    """How many steps there are."""
    return len(result.array("to_final"))


def has_free(result: Result) -> bool:
    """Whether the clip without the caption was kept: a masked model has none."""
    return "free_body" in result.fields


def step_name(result: Result) -> str:
    """What a step does."""
    return "unmasking" if "masked" in result.fields else "denoising"


def step_stage(result: Result, step: int, alt: str) -> Stage:
    """What the model would give at ``step`` beside the final clip, the latter as a ghost too."""
    last = steps_of(result) - 1
    final, now = positions_of(result, last), positions_of(result, step)
    lanes = [
        Lane(
            f"Step {step + 1} of {last + 1}",
            now,
            under=f"{result.array('to_final')[step]:.2f} m from the final clip (ghost)",
            ghost=final,
        )
    ]
    if has_free(result):
        lanes.append(
            Lane(
                "The same step without the text",
                positions_of(result, step, "free_"),
                under=f"{result.array('text')[step]:.2f} m from the one with it (ghost)",
                ghost=now,
            )
        )
    touching = contacts(final)
    lanes.append(Lane("Final clip", final, contacts=np.concatenate([touching, touching[-1:]])))
    strips = [
        Strip(
            "Distance to the final clip", "line", result.array("to_final_frames")[step],
            lane=0, unit="m",
        )
    ]  # fmt: skip
    if "masked" in result.fields:
        strips.append(
            Strip(
                "Tokens kept after each step",
                "heat",
                kept_frames(result).astype(np.float64),
                lane=0,
                labels=[f"{at + 1}" for at in range(last + 1)],
            )
        )
    return body_stage(lanes, f"The clip at one step of {step_name(result)}", alt, strips=strips)


def kept_frames(result: Result) -> np.ndarray:
    """Whether the token of a frame is fixed after a step (steps, frames)."""
    kept = ~result.array("masked").astype(bool)
    frames = result.array("pelvis").shape[1]
    stride = -(-(frames - 1) // kept.shape[1])
    tokens = np.minimum(np.arange(frames) // stride, kept.shape[1] - 1)
    return kept[:, tokens]


def pose_stage(result: Result, frame: int, alt: str) -> Stage:
    """The pose at ``frame`` over all steps as an onion skin; the playhead walks over steps.

    The pelvis is kept in one place, so that only the pose changes.
    """
    steps = steps_of(result)
    age = np.arange(steps)[:, None] - np.arange(steps)[None]
    trail = np.where(age > 0, np.maximum(FAINTEST, 1 - age / 6), 0.0)
    lanes = [Lane("With the text", _poses(result, frame, ""), trail=trail)]
    if has_free(result):
        lanes.append(Lane("Without the text", _poses(result, frame, "free_"), trail=trail))
    title = f"The pose at {frame / 20:.2f} s over all steps"
    return Stage(lanes, PARENTS, SIDES, title, alt, STEPS_A_SECOND, (), FEET, "step")


def _poses(result: Result, frame: int, prefix: str) -> np.ndarray:
    pelvis = result.array(f"{prefix}pelvis")[:, frame]
    body = result.array(f"{prefix}body")[:, frame].astype(np.float32)
    height = pelvis * np.array([0, 1, 0], dtype=np.float32)
    return height[:, None] + body


def draw_distance(result: Result, palette: Palette, *, step: int, alt: str) -> go.Figure:
    """How far every step's clip is from the final one, and how far the text moves it."""
    at = np.arange(1, steps_of(result) + 1)
    series = [
        Series("to the final clip", at, result.array("to_final"), marks=(step + 1,), mark=CHOSEN)
    ]
    if result["text"].unit == "m":
        series.append(
            Series("moved by the text", at, result.array("text"))
        )  # fmt: skip
    return lines(
        series,
        palette,
        title="Distance at every step",
        x=axis(f"Step of {step_name(result)}"),
        y=axis("Mean distance of a joint", "m"),
        alt=alt,
    )


def draw_text_share(result: Result, palette: Palette, *, step: int, alt: str) -> go.Figure:
    """How far the text moves the chances of the open tokens, for a masked model."""
    at = np.arange(1, steps_of(result) + 1)
    return lines(
        [Series("moved by the text", at, result.array("text"), marks=(step + 1,), mark=CHOSEN)],
        palette,
        title="What the text changes",
        x=axis(f"Step of {step_name(result)}"),
        y=axis("Chance moved to other codes", limits=(0, 1)),
        alt=alt,
    )


def draw_step_jerk(
    result: Result, palette: Palette, *, step: int, level: float, alt: str
) -> go.Figure:
    """The mean jerk of every step's clip, and that of the real clips."""
    at = np.arange(1, steps_of(result) + 1)
    return lines(
        [Series("mean jerk", at, result.array("jerk"), marks=(step + 1,), mark=CHOSEN)],
        palette,
        title="Jerk at every step",
        x=axis(f"Step of {step_name(result)}"),
        y=axis("Mean jerk of the worst joint", JERK_UNIT),
        level=(level, "mean of real validation clips"),
        alt=alt,
    )


def step_table(result: Result) -> dict[str, np.ndarray]:
    """A row for each step."""
    unit = result["text"].unit
    table = {
        "step": np.arange(1, steps_of(result) + 1),
        "to the final clip [m]": result.array("to_final"),
        f"moved by the text [{unit}]": result.array("text"),
        f"mean jerk [{JERK_UNIT}]": result.array("jerk"),
    }
    if "noise" in result.fields:
        table["share of noise in the rows [1]"] = result.array("noise")
    if "masked" in result.fields:
        table["tokens kept"] = (~result.array("masked").astype(bool)).sum(1)
    return table
