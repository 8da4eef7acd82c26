"""From a BVH file to the 22 joints in metres: names, units, and repairs that are told by name."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.core.errors import BadInput
from engine.labs.motion.clip import Clip, place, resample, whole_rate
from engine.labs.motion.files.bvh import POSITIONS, Bvh, end_positions, world
from engine.labs.motion.files.bvh_read import FIELD
from engine.labs.motion.files.bvh_write import TIP
from engine.labs.motion.files.profiles import OWN, PROFILES, Place, Profile, joints_of
from engine.labs.motion.skeleton import FPS, JOINTS, leg_length

BRANCH_BONES = "CMU branch-bone repair"
T_POSE = "T-pose frame dropped"
# Thigh plus shin of a person in metres, children and tall men included with room to spare.
SHORTEST_LEG, LONGEST_LEG = 0.4, 1.3
UNITS = {"m": 1.0, "cm": 0.01, "inch": 0.0254, "mm": 0.001}
# Channels that rest in a T-pose, as a share of all rotations, against those of a frame of motion.
RESTING, MOVING = 0.75, 0.5


@dataclass(frozen=True, eq=False)
class Imported:
    """A clip with what was found in the file and what was changed on the way.

    ``unit`` is the length of the file's unit in metres; ``fixes`` are the repairs made, by name.
    """

    clip: Clip
    skeleton: str
    unit: float
    file_frames: int
    file_fps: float
    fixes: tuple[str, ...]
    notices: tuple[str, ...]


def import_bvh(bvh: Bvh, *, repair: bool = True, keep_place: bool = False) -> Imported:
    """The motion of ``bvh`` on the lab's joints at 20 frames a second, starting at the origin.

    ``repair`` puts back the bones that the popular conversions of CMU's files lose, and drops the
    T-pose that they begin with. ``keep_place`` leaves floor, start and facing as they are.
    Raises BadInput where the joints have no known names, or the file is not written here and no
    unit gives legs of human length.
    """
    profile = find_profile(bvh.names)
    frames, fixes = len(bvh.values), []
    if repair and lost_bones(bvh, profile):
        bvh = put_back_bones(bvh, profile)
        fixes.append(BRANCH_BONES)
    if repair and profile.t_pose_first and starts_in_t_pose(bvh):
        bvh = replace(bvh, values=bvh.values[1:])
        fixes.append(T_POSE)
    positions = on_joints(bvh, profile)
    unit = profile.unit if written_here(bvh, profile) else find_unit(positions, profile)
    rate = whole_rate(bvh.frame_time)
    moved = resample(unit * positions, rate)
    if len(moved) < 2:
        raise BadInput(FIELD, f"{frames} frames at {rate:g} a second are less than 2 at {FPS:g}")
    return Imported(
        Clip(moved if keep_place else place(moved)),
        profile.name,
        unit,
        frames,
        rate,
        tuple(fixes),
        bvh.notices,
    )


def find_profile(names: tuple[str, ...]) -> Profile:
    """The naming that all of its joints are found of; raises BadInput naming what is missing."""
    bare = set(map(_bare, names))
    lacking = {
        profile.name: [
            f"{joint} ({name})" for name, joint in joints_of(profile).items() if name not in bare
        ]
        for profile in PROFILES
    }
    for profile in PROFILES:
        if not lacking[profile.name]:
            return profile
    closest = min(lacking, key=lambda name: len(lacking[name]))
    missing = lacking[closest]
    shown = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
    raise BadInput(
        FIELD,
        f"its {len(names)} joints are none of the known skeletons "
        f"({', '.join(lacking)}); the closest, {closest}, lacks {shown}",
    )


def lost_bones(bvh: Bvh, profile: Profile) -> bool:
    """Whether every joint that a CMU conversion is known to put on top of its parent is there.

    With it the joints by whose lengths it can be put back.
    """
    index = _bare_names(bvh)
    joints = [*(profile.missing[0] if profile.missing else ()), *(a for a, _ in profile.halved)]
    # Whose lengths tell how long the lost ones were.
    beside = [*(profile.missing[1:] if profile.missing else ()), *(b for _, b in profile.halved)]
    if not joints or not index.keys() >= {*joints, *beside}:
        return False
    return not any(bvh.offsets[index[name]].any() for name in joints)


def put_back_bones(bvh: Bvh, profile: Profile) -> Bvh:
    """The thorax and the lower forearms with their lengths again.

    The thorax stands straight up as long as the bone below it; the lower forearm is half as long
    as the upper and goes on in its direction. On trial 02_01 this gives the positions of CMU's
    own files; for other subjects the thorax is within 1 % (1.001 to 1.007 in subjects 1 to 3).
    """
    offsets = bvh.offsets.copy()
    index = _bare_names(bvh)
    if profile.missing:
        joints, below = profile.missing
        up = np.array([0, np.linalg.norm(offsets[index[below]]), 0])
        offsets[[index[name] for name in joints]] = up
    for joint, parent in profile.halved:
        offsets[index[joint]] = 0.5 * offsets[index[parent]]
    return replace(bvh, offsets=offsets)


def starts_in_t_pose(bvh: Bvh) -> bool:
    """Whether the first frame rests where the second does not, which no motion does."""
    turns = [name not in POSITIONS for names in bvh.channels for name in names]
    if len(bvh.values) < 3:
        return False
    first, second = ((np.abs(row) < 1e-9).mean() for row in bvh.values[:2, turns])
    return bool(first >= RESTING and second <= MOVING)


def on_joints(bvh: Bvh, profile: Profile) -> np.ndarray:
    """Positions (frames, 22, 3) of the lab's joints in the file's unit."""
    positions, turned = world(bvh)
    index = _bare_names(bvh)
    ends = end_positions(bvh, positions, turned)

    def at(name: str) -> np.ndarray:
        joint = index[name.removesuffix(">")]
        if not name.endswith(">"):
            return positions[:, joint]
        if joint not in ends:
            raise BadInput(FIELD, f"the joint {bvh.names[joint][:40]!r} needs an end site")
        return ends[joint]

    def where(spot: Place) -> np.ndarray:
        if isinstance(spot, str):
            return at(spot)
        return at(spot[0]) + spot[2] * (at(spot[1]) - at(spot[0]))

    return np.stack([where(profile.places[name]) for name in JOINTS], axis=1)


def _bare(name: str) -> str:
    """The name without its namespace: "mixamorig:Hips" is "Hips"."""
    return name.rsplit(":", 1)[-1]


def _bare_names(bvh: Bvh) -> dict[str, int]:
    return {_bare(name): joint for joint, name in enumerate(bvh.names)}


def written_here(bvh: Bvh, profile: Profile) -> bool:
    """Whether the file has our joints and the tips of our limbs, so that its unit is ours.

    Of a child or a giant the length of the legs would tell another one.
    """
    lengths = [float(np.linalg.norm(offset)) for _, offset in bvh.ends]
    # A limb without length has a tip without one.
    tips = [abs(length - TIP) < 1e-4 or length < 1e-4 for length in lengths]
    return profile is OWN and all(tips) and max(lengths, default=0.0) > 1e-4


def find_unit(positions: np.ndarray, profile: Profile) -> float:
    """The file's unit in metres: the naming's own, else the first with legs of human length."""
    leg = leg_length(positions)
    for unit in (profile.unit, *UNITS.values()):
        if SHORTEST_LEG <= leg * unit <= LONGEST_LEG:
            return unit
    raise BadInput(
        FIELD,
        f"thigh and shin are {leg:.4g} units long; in none of {', '.join(UNITS)} is that "
        f"from {SHORTEST_LEG} to {LONGEST_LEG} m",
    )
