"""A model on the captions of a split: what it gets right, beside the real clips."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.core.errors import BadInput
from engine.core.seeds import rng
from engine.labs.motion.data.batches import stack_rows
from engine.labs.motion.data.corpus import Example, load_examples
from engine.labs.motion.data.sampler import LONGEST
from engine.labs.motion.evaluation import quality
from engine.labs.motion.evaluation.checks import agreement
from engine.labs.motion.evaluation.copies import Training
from engine.labs.motion.evaluation.distances import diversity, frechet, r_precision
from engine.labs.motion.evaluation.seen import pairs_seen
from engine.labs.motion.features import decode, encode
from engine.labs.motion.generation.anchor import anchor_feet
from engine.labs.motion.generation.generate import MOST_SEED, How, check_how, sample_rows
from engine.labs.motion.models.evaluator import similarity
from engine.labs.motion.models.stored import Model

BATCH = 64
# Fewer embedded clips than this do not fill the covariance of a Fréchet distance.
LEAST_CLIPS = 2


@dataclass(frozen=True, eq=False)
class Judged:
    """What the evaluator says of clips: embeddings (n, 128), and classes (n,), where it has any."""

    embedded: np.ndarray
    actions: list[str]
    styles: list[str]
    matched: np.ndarray


def read_split(data: Path | str, split: str) -> list[Example]:
    """The clips of a split that their captions describe, cut to 196 rows.

    ``split`` is a name in the folder ``data``, or another folder that holds a test split (else a
    val split). Raises BadInput.
    """
    other = Path(split)
    if split and _is_folder(other):
        try:
            found = load_examples(other, "test")
        except BadInput as error:
            if "there is no split" not in error.reason:
                raise
            found = load_examples(other, "val")
    else:
        found = load_examples(data, split)
    return [example for example in found if example.whole]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # no file system has such a name
        return False


def evaluate(
    model: Model,
    evaluator: Model,
    clips: Sequence[Example],
    training: Sequence[Example] | None,
    *,
    seed: int = 0,
    how: How | None = None,
) -> dict[str, Any]:
    """Figures of the model on the first caption of every clip, at the clip's own length.

    ``training`` are the clips to look for copies in, and they tell which pairs of action and style
    are unseen; None where they are not at hand, see ``pairs_seen``.
    Shares are None where no clip tells. Raises BadInput without clips.
    """
    if not clips:
        raise BadInput("split", "has no clip that its caption describes")
    chosen = how or How()
    check_how(model, chosen)
    captions = [clip.captions[0] for clip in clips]
    real = [clip.rows[:LONGEST] for clip in clips]
    start = time.process_time()
    ids = torch.tensor([model.vocabulary.ids(text) for text in captions])
    seeds = [(seed + at) % (MOST_SEED + 1) for at in range(len(clips))]
    free = sample_rows(
        model, ids, [len(one) for one in real], seeds, replace(chosen, anchored=False)
    )
    rows = [anchor_feet(one).astype(one.dtype) for one in free] if chosen.anchored else free
    spent = time.process_time() - start
    figures = describe(rows, clips, evaluator, training, seed)
    # What the model says of its own accord, before feet in contact hold the floor.
    figures["skate_free"] = _mean([quality.skate(decode(one.astype(float))) for one in free])
    beside = describe(real, clips, evaluator, training, seed)
    for name, value in beside.items():
        figures[f"real_{name}"] = value
    embedded = judge(evaluator, rows, captions).embedded
    wanted = judge(evaluator, real, captions).embedded
    figures["lab_fid"] = frechet(embedded, wanted) if len(clips) >= LEAST_CLIPS else None
    level = beside["jerk"]
    for name, motions in (("", rows), ("real_", real)):
        found = quality.peak_and_area([decode(one.astype(float)) for one in motions], level)
        figures[f"{name}pj"], figures[f"{name}auj"] = found or (None, None)
    return {"clips": len(clips), **figures, "cpu_seconds_a_clip": spent / len(clips)}


def describe(
    rows: Sequence[np.ndarray],
    clips: Sequence[Example],
    evaluator: Model,
    training: Sequence[Example] | None,
    seed: int,
) -> dict[str, Any]:
    """Figures of motions that are meant to be those of ``clips``, in the clips' order."""
    captions = [clip.captions[0] for clip in clips]
    motions = [decode(one.astype(np.float64)) for one in rows]
    seen = judge(evaluator, rows, captions)
    generator = rng(seed, "evaluate")
    known = set(evaluator.config.actions)
    unseen = pairs_seen(clips, training).unseen
    right = [
        (unseen[at], seen.actions[at] == clip.action)
        for at, clip in enumerate(clips)
        if clip.labelled and clip.action in known
    ]
    styles = [
        seen.styles[at] == clip.style
        for at, clip in enumerate(clips)
        if clip.style in evaluator.config.styles
    ]
    precision, pool = r_precision(seen.matched, captions, generator)
    return {
        "action_accuracy": {
            "all": _mean([hit for _, hit in right]),
            "seen": _mean([hit for never, hit in right if not never]),
            "unseen": _mean([hit for never, hit in right if never]),
            "unseen_clips": sum(never for never, _ in right),
        },
        "style_accuracy": _mean(styles),
        "checks": agreement(motions, [clip.action for clip in clips]),
        "jerk": quality.mean_jerk(motions),
        "skate": _mean([quality.skate(one) for one in motions]),
        "floating_m": _mean([quality.floating(one) for one in motions]),
        "bone_stretch": _mean([quality.stretch(one) for one in motions]),
        "diversity": diversity(seen.embedded, generator),
        "r_precision": {f"top{at + 1}": value for at, value in enumerate(precision)},
        "r_precision_pool": pool,
        "nn_distance": nearest(rows, training),
    }


def judge(evaluator: Model, rows: Sequence[np.ndarray], captions: Sequence[str]) -> Judged:
    """What the evaluator sees: rows are made anew from positions, so that all numbers agree."""
    anew = [encode(decode(one.astype(np.float64))).astype(np.float32) for one in rows]
    network, embedded = evaluator.network, []
    with torch.inference_mode():
        for start in range(0, len(anew), BATCH):
            made, lengths = stack_rows(anew[start : start + BATCH], evaluator.scale)
            embedded.append(network.embed(made, lengths))
        motions = torch.cat(embedded)
        ids = torch.tensor([evaluator.vocabulary.ids(text) for text in captions])
        matched = similarity(network, motions, network.text(ids))
        actions = _named(network.action(F.gelu(motions)), evaluator.config.actions)
        styles = _named(network.style(F.gelu(motions)), evaluator.config.styles)
    return Judged(motions.numpy().astype(np.float64), actions, styles, matched.numpy())


def _named(values: Tensor, names: Sequence[str]) -> list[str]:
    """The class of the greatest value of each row; none where recordings had no such labels."""
    return [names[at] for at in values.argmax(1).tolist()] if names else []


def nearest(
    rows: Sequence[np.ndarray], training: Sequence[Example] | None
) -> dict[str, float] | None:
    """The median and the least distance in metres to a training clip."""
    if not training:
        return None
    found = Training([clip.rows for clip in training]).nearest(rows).distances
    return {"median_m": float(np.median(found)), "least_m": float(found.min())}


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
