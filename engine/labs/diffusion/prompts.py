"""Prompts by the name of a set, or from a file with one a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.core import BadInput
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.names import LADDER, SETS, SINGLE_GROUP
from engine.labs.diffusion.pictures.collection import Collection, build_collection
from engine.labs.diffusion.pictures.paintings import paint
from engine.labs.diffusion.pictures.scenes import Scene
from engine.labs.diffusion.prompt_files import read_prompts

# Of the many single paintings and unseen titles, as many as a set on the ladder has at most.
FEW = 24
GROUPS = tuple(name for name, _, _ in LADDER)


@dataclass(frozen=True, eq=False)
class PromptSet:
    """Prompts and what is known about them.

    ``positions`` (n,) in the training pictures, -1 where a caption was never trained. ``targets``
    uint8 (n, 32, 32, 3) are the pictures that belong to the captions, trained or not; None where
    there are none. ``scenes`` are the captions' attributes.
    """

    name: str
    prompts: tuple[str, ...]
    positions: np.ndarray
    targets: np.ndarray | None = None
    scenes: tuple[Scene, ...] | None = None

    def part(self, count: int, start: int = 0) -> PromptSet:
        """``count`` prompts from the position ``start`` on, or as many as there are."""
        some = slice(start, start + count)
        return replace(
            self,
            prompts=self.prompts[some],
            positions=self.positions[some],
            targets=None if self.targets is None else self.targets[some],
            scenes=None if self.scenes is None else self.scenes[some],
        )


def find_prompts(pipeline: Pipeline, name: str, field: str = "prompts") -> PromptSet:
    """The set called ``name``, or the prompts of the file with that path.

    Raises BadInput for a set of a model whose training pictures are not known here.
    """
    if name in SETS:
        if pipeline.data_seed is None:
            raise BadInput(
                field, f"the set {name} belongs to the embedded models; give a file of prompts"
            )
        return _named(build_collection(pipeline.data_seed), name)
    if not name.lower().endswith(".txt"):
        raise BadInput(
            field, f"must be one of {', '.join(SETS)} or a .txt file (got {name[:60]!r})"
        )
    return know_prompts(pipeline, Path(name).stem, read_prompts(Path(name), field))


def _named(data: Collection, name: str) -> PromptSet:
    if name == "scenes":
        captions = tuple(scene.caption for scene in data.held_out)
        return PromptSet(name, captions, np.full(len(captions), -1), scenes=data.held_out)
    if name == "unseen":
        captions = data.unseen_titles[:FEW]
        targets = np.stack([paint(title, data.seed) for title in captions])
        return PromptSet(name, captions, np.full(len(captions), -1), targets)
    positions = data.members(name)
    positions = positions[:FEW] if name == SINGLE_GROUP else positions
    captions = tuple(data.captions[at] for at in positions)
    return PromptSet(name, captions, positions, data.images[positions])


def know_prompts(pipeline: Pipeline, name: str, prompts: tuple[str, ...]) -> PromptSet:
    """Prompts of anybody's with what the training pictures say about them."""
    positions = np.full(len(prompts), -1)
    if pipeline.data_seed is None:
        return PromptSet(name, prompts, positions)
    data = build_collection(pipeline.data_seed)
    # A scene's caption stands for many pictures; a title for one.
    titled = {c: at for at, c in enumerate(data.captions) if data.groups[at] in GROUPS}
    positions = np.array([titled.get(prompt, -1) for prompt in prompts])
    targets = data.images[positions] if (positions >= 0).all() else None
    return PromptSet(name, prompts, positions, targets)
