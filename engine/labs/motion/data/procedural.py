"""Motion without recordings: every action made from footsteps, reaches and free fall.

What a clip shows follows from its action, its style and its seed; nobody was recorded. Feet are
planted and legs reach for them, so that a standing foot does not slide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from engine.core.errors import BadInput
from engine.core.seeds import rng
from engine.labs.motion.clip import place
from engine.labs.motion.data import procedural_gestures as gestures
from engine.labs.motion.data import procedural_jumps as jumps
from engine.labs.motion.data.corpus import Example
from engine.labs.motion.data.procedural_body import Pose, pose_body
from engine.labs.motion.data.procedural_curves import ease
from engine.labs.motion.data.procedural_gait import BACKWARD, RUNNING, SIDEWAYS, Gait, travel
from engine.labs.motion.data.procedural_gestures import LEFT, RIGHT, Manner
from engine.labs.motion.data.procedural_words import LABELS, STYLES, captions
from engine.labs.motion.features import encode

DATASET = "procedural"
COUNT = 520  # every action in every style, four times
TEMPI = (0.85, 1.0, 1.15)
LEAST_SECONDS, MOST_SECONDS = 3.0, 9.0


@dataclass(frozen=True)
class Maker:
    """What makes an action's pose, and between how many seconds it lasts."""

    make: Callable[[Manner], Pose]
    least: float = LEAST_SECONDS
    most: float = 6.0


def go(how: Manner, gait: Gait, turn: float = 0.0) -> Pose:
    """Walk or run in a manner; ``turn`` radians to the left, on the way."""
    at = how.at
    # A third of a longer step comes from the tempo, as when people walk faster.
    faster = how.tempo ** (2 / 3)
    own = replace(
        gait,
        speed=how.about(gait.speed, 0.08) * how.tempo * how.size,
        cadence=gait.cadence * faster * how.size**0.3,
        swing=how.about(gait.swing, 0.15) * how.size,
        lift=gait.lift * (0.4 + 0.6 * how.size),
        bend=gait.bend + how.slouch,
        crouch=gait.crouch + max(0.0, 0.12 * how.slouch),
    )
    turned = np.zeros(len(at))
    if turn:
        begin = how.about(0.22, 0.4) * how.seconds
        turned = how.about(turn, 0.3) * ease((at - begin) / (0.55 * how.seconds))
    pose = travel(own, turned, float(how.chance.uniform()))
    if turn:
        # Eyes go first.
        pose.look = pose.look + 0.35 * np.sign(turn) * np.sin(
            np.pi * np.clip((at - begin + 0.4) / (0.5 * how.seconds), 0, 1)
        )
    return pose


WALK = Gait()
RUN = Gait(
    speed=2.4, cadence=1.3, stance=0.38, toes=RUNNING, width=0.06, lift=0.2, crouch=0.06,
    bob=-0.035, sway=0.01, swing=0.7, raised=0.35, arm=0.68, bend=0.13, twist=0.28, soft=1.0,
)  # fmt: skip
DASH = replace(RUN, speed=3.2, cadence=1.48, stance=0.34, lift=0.24, swing=0.9, bend=0.2)
BACK = replace(WALK, speed=0.75, cadence=0.85, travel=np.pi, toes=BACKWARD, swing=0.2)
ASIDE = replace(WALK, speed=0.45, cadence=0.85, toes=SIDEWAYS, swing=0.05, width=0.17, lift=0.1)
MAKERS: Mapping[str, Maker] = {
    "walk": Maker(partial(go, gait=WALK), most=9.0),
    "walk-back": Maker(partial(go, gait=BACK), most=7.0),
    "walk-turn-left": Maker(partial(go, gait=WALK, turn=1.4), 4.0, 8.0),
    "walk-turn-right": Maker(partial(go, gait=WALK, turn=-1.4), 4.0, 8.0),
    "walk-left": Maker(partial(go, gait=replace(WALK, travel=0.45, width=0.09))),
    "walk-right": Maker(partial(go, gait=replace(WALK, travel=-0.45, width=0.09))),
    "step-left": Maker(partial(go, gait=replace(ASIDE, travel=np.pi / 2))),
    "step-right": Maker(partial(go, gait=replace(ASIDE, travel=-np.pi / 2))),
    "run": Maker(partial(go, gait=RUN)),
    "dash": Maker(partial(go, gait=DASH), most=4.0),
    "jump": Maker(jumps.jump, most=7.0),
    "hop": Maker(jumps.hop),
    "jumping-jack": Maker(jumps.jumping_jack, 4.0, 8.0),
    "sit": Maker(gestures.sit, 5.5, 9.0),
    "wave-left-hand": Maker(partial(gestures.wave, sides=(LEFT,)), 4.0, 8.0),
    "wave-right-hand": Maker(partial(gestures.wave, sides=(RIGHT,)), 4.0, 8.0),
    "wave-both-hands": Maker(partial(gestures.wave, sides=(LEFT, RIGHT)), 4.0, 8.0),
    "raise-up-left-hand": Maker(partial(gestures.lift_hands, sides=(LEFT,))),
    "raise-up-right-hand": Maker(partial(gestures.lift_hands, sides=(RIGHT,))),
    "raise-up-both-hands": Maker(partial(gestures.lift_hands, sides=(LEFT, RIGHT))),
    "bow": Maker(gestures.bow, 4.5, 7.0),
    "kick-left": Maker(partial(gestures.kick, side=LEFT), most=7.0),
    "kick-right": Maker(partial(gestures.kick, side=RIGHT), most=7.0),
    "punch": Maker(gestures.punch, 4.0, 8.0),
    "dance": Maker(jumps.dance, 5.0, 9.0),
    "stand": Maker(gestures.stand, most=7.0),
}


def procedural_motion(
    action: str,
    style: str = "normal",
    *,
    seconds: float | None = None,
    tempo: float = 1.0,
    seed: int = 0,
) -> np.ndarray:
    """Positions (frames, 22, 3) in metres at 20 frames a second, on the floor, facing +z.

    ``seconds`` is from 3 to 9, drawn from what the action takes where it is None. Raises BadInput
    for an action or a style that is not known, for other seconds, or a tempo beyond 0.5 to 2.
    """
    if action not in MAKERS:
        raise BadInput("action", f"must be one of {', '.join(MAKERS)} (got {action[:40]!r})")
    if style not in STYLES:
        raise BadInput("style", f"must be one of {', '.join(STYLES)} (got {style[:40]!r})")
    if seconds is not None and not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise BadInput(
            "seconds", f"must be from {LEAST_SECONDS:g} to {MOST_SECONDS:g} (got {seconds:g})"
        )
    if not 0.5 <= tempo <= 2:
        raise BadInput("tempo", f"must be from 0.5 to 2 (got {tempo:g})")
    maker, manner = MAKERS[action], STYLES[style]
    chance = rng(seed, DATASET, action, style)
    drawn = float(chance.uniform(maker.least, maker.most))
    how = Manner(
        drawn if seconds is None else seconds,
        tempo * manner.tempo,
        manner.size,
        manner.slouch,
        chance,
    )
    return place(pose_body(maker.make(how)))


def procedural_examples(count: int = COUNT, seed: int = 0) -> list[Example]:
    """``count`` clips of the body with legs of 0.8 m: action by action, style by style.

    Clip n is the same for every count. Raises BadInput for a count below 1.
    """
    if count < 1:
        raise BadInput("count", f"must be at least 1 (got {count})")
    actions, styles = tuple(MAKERS), tuple(STYLES)
    made = []
    for number in range(count):
        round_, action = divmod(number, len(actions))
        name, style = actions[action], styles[round_ % len(styles)]
        tempo = TEMPI[(round_ // len(styles) + action) % len(TEMPI)]
        positions = procedural_motion(name, style, tempo=tempo, seed=seed * 100_003 + number)
        made.append(
            Example(
                f"{DATASET}_{name}_{style}_{number:04d}",
                DATASET,
                encode(positions).astype(np.float32),
                captions(name, style),
                LABELS.get(name, name),
                style,
                labelled=True,
                held_out=False,
                whole=True,
            )
        )
    return made
