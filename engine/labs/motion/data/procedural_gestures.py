"""What a body does on one spot: raise, wave, bow, kick, sit, punch, stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.labs.motion.data.procedural_body import FOOT_LENGTH, STANDING, Pose, smooth
from engine.labs.motion.data.procedural_curves import through
from engine.labs.motion.skeleton import FPS

HANGING = np.array([0.06, 0.1, 0.985, 0.3])
LEFT, RIGHT = 0, 1


@dataclass(frozen=True, eq=False)
class Manner:
    """How it is done: ``tempo`` and ``size`` as factors, ``slouch`` in radians, and chance."""

    seconds: float
    tempo: float
    size: float
    slouch: float
    chance: np.random.Generator

    @property
    def at(self) -> np.ndarray:
        """The time of every frame in seconds."""
        return np.arange(round(self.seconds * FPS) + 1) / FPS

    def about(self, value: float, share: float = 0.1) -> float:
        """The value, up to ``share`` more or less."""
        return value * (1 + share * float(self.chance.uniform(-1, 1)))


def standing(how: Manner, width: float = 0.1) -> Pose:
    """A body that stands, breathes and sways a little."""
    at = how.at
    sway, breath = (how.chance.uniform(0, 2 * np.pi, 2) for _ in range(2))
    feet = np.array([[width, 0, 0.55 * FOOT_LENGTH], [-width, 0, 0.55 * FOOT_LENGTH]])
    pelvis = np.zeros((len(at), 3))
    pelvis[:, 0] = 0.008 * np.sin(2 * np.pi * 0.21 * at + sway[0])
    pelvis[:, 1] = STANDING - 0.005
    pelvis[:, 2] = 0.006 * np.sin(2 * np.pi * 0.17 * at + sway[1])
    hands = np.tile(HANGING, (len(at), 2, 1))
    hands[:, :, 0] += how.slouch / 2 + 0.02 * np.sin(2 * np.pi * 0.25 * at + breath[0])[:, None]
    return Pose(
        pelvis,
        np.tile(feet, (len(at), 1, 1)),
        np.zeros((len(at), 2)),
        np.tile([0.12, -0.12], (len(at), 1)),
        hands,
        bend=how.slouch + 0.012 * np.sin(2 * np.pi * 0.27 * at + breath[1]),
        nod=np.full(len(at), -0.6 * how.slouch),
        look=np.zeros(len(at)),
    )


def stand(how: Manner) -> Pose:
    """Stand, shift the weight and look around."""
    pose, at = standing(how), how.at
    share = np.array([0, 0.2, 0.45, 0.6, 0.85, 1]) * how.seconds
    side = float(how.chance.choice([-1, 1])) * how.size
    pose.pelvis[:, 0] += through(share, np.array([0, 1, 1, -1, -1, 0]) * 0.035 * side, at)
    pose.look = through(share, np.array([0, 0.5, 0.1, -0.4, -0.5, 0]) * side, at)
    pose.roll = through(share, np.array([0, 1, 1, -1, -1, 0]) * 0.04 * side, at)
    return pose


def lift_hands(how: Manner, sides: tuple[int, ...]) -> Pose:
    """Raise a hand or both, hold them, and let them sink."""
    pose, at = standing(how), how.at
    rise = how.about(0.8) / how.tempo
    start = how.about(0.35)
    lower = max(how.seconds - rise - 0.3, start + rise + 0.2)
    times = (0, start, start + rise, lower, lower + rise)
    top = np.array([min(3.0, 2.55 + 0.3 * how.size), how.about(0.5), 0.985, 0.2])
    for side in sides:
        pose.hands[:, side] = through(times, np.stack([HANGING, HANGING, top, top, HANGING]), at)
    lean = 0 if len(sides) == 2 else (0.07 if sides[0] == LEFT else -0.07)
    pose.lean = through(times, [0, 0, lean, lean, 0], at)
    pose.nod = pose.nod + through(times, [0, 0, -0.1, -0.1, 0], at)
    return pose


def wave(how: Manner, sides: tuple[int, ...]) -> Pose:
    """Raise a hand or both, wave, and let them sink."""
    pose, at = standing(how), how.at
    rise, start = how.about(0.7) / how.tempo, how.about(0.3)
    lower = max(how.seconds - rise - 0.25, start + rise + 0.5)
    times = (0, start, start + rise, lower, lower + rise)
    top = np.array([2.5, how.about(0.9), 0.82, 0.1])
    beat = how.about(1.6) * how.tempo
    shown = through((0, start + rise * 0.7, start + rise * 1.4, lower - 0.1, lower + rise * 0.6),
                    (0, 0, 1, 1, 0), at)  # fmt: skip
    swing = np.sin(2 * np.pi * beat * (at - start)) * shown * how.size
    for number, side in enumerate(sides):
        pose.hands[:, side] = through(times, np.stack([HANGING, HANGING, top, top, HANGING]), at)
        pose.hands[:, side, 1] += 0.35 * swing
        pose.hands[:, side, 0] += 0.12 * swing * (1 if number else -1)
    lean = 0 if len(sides) == 2 else (0.05 if sides[0] == LEFT else -0.05)
    pose.lean = lean * shown + 0.02 * swing
    return pose


def bow(how: Manner) -> Pose:
    """Bend forward from the hips, and stand up again."""
    pose, at = standing(how, width=0.08), how.at
    down, start = how.about(1.0) / how.tempo, how.about(0.4)
    up = max(how.seconds - down - 0.3, start + down + 0.2)
    deep = through((0, start, start + down, up, up + down), [0, 0, 1, 1, 0], at) * how.size
    pose.tilt = 0.45 * deep
    pose.bend = pose.bend + 0.45 * deep
    pose.nod = pose.nod + 0.15 * deep
    pose.pelvis[:, 2] -= 0.09 * deep
    pose.pelvis[:, 1] -= 0.01 * deep
    # The hands slide down the thighs.
    pose.hands[:, :, 0] += 0.55 * deep[:, None]
    return pose


def kick(how: Manner, side: int) -> Pose:
    """Shift the weight, draw one foot back, kick, and put it down again; once or more often."""
    pose, at = standing(how), how.at
    sign, other = (1.0, RIGHT) if side == LEFT else (-1.0, LEFT)
    once = 2.0 / how.tempo
    count = max(1, int((how.seconds - 0.4) / once))
    high, far = how.about(0.55) * how.size, how.about(0.5)
    for number in range(count):
        begin = 0.3 + number * once
        times = begin + np.array([0, 0.35, 0.55, 0.82, 1.1, 1.5]) / how.tempo
        pose.balls[:, side, 1] += through(times, [0, 0, 0.2, high, 0.2, 0], at)
        pose.balls[:, side, 2] += through(times, [0, 0, -0.4, far, 0.05, 0], at)
        pose.toes[:, side] += through(times, [0, 0.35, 0.9, 0.35, 0.1, 0], at)
        pose.pelvis[:, 0] -= sign * 0.07 * through(times, [0, 1, 1, 1, 1, 0], at)
        pose.pelvis[:, 1] -= 0.025 * through(times, [0, 1, 1, 0.6, 1, 0], at)
        back = through(times, [0, 0, 0.15, -0.28, -0.05, 0], at)
        pose.bend = pose.bend + back
        pose.tilt = pose.tilt + through(times, [0, 0, 0.1, -0.2, -0.05, 0], at)
        pose.twist = pose.twist + sign * through(times, [0, 0.05, -0.15, 0.25, 0.1, 0], at)
        pose.hands[:, other, 0] += through(times, [0, 0, -0.5, 0.9, 0.3, 0], at)
        pose.hands[:, side, 0] += through(times, [0, 0, 0.5, -0.6, -0.1, 0], at)
        pose.hands[:, :, 2] -= 0.12 * through(times, [0, 0.5, 1, 1, 0.5, 0], at)[:, None]
    pose.balls[:, side] = smooth(pose.balls[:, side], 0.7)
    return pose


def sit(how: Manner) -> Pose:
    """Sit down on a seat that is 42 cm high, rest, and stand up again."""
    pose, at = standing(how, width=0.11), how.at
    down, start = how.about(1.3) / how.tempo, how.about(0.4)
    up = max(how.seconds - down - 0.4, start + down + 0.4)
    times = (0, start, start + down, up, up + down)
    seated = through(times, [0, 0, 1, 1, 0], at)
    middle = (start + 0.6 * down, up + 0.4 * down)
    leaning = through((0, start, middle[0], start + down, up, middle[1], up + down),
                      [0, 0, 1, 0.1, 0.1, 1, 0], at)  # fmt: skip
    pose.pelvis[:, 1] -= 0.41 * seated
    pose.pelvis[:, 2] -= 0.36 * seated
    pose.tilt = 0.45 * leaning - 0.1 * seated
    pose.bend = pose.bend + 0.35 * leaning + 0.1 * seated
    pose.nod = pose.nod - 0.35 * leaning
    # The hands come to lie on the knees.
    lap = np.array([0.75, -0.05, 0.9, 0.5]) - HANGING
    pose.hands += seated[:, None, None] * lap
    return pose


def punch(how: Manner) -> Pose:
    """Fists up, and straight punches with the left and the right in turn."""
    pose, at = standing(how, width=0.13), how.at
    guard = np.array([1.95, 0.05, 0.52, 0.6])
    ready, rest = through((0, 0.6, how.seconds - 0.7, how.seconds), [0, 1, 1, 0], at), how.seconds
    pose.balls[:, LEFT, 2] += 0.12
    pose.balls[:, RIGHT, 2] -= 0.12
    pose.pelvis[:, 1] -= 0.03 + 0.03 * ready
    pose.hands += ready[:, None, None] * (guard - HANGING)
    every = how.about(0.75) / how.tempo
    begin, side = 0.8, LEFT
    while begin + every < rest - 0.7:
        out = through((begin, begin + 0.28, begin + 0.36, begin + every), [0, 1, 1, 0], at)
        straight = np.array([1.58, -0.12, 0.985, 0.3])
        pose.hands[:, side] += out[:, None] * (straight - guard)
        pose.twist = pose.twist + (-0.3 if side == LEFT else 0.35) * out * how.size
        pose.pelvis[:, 2] += 0.03 * out
        begin, side = begin + every, 1 - side
    return pose
