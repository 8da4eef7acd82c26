"""A training as one watches it: the same texts and seeds at every stop, loss, checks, feet."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, Series, axis, lines
from engine.figures.lines import Event
from engine.figures.skeletons import Lane, Stage
from engine.labs.motion.views.retrain_words import (
    describe_action,
    describe_checks,
    describe_loss,
    describe_motion,
    done,
)
from engine.labs.motion.views.stage import body_stage


def lesson_stage(result: Result, action: str) -> Stage:
    """One lane for every stop, all of one text and one seed."""
    at = result.notes["actions"].index(action)
    lanes = []
    for stop, step in enumerate(result.array("stop")):
        positions = result.array("pelvis")[stop, at][:, None] + result.array("body")[
            stop, at
        ].astype(np.float32)
        seconds = result.notes["cpu_seconds"][stop]
        under = f"{seconds:.0f} CPU s, {done(result, stop, at)}"
        lanes.append(Lane(f"Step {step:,}", positions, under=under))
    return body_stage(lanes, result.notes["captions"][at], describe_action(result, action))


def draw_loss(result: Result, palette: Palette) -> go.Figure:
    """The loss over the steps, with the stops."""
    return lines(
        [Series("loss", result.array("point"), result.array("loss"))],
        palette,
        title="Loss",
        subtitle="of the noisy batches of a stretch of steps; lines mark where clips were sampled",
        x=axis("Step"),
        y=axis("Loss", log=True),
        events=[Event(float(step), "") for step in result.array("stop")[1:-1]],
        alt=describe_loss(result),
        height=320,
    )


def draw_checks(result: Result, palette: Palette) -> go.Figure:
    """The share of clips that do what their text says, by action."""
    passed = 100 * np.mean(result.array("passed").astype(float), axis=-1)
    series = [
        Series(name, result.array("stop"), passed[:, at])
        for at, name in enumerate(result.notes["actions"])
        if np.isfinite(passed[:, at]).all()
    ]
    clips = result.array("passed").shape[-1]
    return lines(
        series,
        palette,
        title="Clips that do what their text says",
        subtitle=f"{clips} of every action, the same seeds at every stop",
        x=axis("Step"),
        y=axis("Checks passed", "%", limits=(-4, 104)),
        alt=describe_checks(result),
        height=320,
    )


def draw_quality(result: Result, palette: Palette, name: str) -> go.Figure:
    """Jerk or skating at every stop, beside the clips of the training."""
    jerk = name == "jerk"
    factor = 1 if jerk else 100
    figure = lines(
        [Series("Jerk" if jerk else "Skating", result.array("stop"), factor * result.array(name))],
        palette,
        title="Jerk" if jerk else "Frames with a skating foot",
        x=axis("Step"),
        y=axis("Jerk", "m/frame³", log=True) if jerk else axis("Frames", "%"),
        level=(factor * result.number(f"real_{name}"), "clips of the training"),
        alt=describe_motion(result),
        height=300,
    )
    # The curve begins high on the left and comes down to the level.
    return figure.update_annotations(x=1, xanchor="right", yanchor="bottom")


def lesson_table(result: Result) -> dict[str, object]:
    """Everything by stop, for files."""
    passed = np.mean(result.array("passed").astype(float), axis=-1)
    table: dict[str, object] = {
        "step": result.array("stop"),
        "CPU s": result.notes["cpu_seconds"],
        "jerk m/frame³": result.array("jerk"),
        "skating": result.array("skate"),
    }
    for at, name in enumerate(result.notes["actions"]):
        table[name] = passed[:, at]
    return table


def loss_table(result: Result) -> dict[str, object]:
    """The loss curve, for files."""
    return {"step": result.array("point"), "loss": result.array("loss")}
