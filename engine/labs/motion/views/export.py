"""What is written and what comes back, and what a BVH file was found to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from engine.core.result import Result
from engine.figures import Palette, axis, bars
from engine.figures.skeletons import Lane, Stage, Strip
from engine.labs.motion.clip import resample
from engine.labs.motion.files.bvh_import import BRANCH_BONES
from engine.labs.motion.files.doors import MOVING_JOINTS
from engine.labs.motion.files.reimport import Reimported
from engine.labs.motion.skeleton import JOINTS
from engine.labs.motion.views.stage import body_stage

KINDS = {".bvh": "BVH", ".glb": "GLB", ".npz": "NPZ", ".csv": "CSV"}
NAMES = [name.replace("_", " ") for name in JOINTS]


def describe_error(one: Reimported) -> str:
    """The greatest and the mean distance of a joint, with frames and rate."""
    return (
        f"{KINDS[one.kind]} read again: {one.frames:,} frames at {one.fps:g} a second; a joint is "
        f"off by {_millimetres(float(one.error_mm.mean()))} on average and "
        f"{_millimetres(float(one.error_mm.max()))} at most ({NAMES[one.worst]})."
    )


def error_rows(every: Sequence[Reimported]) -> list[dict[str, str]]:
    """A row a format: what it keeps, its size, and the error of its joints."""
    return [
        {
            "format": KINDS[one.kind],
            "keeps": _kept(one),
            "size": f"{len(one.data) / 1e3:.1f} KB",
            "frames": f"{one.frames:,} at {one.fps:g} a second",
            "mean error": _millimetres(float(one.error_mm.mean())),
            "greatest error": _millimetres(float(one.error_mm.max())),
        }
        for one in every
    ]


def _millimetres(value: float) -> str:
    """What is less than a thousandth of a millimetre is said to be that."""
    return f"{value:.3g} mm" if value >= 1e-3 or not value else "below 0.001 mm"


def _kept(one: Reimported) -> str:
    if one.kind not in MOVING_JOINTS:
        return "joints"
    return "bones that change length" if one.moving else "bones of one length"


def describe_kept(every: Sequence[Reimported]) -> str:
    """What each file keeps of the bones."""
    said = []
    for moving, words in (
        (True, "the length of every bone at every frame"),
        (False, "the directions of bones and one length of each"),
    ):
        kinds = [KINDS[one.kind] for one in every
                 if one.kind in MOVING_JOINTS and one.moving == moving]  # fmt: skip
        if kinds:
            said.append(f"{' and '.join(kinds)} keep{'s' * (len(kinds) == 1)} {words}")
    return f"{'; '.join(said)}; NPZ and CSV keep the joints themselves."


def joint_table(one: Reimported) -> Mapping[str, object]:
    """A row a joint."""
    return {
        "joint": list(JOINTS),
        "mean error [mm]": one.error_mm.mean(0),
        "greatest error [mm]": one.error_mm.max(0),
    }


def draw_error(one: Reimported, palette: Palette) -> go.Figure:
    """The mean and the greatest error of every joint in one format."""
    figure = bars(
        NAMES,
        {"mean": one.error_mm.mean(0), "greatest": one.error_mm.max(0)},
        palette,
        title=f"{KINDS[one.kind]} read again, by joint",
        category=axis("Joint"),
        value=axis("Distance from where it was meant", "mm"),
        alt=describe_error(one),
        height=380,
    )
    return figure.update_xaxes(tickangle=-55)


def reimport_stage(result: Result, one: Reimported, *, times: int = 1) -> Stage:
    """The clip with what comes back of a file as its ghost, and the worst joint lit by its error.

    ``times`` enlarges the distance of the ghost from the body.
    """
    meant = positions32(result)
    back = resample(one.positions, one.fps)
    frames = min(len(meant), len(back))
    meant, shift = meant[:frames], back[:frames] - meant[:frames]
    off_mm = 1e3 * np.linalg.norm(shift, axis=-1)
    light = np.zeros(meant.shape[:2], dtype=np.float32)
    light[:, one.worst] = off_mm[:, one.worst] / max(float(off_mm[:, one.worst].max()), 1e-9)
    drawn = f", its distance from the body drawn {times} times as large" if times != 1 else ""
    name, joint = KINDS[one.kind], NAMES[one.worst]
    lane = Lane(
        f"{name} read again",
        meant,
        under=f"translucent: what comes back{drawn}; lit: the {joint}, the joint that is worst",
        ghost=(meant + times * shift).astype(np.float32),
        light=light,
    )
    strips = [
        Strip(f"Error of the {joint}", "line", off_mm[:, one.worst], unit="mm"),
        Strip("Mean error of all joints", "line", off_mm.mean(1), unit="mm"),
    ]
    return body_stage([lane], f"The clip and its {name}", describe_error(one), strips=strips)


def describe_losses(result: Result, every: Sequence[Reimported]) -> str:
    """Which formats lose something, and what."""
    lossy = [one for one in every if one.error_mm.max() >= 1]
    if not lossy:
        return "Every format gives every joint back within a millimetre."
    names = " and ".join(KINDS[one.kind] for one in lossy)
    worst = max(lossy, key=lambda one: float(one.error_mm.max()))
    joint = NAMES[worst.worst]
    said = (
        f"{names} move{'s' * (len(lossy) == 1)} a joint by up to {worst.error_mm.max():.3g} mm "
        f"({joint}), {worst.error_mm.mean():.2g} mm on average"
    )
    rigid = [KINDS[one.kind] for one in lossy if one.kind in MOVING_JOINTS and not one.moving]
    if rigid:
        said += (
            ": a bone has one length there, and those of this clip vary by "
            f"{100 * result.number('bone_variation'):.1f} %. {' and '.join(rigid)} with moving "
            f"joints keep{'s' * (len(rigid) == 1)} that, for programs that read the places of "
            "joints"
        )
    return f"{said}."


def describe_file(result: Result) -> list[str]:
    """What was found in a file that was brought, and what was done about it."""
    notes = result.notes
    unit = 1e3 * notes["unit_m"]
    said = [f"{notes['kind']}, {notes['skeleton']}; one unit is {unit:.4g} mm."]
    if "joints" in notes:
        ends = notes["ends"]
        said.append(
            f"{notes['joints']} joints, {notes['channels']} channels, {ends} end "
            f"site{'s' * (ends != 1)}."
        )
        moved = notes["moved_joints"]
        if moved:
            said.append(
                f"{moved} joints below the root have position channels; they replace the offset."
            )
    if notes.get("lost_bones"):
        made = BRANCH_BONES in notes["fixes"]
        said.append(
            f"{BRANCH_BONES}: {'made' if made else 'offered, not made'}. In this file every joint "
            "at a branching bone lies on its parent, so that thorax or lower forearms are missing."
        )
    said += [f"Done: {fix}." for fix in notes["fixes"] if fix != BRANCH_BONES]
    said += [f"Read leniently: {notice}." for notice in notes["notices"]]
    return said


def hierarchy_table(result: Result) -> dict[str, list[object]]:
    """The joints of a BVH file with their parents and channels."""
    rows = result.notes["hierarchy"]
    return {
        "joint": [name for name, _, _ in rows],
        "parent": ["" if parent < 0 else rows[parent][0] for _, parent, _ in rows],
        "channels": [channels for _, _, channels in rows],
    }


def positions32(result: Result) -> np.ndarray:
    """Positions (frames, 22, 3) as files hold them."""
    return result.array("positions").astype(np.float32)
