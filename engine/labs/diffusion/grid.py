"""The bench's grid: cuts at every sparsity and tau, each with its controls, ready before asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.diffusion import controls
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.bench import PICTURE, Meter, targets_of
from engine.labs.diffusion.config.bench import GridConfig
from engine.labs.diffusion.judge.network import ATTRIBUTES
from engine.labs.diffusion.locate.locating import How
from engine.labs.diffusion.locate.sources import look
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.trial import MEASURES, Trial, copied_judges

RESAMPLES = 50
CELL = ("sparsity", "tau")


def grid(config: GridConfig, context: Context) -> Result:
    """Every cut of the grid, located and by each control.

    Of the located masks all pictures are kept, of the controls those of the located set.
    """
    context.progress(0, 1)
    pipeline = asked_pipeline(config)
    wanted = find_prompts(pipeline, config.located, "located")
    judges = copied_judges(pipeline, range(config.seed, config.seed + config.seeds))
    how = How(tau=max(config.columns), site=config.site, half=config.half, seed=config.seed)
    reference = controls.reference_prompts(pipeline, config.reference)
    cuts = len(config.rows) * len(config.columns) * len(controls.MASKS)
    meter = Meter(context, judges.pictures * (1 + cuts))

    def stop() -> None:
        meter.tell(0)

    sources = {
        controls.LOCATED: look(pipeline, [wanted.prompts], how, reference=reference, progress=stop),
        **controls.other_sources(pipeline, how, [len(wanted.prompts)], reference, stop),
    }
    whole = judges.attempt(pipeline, lambda seed: None, meter.tell)
    mine = [at for at, caption in enumerate(judges.captions()) if caption in wanted.prompts]
    trials: list[Trial] = []
    counted: list[list[int]] = []
    bits: list[np.ndarray] = []
    stable: list[float] = []
    for sparsity, tau in product(config.rows, config.columns):
        found = {name: one.masks(sparsity, tau) for name, one in sources.items()}
        located = found[controls.LOCATED]
        bits.append(controls.bits_of(located))
        stable.append(
            sources[controls.LOCATED].stable_share(
                sparsity, tau, resamples=RESAMPLES, seed=config.seed
            )
        )
        for name, cut in controls.all_cuttings(pipeline, how, found).items():
            trials.append(judges.attempt(pipeline, cut, meter.tell))
            counted.append(controls.counts_of(found.get(name, located)))
    cells, masks = (len(config.rows), len(config.columns)), len(controls.MASKS)

    def table(values: Sequence[Any], *inner: int) -> np.ndarray:
        array = np.stack(values)
        return array.reshape(*cells, *inner, *array.shape[1:])

    return Result(
        fields={
            "sparsities": Field(np.array(config.rows), ("sparsity",)),
            "taus": Field(np.array(config.columns), ("tau",), "steps"),
            "targets": Field(targets_of(judges, whole), ("picture", *PICTURE), "brightness"),
            "whole_pictures": Field(in_levels(whole.pictures), ("picture", *PICTURE), "brightness"),
            "whole_copies": Field(whole.copies, ("seed", "picture", "measure")),
            "whole_right": Field(whole.right, ("seed", "scene", "attribute")),
            "pictures": Field(
                in_levels(table([one.pictures for one in trials[::masks]])),
                (*CELL, "picture", *PICTURE),
                "brightness",
            ),
            "control_pictures": Field(
                in_levels(
                    table(
                        [one.pictures[mine] for at, one in enumerate(trials) if at % masks],
                        masks - 1,
                    )
                ),
                (*CELL, "control", "picture", *PICTURE),
                "brightness",
            ),
            "copies": Field(
                table([one.copies for one in trials], masks),
                (*CELL, "mask", "seed", "picture", "measure"),
            ),
            "right": Field(
                table([one.right for one in trials], masks),
                (*CELL, "mask", "seed", "scene", "attribute"),
            ),
            "cut": Field(
                table([np.array(one) for one in counted], masks),
                (*CELL, "mask", "layer"),
                "weights",
            ),
            "stable": Field(table([np.array(one) for one in stable]), CELL),
            "bits": Field(table(bits), (*CELL, "byte")),
        },
        metrics={
            "weights": sum(mask.numel() for mask in located.values()),
            "resamples": RESAMPLES,
            "seeds": config.seeds,
        },
        notes={
            "masks": list(controls.MASKS),
            "measures": list(MEASURES),
            "attributes": list(ATTRIBUTES),
            "groups": judges.groups([wanted.name]),
            "captions": judges.captions(),
            "located": [wanted.name],
            "prompts": len(wanted.prompts),
            "copies": pipeline.copies,
            "known": True,
            **controls.layer_notes(pipeline, how, located),
        },
    )
