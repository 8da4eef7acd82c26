"""One cut on the bench: pictures before and after, with every control beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core.context import Context
from engine.core.result import Field, Result
from engine.labs.diffusion import controls
from engine.labs.diffusion.asked import asked_pipeline, asked_prompts, asked_sets
from engine.labs.diffusion.config.bench import BenchConfig
from engine.labs.diffusion.judge.network import ATTRIBUTES
from engine.labs.diffusion.locate.locating import How
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.sources import Sources, look
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import PromptSet
from engine.labs.diffusion.trial import MEASURES, Judges, Trial, copied_judges, smaller

MOST_SHOWN = 8
"""Pictures of a located set that is none of A, B and C: its first."""
PICTURE = ("row", "column", "channel")


def bench(config: BenchConfig, context: Context) -> Result:
    """Locate, cut, sample, and do the same with every control."""
    context.progress(0, 1)
    pipeline = asked_pipeline(config)
    own = asked_prompts(pipeline, config, "prompts", context.read_input)
    sets = (own, *_sets(pipeline, config.also, "also"))
    judges = copied_judges(
        pipeline,
        range(config.seed, config.seed + config.seeds),
        [wanted.part(MOST_SHOWN) for wanted in sets],
    )
    meter = Meter(context)
    found, sources = _masks(pipeline, config, context, sets, lambda: meter.tell(0))
    located = found[controls.LOCATED]
    cuts = controls.all_cuttings(pipeline, _how(config), found)
    meter.total = (len(cuts) + 1) * judges.pictures
    trials = {"whole": judges.attempt(pipeline, lambda seed: None, meter.tell)}
    trials |= {name: judges.attempt(pipeline, cut, meter.tell) for name, cut in cuts.items()}
    # A random mask has as many weights in every row: the located one's counts are its own.
    counted = [controls.counts_of(found.get(name, located)) for name in cuts]
    number = sum(counted[0])
    whole = sum(mask.numel() for mask in located.values())
    return Result(
        fields={
            **fields_of(trials, targets_of(judges, trials["whole"])),
            "cut": Field(np.array(counted), ("mask", "layer"), "weights"),
            "bits": Field(controls.bits_of(located), ("byte",)),
        },
        metrics={
            "weights": whole,
            "weights_cut": number,
            "share_cut": number / whole,
            "stable_share": sources.stable_share(
                config.sparsity, config.tau, resamples=config.resamples, seed=config.seed
            )
            if number
            else 0.0,
            "resamples": config.resamples,
            "seeds": config.seeds,
        },
        notes={
            "masks": list(trials),
            "measures": list(MEASURES),
            "attributes": list(ATTRIBUTES),
            "groups": judges.groups([wanted.name for wanted in sets]),
            "captions": judges.captions(),
            "located": [wanted.name for wanted in sets],
            "prompts": sum(len(wanted.prompts) for wanted in sets),
            "copies": pipeline.copies,
            "known": pipeline.data_seed is not None,
            **controls.layer_notes(pipeline, _how(config), located),
        },
    )


class Meter:
    """Counts the pictures of a run for its progress."""

    def __init__(self, context: Context, total: int = 1):
        self.total = total
        self._context, self._done = context, 0

    def tell(self, pictures: int) -> None:
        """So many more are done; raises Cancelled when somebody asked for that."""
        self._done += pictures
        self._context.progress(self._done, self.total)


def fields_of(trials: dict[str, Trial], targets: np.ndarray) -> dict[str, Field]:
    """Pictures, their measures and the scenes of every mask."""
    every = list(trials.values())
    return {
        "targets": Field(targets, ("picture", *PICTURE), "brightness"),
        "pictures": Field(
            in_levels(np.stack([one.pictures for one in every])),
            ("mask", "picture", *PICTURE),
            "brightness",
        ),
        "copies": Field(
            np.stack([one.copies for one in every]), ("mask", "seed", "picture", "measure")
        ),
        "right": Field(
            np.stack([one.right for one in every]), ("mask", "seed", "scene", "attribute")
        ),
    }


def targets_of(judges: Judges, whole: Trial) -> np.ndarray:
    """The training pictures beside those of the unpruned model."""
    high, wide = whole.pictures.shape[1:3]
    return smaller(judges.targets((high, wide)))


def _masks(
    pipeline: Pipeline,
    config: BenchConfig,
    context: Context,
    sets: tuple[PromptSet, ...],
    tell: Callable[[], None],
) -> tuple[dict[str, Masks], Sources]:
    """The located mask and those of the other sources, and what the located one was taken from."""
    how = _how(config)
    reference = (
        asked_prompts(pipeline, config, "reference_prompts", context.read_input).prompts
        if config.reference == "own"
        else controls.reference_prompts(pipeline, config.reference)
    )
    without = [wanted.prompts for wanted in _sets(pipeline, config.minus, "minus")]
    sources = look(
        pipeline,
        [wanted.prompts for wanted in sets],
        how,
        reference=reference,
        without=without,
        at_least=config.at_least,
        progress=tell,
    )
    others = controls.other_sources(
        pipeline,
        how,
        [len(wanted.prompts) for wanted in sets],
        reference,
        tell,
        at_least=config.at_least,
        without=without,
    )
    every = {controls.LOCATED: sources, **others}
    return {name: one.masks(config.sparsity, config.tau) for name, one in every.items()}, sources


def _sets(pipeline: Pipeline, names: str, field: str) -> tuple[PromptSet, ...]:
    return asked_sets(pipeline, names, field) if names else ()


def _how(config: BenchConfig) -> How:
    return How(
        sparsity=config.sparsity,
        tau=config.tau,
        first=config.first,
        site=config.site,
        half=config.half,
        seed=config.seed,
    )
