"""Whose joint is which: the 22 joints of the lab in the names that common BVH files use.

A place is the name of a joint, ``"name>"`` for the end site of a joint, or ``(a, b, share)`` for
the point that lies ``share`` of the way from a to b.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.labs.motion.skeleton import JOINTS

Place = str | tuple[str, str, float]
INCH = 0.0254
# CMU's skeletons are in units of 0.45 inches to the inch (the dividing line of its ASF files).
CMU = INCH / 0.45


@dataclass(frozen=True, eq=False)
class Profile:
    """A naming: ``unit`` in metres, ``places`` of the 22 joints, and what a conversion left out.

    ``missing`` are (joints with zero offset, the joint whose offset gives the length) under one
    branching joint, ``halved`` are (joint with zero offset, its parent) of the lower forearm.
    """

    name: str
    unit: float
    places: Mapping[str, Place]
    missing: tuple[tuple[str, ...], str] | None = None
    halved: tuple[tuple[str, str], ...] = ()
    t_pose_first: bool = False


def _sided(**pairs: str | tuple[str, str, float]) -> dict[str, Place]:
    """Both sides of each pair, ``<`` standing for the side's own words."""
    found: dict[str, Place] = {}
    for side, words in (("left", ("Left", "l", "L")), ("right", ("Right", "r", "R"))):
        for name, place in pairs.items():
            found[f"{side}_{name}"] = (
                _word(place, words)
                if isinstance(place, str)
                else (_word(place[0], words), _word(place[1], words), place[2])
            )
    return found


def _word(pattern: str, words: tuple[str, str, str]) -> str:
    for mark, word in zip("123", words, strict=True):
        pattern = pattern.replace(f"<{mark}", word)
    return pattern


OWN = Profile("Engram Lab", 0.01, {name: name for name in JOINTS})
MOTIONBUILDER = Profile(
    "CMU, MotionBuilder names",
    CMU,
    {
        "pelvis": "Hips",
        "spine1": "Spine",
        "spine2": "Spine1",
        "spine3": "Neck",
        "neck": "Neck1",
        "head": "Head",
        **_sided(
            hip="<1UpLeg",
            knee="<1Leg",
            ankle="<1Foot",
            foot="<1ToeBase",
            collar=("<1Shoulder", "<1Arm", 0.35),
            shoulder="<1Arm",
            elbow="<1ForeArm",
            wrist="<1FingerBase",
        ),
    },
    missing=(("Neck", "LeftShoulder", "RightShoulder"), "Spine1"),
    halved=(("LeftFingerBase", "LeftHand"), ("RightFingerBase", "RightHand")),
    t_pose_first=True,
)
MAX = Profile(
    "CMU, 3ds Max names",
    CMU,
    {
        "pelvis": "Hips",
        "spine1": "Chest",
        "spine2": "Chest2",
        "spine3": "lowerneck",
        "neck": "Neck",
        "head": "Head",
        **_sided(
            hip="<1Hip",
            knee="<1Knee",
            ankle="<1Ankle",
            foot="<1Toe",
            collar=("<1Collar", "<1Shoulder", 0.35),
            shoulder="<1Shoulder",
            elbow="<1Elbow",
            # Here the joint at the lost lower forearm flexes the hand, so that the bone that is
            # put back must go on from the forearm and not turn with it.
            wrist=("<1Elbow", "<1Wrist", 1.5),
        ),
    },
    missing=(("lowerneck", "LeftCollar", "RightCollar"), "Chest2"),
    t_pose_first=True,
)
POSER = Profile(
    "Poser",
    0.01,
    {
        "pelvis": "hip",
        "spine1": "abdomen",
        "spine2": "chest",
        "spine3": ("chest", "neck", 0.5),
        "neck": "neck",
        "head": "head",
        **_sided(
            hip="<2Thigh",
            knee="<2Shin",
            ankle="<2Foot",
            foot="<2Foot>",
            collar="<2Collar",
            shoulder="<2Shldr",
            elbow="<2ForeArm",
            wrist="<2Hand",
        ),
    },
    t_pose_first=True,
)
BANDAI = Profile(
    "Bandai Namco",
    0.01,
    {
        "pelvis": "Hips",
        "spine1": ("Hips", "Spine", 0.7),
        "spine2": "Spine",
        "spine3": "Chest",
        "neck": "Neck",
        "head": "Head",
        **_sided(
            hip="UpperLeg_<3",
            knee="LowerLeg_<3",
            ankle="Foot_<3",
            foot="Toes_<3",
            collar="Shoulder_<3",
            shoulder="UpperArm_<3",
            elbow="LowerArm_<3",
            wrist="Hand_<3",
        ),
    },
)
ICLONE = Profile(
    "iClone",
    0.01,
    {
        "pelvis": "CC_Base_Hip",
        "spine1": "CC_Base_Waist",
        "spine2": "CC_Base_Spine01",
        "spine3": "CC_Base_Spine02",
        "neck": "CC_Base_NeckTwist01",
        "head": "CC_Base_Head",
        **_sided(
            hip="CC_Base_<3_Thigh",
            knee="CC_Base_<3_Calf",
            ankle="CC_Base_<3_Foot",
            foot="CC_Base_<3_ToeBase",
            collar="CC_Base_<3_Clavicle",
            shoulder="CC_Base_<3_Upperarm",
            elbow="CC_Base_<3_Forearm",
            wrist="CC_Base_<3_Hand",
        ),
    },
)
MIXAMO = Profile(
    "Mixamo and LAFAN1",
    0.01,
    {
        "pelvis": "Hips",
        "spine1": "Spine",
        "spine2": "Spine1",
        "spine3": "Spine2",
        "neck": "Neck",
        "head": "Head",
        **_sided(
            hip="<1UpLeg",
            knee="<1Leg",
            ankle="<1Foot",
            foot="<1ToeBase",
            collar="<1Shoulder",
            shoulder="<1Arm",
            elbow="<1ForeArm",
            wrist="<1Hand",
        ),
    },
)
LAFAN_TOES = Profile(
    "LAFAN1",
    0.01,
    {**MIXAMO.places, "left_foot": "LeftToe", "right_foot": "RightToe"},
)
PROFILES = (OWN, MOTIONBUILDER, MAX, POSER, BANDAI, ICLONE, MIXAMO, LAFAN_TOES)


def joints_of(profile: Profile) -> dict[str, str]:
    """Every name that ``profile`` needs, with the joint of the lab that needs it."""
    found: dict[str, str] = {}
    for joint, place in profile.places.items():
        for name in (place,) if isinstance(place, str) else place[:2]:
            found.setdefault(name.removesuffix(">"), joint)
    return found
