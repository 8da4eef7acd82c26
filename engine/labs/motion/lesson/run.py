"""Train a small Motion Mamba on procedural clips and keep what it makes on the way."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.motion.config.retrain import SETS, RetrainConfig
from engine.labs.motion.data.corpus import Example, measure_scale
from engine.labs.motion.data.procedural import COUNT, procedural_examples
from engine.labs.motion.data.procedural_words import captions
from engine.labs.motion.evaluation.copies import Training
from engine.labs.motion.evaluation.quality import mean_jerk, skate
from engine.labs.motion.features import decode
from engine.labs.motion.lanes import split_positions
from engine.labs.motion.lesson.exam import ROWS, Exam, examine
from engine.labs.motion.lesson.learner import Learner, settings_for
from engine.labs.motion.models.stored import load_model

# Shares of the steps after which clips are sampled.
STOPS = (0.0, 0.04, 0.12, 0.3, 0.6, 1.0)
POINTS = 120  # of the loss curve
# Procedural clips that the network has not seen: every action in every style.
UNSEEN, OTHER_SEED = 130, 1


def retrain(config: RetrainConfig, context: Context) -> Result:
    """Loss (point,), clips (stop, action, frame, joint, xyz) and checks (stop, action).

    The same config gives the same steps; CPU seconds stand in the notes.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _retrain(config, context)
    finally:
        torch.set_num_threads(threads)


def _retrain(config: RetrainConfig, context: Context) -> Result:
    actions = SETS[config.actions]
    everything = procedural_examples(COUNT)
    examples = clips_of(actions, everything)
    settings = settings_for(config.steps, config.rate / 1000, config.seed)
    scale, reader = measure_scale(everything), load_model("evaluator")
    learner = Learner(examples, scale, config.width, settings, reader)
    stops = sorted({round(share * config.steps) for share in STOPS})
    losses: list[float] = []
    exams: list[Exam] = []
    spent, begun = [], time.process_time()
    told: dict[str, float] = {}
    while True:
        if learner.done in stops:
            spent.append(round(time.process_time() - begun, 2))
            exams.append(examine(learner.model(), actions, config.guidance, config.seed))
            told = {"checks": float(np.nanmean(exams[-1].passed))}
        if learner.done == config.steps:
            break
        losses.append(learner.step())
        if learner.done % 5 == 0:
            context.progress(learner.done, config.steps, loss=float(np.mean(losses[-20:])), **told)
    real = [decode(one.rows.astype(np.float64)) for one in examples]
    clips = np.stack([decode(one.rows[:, 0].astype(np.float64)) for one in exams])
    near, beside = _copies(exams[-1], examples, actions)
    at, curve = _curve(losses)
    return Result(
        fields={
            **_positions(clips),
            "point": Field(at, ("point",), "step"),
            "loss": Field(curve.astype(np.float32), ("point",)),
            "stop": Field(np.array(stops), ("stop",), "step"),
            "passed": Field(
                np.stack([one.passed for one in exams]).astype(np.float32),
                ("stop", "action", "clip"),
            ),
            "jerk": Field(np.array([one.jerk for one in exams]), ("stop",), "m/frame³"),
            "skate": Field(np.array([one.skate for one in exams]), ("stop",)),
        },
        metrics={
            "steps": config.steps,
            "parameters": learner.parameters,
            "clips": len(examples),
            "real_jerk": mean_jerk(real),
            "real_skate": float(np.mean([skate(one) for one in real])),
            "nearest": near,
            "nearest_unseen": beside,
        },
        notes={
            "actions": list(actions),
            "captions": [captions(one, "normal")[0] for one in actions],
            "cpu_seconds": spent,
        },
    )


def clips_of(actions: Sequence[str], clips: Sequence[Example]) -> list[Example]:
    """The clips of some actions."""
    return [one for one in clips if one.action in actions]


def _curve(losses: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Means of the loss over at most ``POINTS`` stretches, and their last steps."""
    parts = np.array_split(np.asarray(losses), min(POINTS, len(losses)))
    return np.cumsum([len(part) for part in parts]), np.array([part.mean() for part in parts])


def _copies(exam: Exam, examples: Sequence[Example], actions: Sequence[str]) -> tuple[float, float]:
    """Median distance in metres to the nearest training clip: of the samples, of unseen clips."""
    # A lesson shows its clips as they are.
    search = Training([one.rows[:ROWS] for one in examples], moved=False)
    made = exam.rows.reshape(-1, *exam.rows.shape[2:])
    unseen = clips_of(actions, procedural_examples(UNSEEN, OTHER_SEED))
    return (
        float(np.median(search.nearest(list(made)).distances)),
        float(np.median(search.nearest([one.rows[:ROWS] for one in unseen]).distances)),
    )


def _positions(clips: np.ndarray) -> dict[str, Field]:
    """The first clip of every action at every stop, in few bytes."""
    stops, actions = clips.shape[:2]
    found = {}
    for name, field in split_positions(
        clips.reshape(stops * actions, *clips.shape[2:]), "x"
    ).items():
        array = field.array.reshape(stops, actions, *field.array.shape[1:])
        found[name] = Field(array, ("stop", "action", *field.axes[1:]), field.unit)
    return found
