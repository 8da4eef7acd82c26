"""Jumps, hops, jumping jacks and a dance: bodies that leave the floor or step to a beat."""

from __future__ import annotations

import numpy as np

from engine.labs.motion.data.procedural_body import Pose, smooth
from engine.labs.motion.data.procedural_curves import ease, through, thrown
from engine.labs.motion.data.procedural_gestures import HANGING, LEFT, RIGHT, Manner, standing

GRAVITY = 9.81
ON_TOES = 0.05  # metres that the pelvis rises before the feet leave the floor


def jump(how: Manner) -> Pose:
    """Crouch, leap, land and stand up, as often as there is time, on the spot or forward."""
    pose, at = standing(how), how.at
    air = how.about(0.42) * np.sqrt(how.size)
    forward = float(how.chance.choice([0.0, 0.5])) * how.size
    count = max(1, int((how.seconds - 0.3) * how.tempo / 2.2))
    once = (how.seconds - 0.3) / count
    for number in range(count):
        _leap(pose, at, 0.25 + number * once, air, 0.26 * how.size, forward, how)
    return _settle(pose)


def hop(how: Manner) -> Pose:
    """Small jumps on both feet, one right after the other."""
    pose, at = standing(how), how.at
    every = how.about(0.7) / how.tempo
    air = 0.33 * np.sqrt(how.size)
    begin = 0.5
    down = through((0.1, 0.45, how.seconds - 0.5, how.seconds - 0.1), [0, 1, 1, 0], at)
    while begin + every < how.seconds - 0.4:
        share = (at - begin) / every
        _fly(pose, at, begin + every - air, air)
        inside = (share >= 0) & (share < 1 - air / every)
        ground = share / (1 - air / every)
        deep = np.where(inside, np.sin(np.pi * np.clip(ground, 0, 1)), 0)
        pose.pelvis[:, 1] -= 0.1 * deep
        begin += every
    pose.pelvis[:, 1] -= 0.02 * down
    pose.hands += down[:, None, None] * (np.array([0.7, 0.1, 0.75, 0.4]) - HANGING)
    return _settle(pose)


def jumping_jack(how: Manner) -> Pose:
    """Jump the feet apart with the arms up, and together again with the arms down."""
    pose, at = standing(how, width=0.08), how.at
    half = how.about(0.52) / how.tempo
    begin, opened = 0.4, 0.0
    air = 0.24
    while begin + half < how.seconds - 0.2:
        middle = begin + half / 2
        go = ease((at - (middle - air / 2)) / air)
        arms = ease((at - begin) / half)
        change = 1.0 - 2 * opened
        _fly(pose, at, middle - air / 2, air)
        dip = 0.06 * np.exp(-(((at - middle) / (0.6 * half)) ** 2))
        near = np.abs(at - middle) < air / 2
        pose.pelvis[:, 1] -= np.where(near, 0, 0.2 * dip)
        for side, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
            pose.balls[:, side, 0] += sign * 0.2 * change * go
        up = np.array([2.75, 1.5, 0.97, 0.2]) - np.array([0.06, 1.5, 0.985, 0.3])
        pose.hands += (change * arms)[:, None, None] * up
        begin, opened = begin + half, 1.0 - opened
    pose.hands[:, :, 1] += 1.4
    return _settle(pose)


def dance(how: Manner) -> Pose:
    """Step to the side and touch, to and fro, with hips and arms to the beat."""
    pose, at = standing(how), how.at
    beat = how.about(0.55) / how.tempo
    step = 0.24 * how.size
    phase = np.clip((at - 0.3) / beat, 0, None)
    begin, side = 0.3, 1.0
    while begin + 2 * beat < how.seconds:
        lead, follow = (LEFT, RIGHT) if side > 0 else (RIGHT, LEFT)
        for foot, start in ((lead, begin), (follow, begin + beat)):
            share = np.clip((at - start) / (0.8 * beat), 0, 1)
            pose.balls[:, foot, 0] += side * step * ease(share)
            pose.balls[:, foot, 1] += 0.11 * np.sin(np.pi * share) ** 2
            pose.toes[:, foot] += 0.35 * np.sin(np.pi * share) ** 2
        pose.pelvis[:, 0] += side * step * ease((at - begin) / (1.6 * beat))
        begin, side = begin + 2 * beat, -side
    shown = through((0, 0.6, how.seconds - 0.4, how.seconds), [0, 1, 1, 0], at) * how.size
    slow, fast = np.sin(np.pi * phase / 2), np.cos(2 * np.pi * phase)
    pose.pelvis[:, 1] -= 0.03 + 0.02 * shown * (1 - fast)
    pose.roll = 0.1 * shown * slow
    pose.twist = 0.3 * shown * slow
    pose.lean = -0.1 * shown * slow
    for foot, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        pose.hands[:, foot, 0] += shown * (0.9 + 0.45 * sign * slow)
        pose.hands[:, foot, 1] += shown * 0.5
        pose.hands[:, foot, 2] -= shown * (0.25 + 0.05 * fast)
    pose.nod = pose.nod + 0.06 * shown * fast
    return _settle(pose)


def _leap(
    pose: Pose, at: np.ndarray, begin: float, air: float, deep: float, forward: float, how: Manner
) -> None:
    speed = GRAVITY * air / 2
    down = 0.5 / how.tempo
    push = 2 * (deep + ON_TOES) / speed
    sink = 0.7 * deep
    brake = 2 * (sink + ON_TOES) / speed
    rise = 0.55 / how.tempo
    crouched = begin + down
    off = crouched + push
    land = off + air
    still = land + brake
    times = (begin, crouched, off)
    after = (land, still, still + rise)
    height = np.where(
        at < off + air / 2,
        thrown(times, (0, -deep, ON_TOES), (0, 0, speed), at) * (at >= begin),
        thrown(after, (ON_TOES, -sink, 0), (-speed, 0, 0), at),
    )
    flying = (at > off) & (at < land)
    pose.pelvis[:, 1] += np.where(flying, ON_TOES, height)
    _fly(pose, at, off, air)
    marks = (begin, crouched, off, land, still, still + rise)
    pose.toes += through(
        (crouched + 0.5 * push, off, off + 0.6 * air, land + 0.06), [0, 0.75, 0.3, 0], at
    )[:, None]
    moved = forward * ease((at - off) / air)
    pose.balls[:, :, 2] += moved[:, None]
    pose.pelvis[:, 2] += forward * ease((at - crouched) / (still - crouched))
    bent = through(marks, [0, 0.4, 0, 0.1, 0.25, 0], at)
    pose.tilt = pose.tilt + bent
    pose.bend = pose.bend + 0.6 * bent
    pose.nod = pose.nod - bent
    swung = (begin, crouched - 0.12, off + 0.16, land + 0.1, still + 0.2, still + 0.2 + rise)
    pose.hands[:, :, 0] += through(swung, [0, -0.6, 1.6, 1.2, 0.4, 0], at)[:, None]
    pose.hands[:, :, 2] -= 0.1 * through(marks, [0, 0.5, 1, 1, 1, 0], at)[:, None]


def _fly(pose: Pose, at: np.ndarray, off: float, air: float) -> None:
    """Body and feet along the parabola of a free fall of ``air`` seconds."""
    since = np.clip(at - off, 0, air)
    height = GRAVITY * since * (air - since) / 2
    pose.pelvis[:, 1] += height
    pose.balls[:, :, 1] += height[:, None]


def _settle(pose: Pose) -> Pose:
    pose.balls[..., 1] = np.maximum(smooth(pose.balls[..., 1], 0.7), 0)
    pose.pelvis = smooth(pose.pelvis, 0.7)
    return pose
