"""The run of detection: every prompt with every seed, and what each score says of it."""

from __future__ import annotations

import numpy as np

from engine.core import Field, Result
from engine.core.context import Context
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config.detection import DetectionConfig
from engine.labs.diffusion.detect.classes import Tested, find_classes
from engine.labs.diffusion.detect.entropy import called_layers
from engine.labs.diffusion.detect.methods import STEPPED
from engine.labs.diffusion.detect.reading import (
    KNOWN,
    copied_names,
    of_class,
    offered,
    ordinary_names,
    scores,
)
from engine.labs.diffusion.detect.recording import Recording, record
from engine.labs.diffusion.detect.roc import area
from engine.labs.diffusion.detect.webster import LEAST_SEEDS, edge_consistency
from engine.labs.diffusion.evaluation import training_pictures
from engine.labs.diffusion.model.pipeline import Pipeline

_SEEDED = ("prompt", "seed")
_AXES = {
    **dict.fromkeys(STEPPED, (*_SEEDED, "step")),
    "layers": (*_SEEDED, "layer"),
    "white_box": _SEEDED,
}


def detection(config: DetectionConfig, context: Context) -> Result:
    """What every score says of copied and of ordinary prompts.

    Fields: the recordings of ``Recording`` (prompt, seed, ...) with "reference_" before those of
    the prompts that are not tested (reference, ...), "edges" (prompt, seed), "class" (prompt,) and,
    with known training pictures, "copies" (prompt, seed): SSIM to the nearest of them.
    """
    pipeline = asked_pipeline(config)
    asked = find_classes(pipeline, config, context.read_input)
    prompts = [prompt for one in asked.classes for prompt in one.prompts]
    known = [prompt for one in asked.reference for prompt in one.prompts]
    total = config.seeds * len(prompts) + len(known)

    def watched(chosen: list[str], seed: int, before: int) -> Recording:
        return record(
            pipeline,
            chosen,
            seed=seed,
            count=config.steps,
            guidance=config.guidance,
            pictures=pipeline.data_seed is not None,
            edges=config.seeds >= LEAST_SEEDS,
            progress=lambda done, _: context.progress(before + done, total),
        )

    seeded = [
        watched(prompts, config.first_seed + at, at * len(prompts)) for at in range(config.seeds)
    ]
    reference = watched(known, config.first_seed, config.seeds * len(prompts))
    fields = {
        name: Field(np.stack([getattr(one, name) for one in seeded], 1), axes, _unit(name))
        for name, axes in _AXES.items()
    }
    for name, axes in _AXES.items():
        fields[f"{KNOWN}{name}"] = Field(
            getattr(reference, name), ("reference", *axes[2:]), _unit(name)
        )
    if config.seeds >= LEAST_SEEDS:
        consistent = edge_consistency([one.edges for one in seeded])
        repeated = np.repeat(consistent[:, None], config.seeds, axis=1)
        fields["edges"] = Field(repeated.astype(np.float32), _SEEDED)
    if pipeline.data_seed is not None:
        found = np.stack([_nearest(pipeline.data_seed, one.pictures) for one in seeded], 1)
        fields["copies"] = Field(found.astype(np.float32), _SEEDED)
    sizes = [len(one.prompts) for one in asked.classes]
    fields["class"] = Field(np.repeat(np.arange(len(sizes)), sizes), ("prompt",))
    result = Result(fields, {}, _notes(pipeline, asked, config, prompts))
    return Result(fields, _metrics(result), result.notes)


def _nearest(seed: int, pictures: np.ndarray) -> np.ndarray:
    training = training_pictures(seed)
    return copying.ssim(pictures, training.images[training.neighbours(pictures).nearest])


def _unit(name: str) -> str:
    return "nat" if name in ("entropy", "padding", "layers") else "1"


def _notes(
    pipeline: Pipeline, asked: Tested, config: DetectionConfig, prompts: list[str]
) -> dict[str, object]:
    return {
        "model": pipeline.name,
        "copies": pipeline.copies,
        "classes": [
            {
                "name": one.name,
                "copied": one.copied,
                "family": one.family,
                "prompts": len(one.prompts),
            }
            for one in asked.classes
        ],
        "families": list(
            dict.fromkeys(one.family for one in (*asked.classes, *asked.reference))
        ),
        "reference_families": [
            one.family for one in asked.reference for _ in one.prompts
        ],
        "prompts": prompts,
        "layers": list(called_layers(pipeline)),
        "seeds": list(range(config.first_seed, config.first_seed + config.seeds)),
    }  # fmt: skip


def _metrics(result: Result) -> dict[str, float]:
    """The area of every method, as published, against each ordinary class."""
    copied = of_class(result, copied_names(result))
    found = {}
    for method in offered(result):
        means = scores(result, method).mean(1)
        for name in ordinary_names(result):
            rival = of_class(result, [name])
            found[f"auc {method} {name}"] = area(means[copied], means[rival], resamples=1).value
    return found
