"""What a model could do at the snapshots of its training, as kept when it was shipped."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import load

from engine.core import BadInput
from engine.core.context import Context
from engine.core.packing import unpack
from engine.core.result import Field, Result
from engine.io.safetensors_check import check_safetensors
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config.ladder import ArrivalConfig
from engine.labs.diffusion.ladder import MEASURES, SETS, rungs
from engine.labs.diffusion.names import ARRIVAL, EMBEDDED
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.pictures.scenes import ATTRIBUTES
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.rungs import RIGHT

SHOWN = 4
"""Pictures of each set that a result holds."""
MOST_BYTES = 100_000_000


def run(config: ArrivalConfig, context: Context) -> Result:
    """Measures (step, seed, prompt) of every set, and pictures (step, shown, ...) of one seed.

    "right" (step, seed, scene, attribute) is what the judge saw in held-out scenes. "shown"
    (shown,) points at the prompts. Raises BadInput for a model whose snapshots were not kept.
    """
    if config.model not in EMBEDDED:
        raise BadInput("model", f"must be one of {', '.join(EMBEDDED)}: others kept no snapshots")
    pipeline = asked_pipeline(config)
    path = pipeline.folder / ARRIVAL
    if not path.is_file():
        raise BadInput("model", "kept nothing of its training; default and twin did")
    try:
        data = unpack(path.read_bytes(), MOST_BYTES)
    except ValueError as error:
        raise BadInput("model", f"what it kept of its training is damaged: {error}") from None
    check_safetensors(data, field="model", max_bytes=MOST_BYTES)
    kept = load(data)
    if "steps" not in kept:
        raise BadInput("model", "kept pictures of its training alone, without their measures")
    context.progress(0, 1)
    sets = [find_prompts(pipeline, name, "model") for name in SETS]
    start = np.cumsum([0, *(len(one.prompts) for one in sets)])
    shown = [
        first + at
        for first, one in zip(start, sets, strict=False)
        for at in range(min(SHOWN, len(one.prompts)))
    ]
    shape = kept["scenes/score"].shape[:2]
    fields = {
        "step": Field(kept["steps"], ("step",)),
        "picture": Field(
            in_levels(np.concatenate([kept[one.name][:, :SHOWN] for one in sets], axis=1)),
            ("step", "shown", "row", "column", "channel"),
        ),
        "shown": Field(np.array(shown), ("shown",)),
        "copies": rungs(sets),
        RIGHT: Field(
            kept[f"scenes/{RIGHT}"].astype(np.uint8), ("step", "seed", "scene", "attribute")
        ),
    }
    for name in MEASURES:
        columns = [
            kept.get(f"{one.name}/{name}", np.full((*shape, len(one.prompts)), np.nan, np.float32))
            for one in sets
        ]
        fields[name] = Field(np.concatenate(columns, axis=2), ("step", "seed", "prompt"))
    return Result(
        fields,
        {"seeds": shape[1], "prompts": int(start[-1])},
        {
            "model": pipeline.name,
            "trained_copies": pipeline.copies,
            "prompts": [prompt for one in sets for prompt in one.prompts],
            "sets": [one.name for one in sets for _ in one.prompts],
            "attributes": list(ATTRIBUTES),
        },
    )
