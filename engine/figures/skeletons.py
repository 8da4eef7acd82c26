"""Skeletons that move side by side: what a viewer plays, and what is drawn below the playhead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core import BadInput
from engine.figures.storyboard import draw_skeletons

__all__ = ["Lane", "Stage", "Strip", "StripKind", "draw_skeletons"]

MOST_LANES, MOST_FRAMES, MOST_JOINTS, MOST_STRIPS = 8, 4000, 128, 24
StripKind = Literal["line", "heat", "segments", "ticks"]


@dataclass(frozen=True, eq=False)
class Lane:
    """One skeleton.

    ``positions`` (frames, joints, 3) in metres, y up, left is +x where a body faces +z. ``ghost``
    (frames, joints, 3) is drawn translucent beside it, such as the same clip with one frame erased.
    ``light`` (frames, joints) from 0 to 1 says how strongly a joint is lit. ``trail`` (frames,
    frames) from 0 to 1 says, for the playhead's frame (row), how visible the pose of another frame
    (column) is. ``contacts`` (frames, 4) are those of left ankle, left foot, right ankle, right
    foot. ``under`` is a line below the name. Raises BadInput for shapes that differ.
    """

    name: str
    positions: np.ndarray
    under: str = ""
    ghost: np.ndarray | None = None
    light: np.ndarray | None = None
    trail: np.ndarray | None = None
    contacts: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = self.positions.shape
        if len(shape) != 3 or shape[-1] != 3:
            raise BadInput("positions", f"must be (frames, joints, 3), not {shape}")
        frames, joints = shape[:2]
        if not 1 <= frames <= MOST_FRAMES or not 1 <= joints <= MOST_JOINTS:
            raise BadInput("positions", f"1 to {MOST_FRAMES} frames of 1 to {MOST_JOINTS} joints "
                           f"are played, not {frames} of {joints}")  # fmt: skip
        if not np.isfinite(self.positions).all():
            raise BadInput("positions", "must be finite")
        wanted = {
            "ghost": shape,
            "light": (frames, joints),
            "trail": (frames, frames),
            "contacts": (frames, 4),
        }
        for name, size in wanted.items():
            given = getattr(self, name)
            if given is not None and given.shape != size:
                raise BadInput(name, f"must be {size}, not {given.shape}")


@dataclass(frozen=True, eq=False)
class Strip:
    """One curve, heat map, row of segments or row of ticks along the frames.

    ``values`` is (frames,) for "line", (rows, frames) for "heat", (n, 2) first and last frame for
    "segments", (n,) frames for "ticks"; ``labels`` are those of a heat map's rows or of segments.
    ``lane`` is the number of the lane that it belongs to, None for all. ``unit`` stands behind a
    value that is read out. ``grips`` are the segments whose end can be dragged: (segment, first
    frame, last frame) in front of which it may end.
    """

    name: str
    kind: StripKind
    values: np.ndarray
    lane: int | None = None
    labels: Sequence[str] = ()
    unit: str = ""
    grips: Sequence[tuple[int, int, int]] = ()


@dataclass(frozen=True, eq=False)
class Stage:
    """Lanes that are played in step; ``parents`` (joints) draw the bones, -1 for the root.

    ``sides`` (joints) is -1 for left, 1 for right, 0 for the middle. ``feet`` are the joints of a
    lane's ``contacts``, in their order. ``alt`` states the finding. Where a frame is no moment in
    time, ``counted`` is what it is instead, such as "step". Raises BadInput for lanes of
    other joints, for contacts without feet and for strips that do not fit the frames.
    """

    lanes: Sequence[Lane]
    parents: Sequence[int]
    sides: Sequence[int]
    title: str
    alt: str
    fps: float = 20.0
    strips: Sequence[Strip] = ()
    feet: Sequence[int] = ()
    counted: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.lanes) <= MOST_LANES:
            raise BadInput("lanes", f"1 to {MOST_LANES} are played, not {len(self.lanes)}")
        if len(self.strips) > MOST_STRIPS:
            raise BadInput("strips", f"at most {MOST_STRIPS} are drawn, not {len(self.strips)}")
        joints = {lane.positions.shape[1] for lane in self.lanes}
        if joints != {len(self.parents)} or len(self.sides) != len(self.parents):
            raise BadInput("parents", "parents and sides need one entry for each joint of a lane")
        if any(lane.contacts is not None for lane in self.lanes) and len(self.feet) != 4:
            raise BadInput("feet", "contacts need the four joints that they are of")
        if not self.fps > 0:
            raise BadInput("fps", f"must be above 0 (got {self.fps:g})")
        for strip in self.strips:
            _check(strip, self.frames, len(self.lanes))

    @property
    def frames(self) -> int:
        """Frames of the longest lane."""
        return max(len(lane.positions) for lane in self.lanes)

    @property
    def seconds(self) -> float:
        """From the first frame to the last of the longest lane."""
        return (self.frames - 1) / self.fps

    def table(self) -> dict[str, np.ndarray]:
        """A row for each joint of each frame of each lane, for CSV; x, y and z in metres."""
        joints = len(self.parents)
        parts = [np.asarray(lane.positions, np.float32) for lane in self.lanes]
        counts = [len(part) for part in parts]
        frame = np.concatenate([np.arange(count) for count in counts])
        places = np.concatenate([part.reshape(-1, 3) for part in parts])
        return {
            "lane": np.repeat([lane.name for lane in self.lanes], np.multiply(counts, joints)),
            "frame": np.repeat(frame, joints),
            **self._moments(frame, joints),
            "joint": np.tile(np.arange(joints), len(frame)),
            **{name: places[:, axis] for axis, name in enumerate(("x", "y", "z"))},
        }

    def _moments(self, frame: np.ndarray, joints: int) -> dict[str, np.ndarray]:
        if self.counted:
            return {self.counted: np.repeat(frame + 1, joints)}
        return {"seconds": np.repeat(frame / self.fps, joints)}


def _check(strip: Strip, frames: int, lanes: int) -> None:
    """Raises BadInput("strips") where a strip cannot be drawn below ``frames`` frames."""
    shape = strip.values.shape
    wanted = {
        "line": (f"(frames,) with at most {frames}", len(shape) == 1 and shape[0] <= frames),
        "heat": (
            f"(rows, frames) with 1 to {MOST_JOINTS} rows and at most {frames} frames",
            len(shape) == 2 and 1 <= shape[0] <= MOST_JOINTS and shape[1] <= frames,
        ),
        "segments": ("(segments, 2)", len(shape) == 2 and shape[1] == 2),
        "ticks": ("(ticks,)", len(shape) == 1),
    }
    if strip.kind not in wanted:
        raise BadInput("strips", f"{strip.kind!r} is none of {', '.join(wanted)}")
    form, fits = wanted[strip.kind]
    if not fits:
        raise BadInput("strips", f"the {strip.kind} {strip.name!r} must be {form}, not {shape}")
    if strip.lane is not None and not 0 <= strip.lane < lanes:
        raise BadInput("strips", f"{strip.name!r} belongs to lane {strip.lane} of {lanes}")
    if any(not 0 <= segment < len(strip.values) for segment, _, _ in strip.grips):
        raise BadInput("strips", f"{strip.name!r} has a grip at a segment that it does not have")
    if strip.grips and strip.kind != "segments":
        raise BadInput("strips", f"{strip.name!r} has no segments whose ends could be dragged")
    if strip.labels and len(strip.labels) != len(strip.values):
        raise BadInput(
            "strips", f"{strip.name!r} has {len(strip.labels)} labels for {len(strip.values)}"
        )
