"""Where the copies live: the same share cut at every kind of layer, located and at random."""

from __future__ import annotations

import numpy as np

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.diffusion import controls
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.bench import Meter
from engine.labs.diffusion.config.bench import SitesConfig
from engine.labs.diffusion.judge.network import ATTRIBUTES
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.names import SITE_NAMES
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.trial import MEASURES, Judges, copied_judges

HELD = 4
"""Pictures of each of the two sets that were not located: its first."""
CUTS = (controls.LOCATED, controls.RANDOM)


def sites(config: SitesConfig, context: Context) -> Result:
    """Both cuts at every site, on the located set, on held-out ones and on scenes."""
    context.progress(0, 1)
    pipeline = asked_pipeline(config)
    wanted = find_prompts(pipeline, config.located, "located")
    every = copied_judges(pipeline, range(config.seed, config.seed + config.seeds))
    held = [one.part(HELD) for one in every.sets if one.name != config.located]
    judges = Judges((wanted, *held), every.scenes, every.seeds)
    meter = Meter(context, judges.pictures * (1 + len(SITE_NAMES) * len(CUTS)))
    whole = judges.attempt(pipeline, lambda seed: None, meter.tell)
    copies, right, cut, weights = [], [], [], []
    for site in SITE_NAMES:
        how = How(
            sparsity=config.sparsity, tau=config.tau, site=site, half=config.half, seed=config.seed
        )
        masks = locate(pipeline, [wanted.prompts], how, progress=lambda done, total: meter.tell(0))
        cuts = controls.all_cuttings(pipeline, how, {controls.LOCATED: masks})
        trials = [judges.attempt(pipeline, cuts[name], meter.tell) for name in CUTS]
        copies.append(np.stack([one.copies for one in trials]))
        right.append(np.stack([one.right for one in trials]))
        cut.append(sum(controls.counts_of(masks)))
        weights.append(sum(mask.numel() for mask in masks.values()))
    return Result(
        fields={
            "copies": Field(np.stack(copies), ("site", "mask", "seed", "picture", "measure")),
            "right": Field(np.stack(right), ("site", "mask", "seed", "scene", "attribute")),
            "whole_copies": Field(whole.copies, ("seed", "picture", "measure")),
            "whole_right": Field(whole.right, ("seed", "scene", "attribute")),
            "cut": Field(np.array(cut), ("site",), "weights"),
            "weights": Field(np.array(weights), ("site",), "weights"),
        },
        metrics={"seeds": config.seeds},
        notes={
            "sites": list(SITE_NAMES),
            "titles": [find_site(site).title for site in SITE_NAMES],
            "masks": list(CUTS),
            "measures": list(MEASURES),
            "attributes": list(ATTRIBUTES),
            "groups": judges.groups([wanted.name]),
            "copies": pipeline.copies,
        },
    )
