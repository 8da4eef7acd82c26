"""How much the masks of groups of prompts overlap, beside random groups and beside the twin."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import combinations
from warnings import catch_warnings, simplefilter

import numpy as np
import torch

from engine.core import Field, Result
from engine.core.context import Context
from engine.core.seeds import rng
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config.overlap import OverlapConfig
from engine.labs.diffusion.layer_names import in_running_order, short_name
from engine.labs.diffusion.locate.sites import find_site, layers
from engine.labs.diffusion.locate.splits import Pairs, group_norms, layer_overlaps
from engine.labs.diffusion.locate.statistics import Statistics, measure
from engine.labs.diffusion.model.load import load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import DEFAULT, EMBEDDED
from engine.labs.diffusion.prompt_groups import Group, prompt_groups
from engine.labs.diffusion.sampler import STEPS

SPARSITIES = (0.01, 0.05, 0.2)
BAND = (5.0, 50.0, 95.0)
"""Percentiles of random splits."""
Tell = Callable[[float], None]


def overlap(config: OverlapConfig, context: Context) -> Result:
    """Overlaps of all pairs of groups and of random splits, in one model or in two.

    Fields are float16: "iou" (model, reference, sparsity, moment, layer, pair), "share" of weights
    in each group's mask (model, reference, sparsity, moment, group), "band" (model, reference,
    sparsity, moment, layer, percentile) and "null" (model, reference, sparsity, moment, split), the
    mean over layers of every random split. The moments are the steps, then the first ``joined`` of
    them together.
    """
    pipelines = [asked_pipeline(config)]
    if config.model == DEFAULT and config.beside:
        pipelines.append(load_pipeline("twin"))
    groups, references = prompt_groups(pipelines[0], config, context.read_input)
    pairs = list(combinations(range(len(groups)), 2))
    parts = []
    for at, pipeline in enumerate(pipelines):

        def tell(share: float, at: int = at) -> None:
            context.progress(at + share, len(pipelines))

        parts.append(_of_model(pipeline, config, groups, references, pairs, tell))
    site = find_site(config.site)
    names = in_running_order(layers(pipelines[0], site))
    axes = ("model", "reference", "sparsity", "moment")
    ends = {"iou": ("layer", "pair"), "share": ("group",), "band": ("layer", "percentile"),
            "null": ("split",)}  # fmt: skip
    return Result(
        fields={
            name: Field(np.stack([part[name] for part in parts]).astype(np.float16), (*axes, *more))
            for name, more in ends.items()
        },
        metrics={
            "groups": len(groups),
            "prompts_a_group": config.group_size,
            "splits": config.splits,
            "layers": len(names),
        },
        notes={
            "models": [pipeline.name for pipeline in pipelines],
            "training_steps": [training_steps(pipeline) for pipeline in pipelines],
            "groups": [group.note() for group in groups],
            "pairs": [list(pair) for pair in pairs],
            "pool": null_pool(groups),
            "references": {name: list(prompts) for name, prompts in references.items()},
            "sparsities": list(SPARSITIES),
            "steps": parts[0]["iou"].shape[2] - 1,
            "joined": config.joined,
            "layers": names,
            "layer_names": [short_name(name) for name in names],
            "site": site.title,
            "seed": config.seed,
        },
    )


def _of_model(
    pipeline: Pipeline,
    config: OverlapConfig,
    groups: Sequence[Group],
    references: dict[str, tuple[str, ...]],
    pairs: Sequence[tuple[int, int]],
    tell: Tell,
) -> dict[str, np.ndarray]:
    """The fields of one model. Every prompt is sampled once, from noise of its own."""
    lists = [group.prompts for group in groups] + list(references.values())
    ends = np.cumsum([0, *(len(prompts) for prompts in lists)])
    places = [list(range(ends[i], ends[i + 1])) for i in range(len(lists))]
    seen = measure(
        pipeline,
        [prompt for prompts in lists for prompt in prompts],
        find_site(config.site),
        tau=STEPS,
        count=STEPS,
        seed=config.seed,
        progress=lambda done, all_: tell(0.5 * done / all_),
    )
    sets, rivals = places[: len(groups)], places[len(groups) :]
    mixed = [place for at in null_pool(groups) for place in sets[at]]
    drawn = splits(mixed, config.group_size, config.splits, config.seed)
    random_pairs = [(2 * i, 2 * i + 1) for i in range(config.splits)]
    found: dict[str, list[torch.Tensor]] = {"iou": [], "share": [], "random": []}
    weights = layers(pipeline, find_site(config.site))
    names = in_running_order(weights)
    for done, name in enumerate(names):
        tell(0.5 + 0.5 * done / len(names))
        squares = _half(seen, name, config.half)
        theirs = list(group_norms(squares, rivals))
        weight = weights[name].weight.detach()
        of_sets, of_splits = (
            layer_overlaps(
                weight, group_norms(squares, members), theirs, SPARSITIES, Pairs.of(which),
                min(config.joined, squares.shape[1]),
            )
            for members, which in ((sets, pairs), (drawn, random_pairs))
        )  # fmt: skip
        found["iou"].append(of_sets[0])
        found["share"].append(of_sets[1] * weight.numel())
        found["random"].append(of_splits[0])
    random = torch.stack(found["random"], -2).numpy()  # references sparsities moments layers splits
    total = sum(weights[name].weight.numel() for name in names)
    with catch_warnings():
        # A sparsity of less than one weight a row leaves nothing to overlap: nan is the answer.
        simplefilter("ignore", RuntimeWarning)
        band = np.nanpercentile(random, BAND, axis=-1)
        null = np.nanmean(random, axis=-2)
    return {
        "iou": torch.stack(found["iou"], -2).numpy(),
        "share": torch.stack(found["share"]).sum(0).div(total).numpy(),
        "band": np.moveaxis(band, 0, -1),
        "null": null,
    }


def training_steps(pipeline: Pipeline) -> int | None:
    """How long an embedded model was trained, as its card says; None for others."""
    card = pipeline.folder / "card.json"
    if pipeline.name not in EMBEDDED or not card.is_file():
        return None
    return int(json.loads(card.read_text(encoding="utf-8"))["steps"])


def null_pool(groups: Sequence[Group]) -> list[int]:
    """Positions of the groups that random splits draw from: those of the copied sets' family.

    Captions of another family would make two random groups differ by more than their copies. All
    groups where that leaves less than two.
    """
    families = {group.family for group in groups if group.kind == "copied"}
    found = [at for at, group in enumerate(groups) if group.family in families]
    return found if len(found) > 1 else list(range(len(groups)))


def splits(prompts: Sequence[int], size: int, resamples: int, seed: int) -> list[list[int]]:
    """Two disjoint groups of ``size`` of the prompts, ``resamples`` times, one after the other."""
    drawn = []
    for at in range(resamples):
        order = rng(seed, "split", at).permutation(np.array(prompts))
        drawn += [order[:size].tolist(), order[size : 2 * size].tolist()]
    return drawn


def _half(seen: Statistics, name: str, half: str) -> torch.Tensor:
    """The halves of guidance that count, (halves, steps, prompts, channels)."""
    squares = seen.squares[name]
    return squares[-1:] if half == "conditional" else squares
