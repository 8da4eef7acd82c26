"""One text, one seed, every model that ships: the motions side by side, and what they do."""

from __future__ import annotations

import time

import numpy as np

from engine.core.context import Context
from engine.core.errors import BadInput
from engine.core.result import Field, Result
from engine.labs.motion import shipped
from engine.labs.motion.config.lanes import LanesConfig
from engine.labs.motion.evaluation.looks import MEASURES, look
from engine.labs.motion.generation.generate import How, Made, generate
from engine.labs.motion.models.stored import Model, load_model
from engine.labs.motion.threads import one_thread


def lanes(config: LanesConfig, context: Context) -> Result:
    """The motion of every shipped model; those that are not here are named in ``missing``.

    CPU seconds are those of the sampling alone, on one thread, and stand in the notes: they differ
    from run to run.
    Raises BadInput for a text without a known word, and where no model is here.
    """
    names = shipped.shipped_models()
    if not names:
        raise BadInput("model", "none is in this checkout; `make train-motion`")
    how, level = How(config.steps, config.guidance), shipped.real_jerk()
    made, looks, seconds, digests = [], [], [], []
    readings = {}
    for at, name in enumerate(names):
        context.progress(at, len(names))
        model = load_model(name)
        found, spent = _timed(model, config, how)
        seconds.append(spent)
        made.append(found.positions)
        looks.append(look(found.positions, level))
        digests.append(model.digest)
        readings[name] = found.readings[0]
    context.progress(len(names), len(names))
    positions = np.stack(made)
    reading = readings[names[0]]
    return Result(
        fields={
            **split_positions(positions, "model"),
            "jerk": Field(
                np.stack([one.jerk for one in looks]).astype(np.float32),
                ("model", "frame"),
                "m/frame³",
            ),
            "foot_speed": Field(
                np.stack([one.foot_speed for one in looks]).astype(np.float32),
                ("model", "frame"),
                "m/s",
            ),
            "contacts": Field(
                np.stack([one.contacts for one in looks]), ("model", "frame", "foot")
            ),
            "measures": Field(
                np.array([[one.figures[name] for name in MEASURES] for one in looks]),
                ("model", "measure"),
            ),
        },
        metrics={"models": len(names), "real_jerk": level},
        notes={
            "models": list(names),
            "missing": list(shipped.missing_models()),
            "digests": digests,
            "measures": list(MEASURES),
            "text": config.text,
            "taken": reading.taken,
            "unknown": reading.unknown,
            "cut": reading.cut,
            "cpu_seconds": seconds,
        },
    )


def _timed(model: Model, config: LanesConfig, how: How) -> tuple[Made, float]:
    """The motion and the CPU seconds of its sampling; what loads at first is not timed."""
    with one_thread():
        generate(model, config.text, 1.0, config.seed, How(1))
        start = time.process_time()
        found = generate(model, config.text, config.seconds, config.seed, how)
        return found, round(time.process_time() - start, 3)


def split_positions(positions: np.ndarray, axis: str) -> dict[str, Field]:
    """Positions (n, frames, 22, 3) in few bytes: the pelvis, and the joints seen from it.

    Half precision would move a body that is 8 m away by 4 mm at every frame.
    """
    pelvis = positions[:, :, 0].astype(np.float32)
    body = (positions - positions[:, :, :1]).astype(np.float16)
    return {
        "pelvis": Field(pelvis, (axis, "frame", "xyz"), "m"),
        "body": Field(body, (axis, "frame", "joint", "xyz"), "m"),
    }
