"""One clip with its measures: generated, or read from what somebody brought."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.context import Context
from engine.core.result import Field, Result, Scalar
from engine.labs.motion.config.clip import MOST_FRAMES, ClipConfig
from engine.labs.motion.evaluation import checks, quality
from engine.labs.motion.files.incoming import KINDS, Brought, read_motion
from engine.labs.motion.skeleton import FPS

MOST_LISTED = 128


def clip(config: ClipConfig, context: Context) -> Result:
    """``positions`` (frame, joint, axis) in metres at 20 frames a second, measures, and notes."""
    if config.clip_from == "model":
        positions, notes = _generated(config)
    else:
        brought = read_motion(context.read_input(config.motion_file), repair=config.repair)
        positions, notes = brought.found.clip.positions, _told(brought)
    notes["whole_frames"] = len(positions)
    shown = positions[:MOST_FRAMES].astype(np.float32)
    return Result(
        {"positions": Field(shown, ("frame", "joint", "axis"), "m")}, measures(shown), notes
    )


def measures(positions: np.ndarray) -> dict[str, Scalar]:
    """Quality and what the motion does, of positions (frames, 22, 3) at 20 frames a second."""
    share, deepest = quality.penetration(positions)
    found: dict[str, Scalar] = {
        "jerk": quality.mean_jerk([positions]) if len(positions) > 3 else None,
        "skate": quality.skate(positions),
        "floating_m": quality.floating(positions),
        "penetration": share,
        "deepest_m": deepest,
        "bone_variation": quality.stretch(positions),
    }
    return found | checks.told(positions)


def _generated(config: ClipConfig) -> tuple[np.ndarray, dict[str, Any]]:
    from engine.labs.motion.generation.generate import How, generate
    from engine.labs.motion.models.stored import load_model

    model = load_model(config.model)
    how = How(config.steps, config.guidance)
    made = generate(model, config.text, config.seconds, config.seed, how)
    reading = made.readings[0]
    return made.positions, {
        "kind": "model",
        "model": model.name,
        "digest": model.digest,
        "text": config.text,
        "seed": config.seed,
        "read_as": reading.taken,
        "unknown_words": reading.unknown,
        "words_cut": reading.cut,
        "pieces": made.pieces,
    }


def _told(brought: Brought) -> dict[str, Any]:
    found, bvh = brought.found, brought.bvh
    notes: dict[str, Any] = {
        "kind": KINDS[brought.kind],
        "skeleton": found.skeleton,
        "unit_m": found.unit,
        "file_frames": found.file_frames,
        "file_fps": found.file_fps,
        "fps": FPS,
        "fixes": list(found.fixes),
        "notices": list(found.notices),
    }
    if bvh is not None:
        notes["lost_bones"] = brought.lost
        notes["moved_joints"] = brought.moved_joints
        notes["channels"] = sum(map(len, bvh.channels))
        notes["ends"] = len(bvh.ends)
        notes["joints"] = len(bvh.names)
        # Long lists are cut: a page shows the hierarchy, the command line converts all of it.
        notes["hierarchy"] = [
            [name[:60], parent, " ".join(names)]
            for name, parent, names in list(zip(bvh.names, bvh.parents, bvh.channels, strict=True))[
                :MOST_LISTED
            ]
        ]
    return notes
