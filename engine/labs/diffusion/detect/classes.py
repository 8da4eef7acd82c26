"""Which prompts are tested, which of them were copied, and which ordinary ones stay out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.core import BadInput
from engine.labs.diffusion.asked import asked_prompts, asked_sets
from engine.labs.diffusion.config.detection import DetectionConfig
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import SINGLE_GROUP
from engine.labs.diffusion.pictures.collection import build_collection

PAINTINGS, SCENES, OWN = "paintings", "scenes", "yours"
REFERENCE = 12
"""Prompts that are kept out of the test, of single paintings, unseen titles and scenes each."""
SHARE = 4
"""Of a visitor's ordinary prompts one in so many is kept out of the test, up to 24."""


@dataclass(frozen=True)
class Class:
    """Prompts of one kind; ``family`` names captions that are alike."""

    name: str
    copied: bool
    family: str
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Tested:
    """The classes to tell apart, and ordinary prompts by family that are not among them."""

    classes: tuple[Class, ...]
    reference: tuple[Class, ...]


def find_classes(
    pipeline: Pipeline, config: DetectionConfig, read: Callable[[str], bytes]
) -> Tested:
    """The prompts that a config names; raises BadInput."""
    classes = _copied(pipeline, config, read)
    if config.own_ordinary:
        every = asked_prompts(pipeline, config, "own_ordinary", read).prompts
        if len(every) < SHARE:
            raise BadInput("own_ordinary", f"needs at least {SHARE} prompts (it has {len(every)})")
        kept = min(len(every) // SHARE, 2 * REFERENCE)
        tested = every[: len(every) - kept][: config.most]
        classes.append(Class("your ordinary prompts", False, OWN, tested))
        known = {OWN: every[-kept:]}
    else:
        known = {}
        for found in asked_sets(pipeline, config.against, "against"):
            family = SCENES if found.scenes is not None else PAINTINGS
            most = len(found.prompts) - (REFERENCE if found.scenes is not None else 0)
            prompts = found.prompts[: min(config.most, most)]
            classes.append(Class(found.name, False, family, prompts))
    families = dict.fromkeys(one.family for one in classes)
    if pipeline.data_seed is not None:
        known = {**_kept_out(pipeline.data_seed), **known}
    return Tested(
        tuple(classes),
        tuple(Class(name, False, name, known[name]) for name in families if name in known),
    )


def _copied(
    pipeline: Pipeline, config: DetectionConfig, read: Callable[[str], bytes]
) -> list[Class]:
    if config.own_copied:
        prompts = asked_prompts(pipeline, config, "own_copied", read).prompts[: config.most]
        return [Class("your copied prompts", True, OWN, prompts)]
    sets = asked_sets(pipeline, config.copied, "copied")
    for found in sets:
        if found.scenes is not None:
            raise BadInput("copied", "scenes were never trained, so that none is copied")
    return [Class(one.name, True, PAINTINGS, one.prompts[: config.most]) for one in sets]


def _kept_out(seed: int) -> dict[str, tuple[str, ...]]:
    """The last single paintings, unseen titles and held-out scenes, which no set offers first."""
    data = build_collection(seed)
    singles = tuple(data.captions[at] for at in data.members(SINGLE_GROUP)[-REFERENCE:])
    return {
        PAINTINGS: (*singles, *data.unseen_titles[-REFERENCE:]),
        SCENES: tuple(scene.caption for scene in data.held_out[-REFERENCE:]),
    }
