"""The same clip with other step sizes: what it costs to forget faster or slower."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.core.units import percent
from engine.figures import Event, Palette, Series, axis, bars, lines
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.memory.poses import pose_speed, seen_from_body
from engine.labs.motion.views.cards import beside_real
from engine.labs.motion.views.remembered import length, readers
from engine.labs.motion.views.stage import body_stage


def factor_names(result: Result) -> dict[str, str]:
    """Places of the factors on the ladder and how they are written; 1 is the model as it is."""
    return {str(at): times(float(k)) for at, k in enumerate(result.array("factor")) if k != 1}


def times(k: float) -> str:
    """``× 4`` or ``÷ 4``."""
    return f"× {k:g}" if k >= 1 else f"÷ {1 / k:g}"


def stretched_stage(result: Result, *, factor: int) -> Stage:
    """The clip as it is, and the one of other step sizes with it as a ghost."""
    positions = result.array("positions").astype(np.float32)
    shift = result.array("shift")[factor].astype(np.float32)
    k, one = float(result.array("factor")[factor]), _one(result)
    moved = np.linalg.norm(seen_from_body(positions + shift) - seen_from_body(positions), axis=-1)
    real = beside_real("{:.0%}")
    usual = f" ({real})" if real else ""
    said = [
        f"jerk {1000 * float(result.array('jerk')[at]):.3g} mm/frame³, "
        f"skating in {percent(float(result.array('skate')[at]))} of frames{usual}"
        for at in (one, factor)
    ]
    lanes = [
        Lane("As it is", positions, under=said[0]),
        Lane(
            f"Step sizes {times(k)}",
            positions + shift,
            under=said[1],
            ghost=positions,
            light=(moved / max(float(moved.max()), 1e-9)).astype(np.float32),
        ),
    ]
    change = 1000 * result.array("pose_change")[factor]
    return body_stage(
        lanes,
        "The same noise, another forgetting",
        describe_stretched(result, factor),
        strips=[Strip("Change of pose", "line", change, 1, unit="mm")],
    )


def draw_ladder(result: Result, palette: Palette, *, factor: int) -> go.Figure:
    """How far the clip is from itself over the factor of the step sizes."""
    k = result.array("factor")
    # A logarithmic axis has no place for the change of 0 at a factor of 1.
    pose, room = (
        np.where(k == 1, np.nan, 1000 * change)
        for change in (result.array("pose_change").mean(1), room_change(result))
    )
    return lines(
        [
            Series("pose, seen from the body", k, pose),
            Series("place and pose, in the room", k, room),
        ],
        palette,
        title="What other step sizes change",
        subtitle=f"{_which(result)}; 1 is the model as it was trained",
        x=axis("Step sizes times", log=True),
        y=axis("Mean change of a joint", "mm", log=bool((np.delete(pose, _one(result)) > 0).all())),
        events=[Event(1.0, "as it is"), Event(float(k[factor]), times(float(k[factor])))],
        alt=describe_ladder(result),
        height=360,
    )


def room_change(result: Result) -> np.ndarray:
    """Mean change of a joint (factor,) in metres, with that of the place."""
    return np.linalg.norm(result.array("shift").astype(np.float64), axis=-1).mean((1, 2))


def draw_single(result: Result, palette: Palette) -> go.Figure:
    """Each scan alone, forgetting slower and faster."""
    single = 1000 * result.array("single").astype(np.float64)
    return bars(
        [reader["name"] for reader in readers(result)],
        {"steps ÷ 8: holds longer": single[:, 0], "steps × 8: forgets faster": single[:, 1]},
        palette,
        title="Each scan alone",
        category=axis("Scan"),
        value=axis("Mean change of a joint", "mm"),
        horizontal=True,
        alt=describe_single(result),
    )


def describe_stretched(result: Result, factor: int) -> str:
    """What these step sizes do to the clip, against what a joint moves in a frame."""
    k, one = float(result.array("factor")[factor]), _one(result)
    change = float(result.array("pose_change")[factor].mean())
    moves = pose_speed(result.array("positions"))
    jerks = result.array("jerk")
    rougher = float(jerks[factor] / max(jerks[one], 1e-12))
    smooth = (
        f"{rougher:.2g} times as jerky" if rougher > 1.05
        else f"smoother, with {rougher:.2g} of the jerk" if rougher < 0.95
        else "about as smooth"
    )  # fmt: skip
    lives = f"{k:g} times shorter" if k > 1 else f"{1 / k:g} times longer"
    return (
        f"With step sizes {times(k)} every half-life of {_which(result)} is {lives}. A joint is "
        f"{length(change)} from where it was, seen from the body (it moves {length(moves)} from "
        f"one frame to the next), and the clip is {smooth}."
    )


def describe_ladder(result: Result) -> str:
    """Which side of the ladder hurts more."""
    k, change = result.array("factor"), result.array("pose_change").mean(1).astype(np.float64)
    slow, fast = float(change[k < 1].mean()), float(change[k > 1].mean())
    side = "Forgetting faster" if fast > slow else "Holding longer"
    other = "holding longer" if fast > slow else "forgetting faster"
    return (
        f"{side} changes the clip more: {length(max(slow, fast))} a joint on average over its half "
        f"of the ladder, against {length(min(slow, fast))} when {other}."
    )


def describe_single(result: Result) -> str:
    """The scan whose forgetting matters most."""
    single = result.array("single").astype(np.float64)
    at, which = np.unravel_index(int(single.argmax()), single.shape)
    name = readers(result)[int(at)]["name"]
    how = "× 8" if which else "÷ 8"
    rest = np.median(np.delete(single[:, which], at)) if len(single) > 1 else 0.0
    return (
        f"One scan alone changes most with steps {how} in {name}: {length(float(single.max()))} a "
        f"joint, where the median of the others is {length(float(rest))}."
    )


def _which(result: Result) -> str:
    count = int(result.number("stretched"))
    everyone = len(readers(result))
    return f"all {count} scans" if count == everyone else f"{count} of {everyone} scans"


def _one(result: Result) -> int:
    return int(np.flatnonzero(result.array("factor") == 1)[0])
