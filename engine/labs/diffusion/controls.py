"""The masks that a located mask is compared with: cuts that should change less, if it is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.locating import How
from engine.labs.diffusion.locate.mask_bits import pack
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import Site, find_site
from engine.labs.diffusion.locate.sources import Sources, look
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import SCENE_GROUP, build_collection
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.trial import SCENES, Cutting

LOCATED, RANDOM, UNSEEN, ELSEWHERE = "located", "random", "unseen", "scenes"
MASKS = (LOCATED, RANDOM, UNSEEN, ELSEWHERE)


def other_sources(
    pipeline: Pipeline,
    how: How,
    counts: Sequence[int],
    reference: Sequence[str] | None,
    progress: Callable[[], None] = lambda: None,
    *,
    at_least: int = 1,
    without: Sequence[Sequence[str]] = (),
) -> dict[str, Sources]:
    """Located and joined alike, from sets of ``counts`` never-trained titles and of scenes.

    None of them is a prompt of the reference, and the scenes are others than those that are
    judged. Sets are smaller where there are not enough. Nothing where the training is not known.
    """
    if pipeline.data_seed is None:
        return {}
    data = build_collection(pipeline.data_seed)
    scenes = [scene.caption for scene in data.held_out[SCENES:]]
    trained = [data.captions[at] for at in data.members(SCENE_GROUP)]
    taken = {*(reference or ()), *(prompt for prompts in without for prompt in prompts)}
    pools = {UNSEEN: data.unseen_titles, ELSEWHERE: dict.fromkeys([*scenes, *trained])}
    found = {}
    for name, pool in pools.items():
        sets = _sets([prompt for prompt in pool if prompt not in taken], counts)
        found[name] = look(
            pipeline,
            sets,
            how,
            reference=reference,
            without=without,
            at_least=min(at_least, len(sets)),
            progress=progress,
        )
    return found


def _sets(pool: Sequence[str], counts: Sequence[int]) -> list[Sequence[str]]:
    """Sets of these sizes, one after the other; all by one share smaller in a pool too small."""
    share = min(1.0, len(pool) / sum(counts))
    sizes = [max(1, int(count * share)) for count in counts]
    return [pool[sum(sizes[:at]) : sum(sizes[: at + 1])] for at in range(len(sizes))]


def reference_prompts(pipeline: Pipeline, name: str) -> tuple[str, ...] | None:
    """The reference of that name: never-trained titles or scenes; None for empty prompts."""
    return None if name == "null" else find_prompts(pipeline, name, "reference").prompts


def cutting(pipeline: Pipeline, site: Site, masks: Masks) -> Cutting:
    """The same cut for every seed."""
    cut = prune(pipeline, site, masks)
    return lambda seed: cut


def random_cutting(pipeline: Pipeline, site: Site, masks: Masks) -> Cutting:
    """For every seed a cut of its own, with as many weights in every row as ``masks``."""
    return lambda seed: prune(pipeline, site, masking.random_like(masks, seed))


def all_cuttings(pipeline: Pipeline, how: How, found: dict[str, Masks]) -> dict[str, Cutting]:
    """Cuts by the names of ``MASKS``: located, at random, and the others that were found."""
    site = find_site(how.site)
    cuts = {name: cutting(pipeline, site, masks) for name, masks in found.items()}
    cuts[RANDOM] = random_cutting(pipeline, site, found[LOCATED])
    return {name: cuts[name] for name in MASKS if name in cuts}


def layer_notes(pipeline: Pipeline, how: How, masks: Masks) -> dict[str, Any]:
    """What a page needs to tell layers apart and to write a mask file."""
    return {
        "layers": list(masks),
        "shapes": [list(mask.shape) for mask in masks.values()],
        "site": how.site,
        "first": how.first,
        "site_title": find_site(how.site).title,
        "digest": pipeline.digest,
    }


def bits_of(masks: Masks) -> np.ndarray:
    """``pack`` for tensors, uint8 (bytes,)."""
    return pack({name: mask.numpy() for name, mask in masks.items()})


def counts_of(masks: Masks) -> list[int]:
    """Weights cut in each layer, in the masks' order."""
    return list(masking.counts(masks).values())
