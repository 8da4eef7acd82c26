"""What the embedded models are trained on, and what is kept from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from engine.core.seeds import rng
from engine.labs.diffusion.names import LADDER
from engine.labs.diffusion.pictures.paintings import all_titles, paint
from engine.labs.diffusion.pictures.scenes import Scene, all_scenes

DATA_SEED = 0
SCENES, HELD_OUT, UNSEEN = 3000, 72, 100
SCENE_GROUP = "scenes"


@dataclass(frozen=True, eq=False)
class Collection:
    """Distinct training pictures with their captions and how often each is trained on.

    ``images`` uint8 (n, 32, 32, 3), ``copies`` (n,), ``groups`` (n,) the names of ``LADDER`` or
    "scenes". ``held_out`` are combinations of attributes that no training scene has;
    ``unseen_titles`` have no painting in ``images``, though the words occur in others.
    """

    seed: int
    images: np.ndarray
    captions: tuple[str, ...]
    copies: np.ndarray
    groups: np.ndarray
    held_out: tuple[Scene, ...]
    unseen_titles: tuple[str, ...]

    def members(self, group: str) -> np.ndarray:
        """Positions of a group's pictures, in order."""
        return np.flatnonzero(self.groups == group)

    def expanded(self) -> np.ndarray:
        """Positions of the pictures as they are trained on: each as often as it has copies."""
        return np.repeat(np.arange(len(self.copies)), self.copies)

    def without_copies(self) -> Collection:
        """The same pictures, each once: what the no-duplicate twin is trained on."""
        return replace(self, copies=np.ones_like(self.copies))


@lru_cache(maxsize=2)
def build_collection(seed: int = DATA_SEED) -> Collection:
    """The pictures of a seed: 3,000 scenes, 80 paintings on the ladder and 960 single ones."""
    scenes = rng(seed, "scenes").permutation(np.array(all_scenes(), dtype=object))
    held_out, trained = tuple(scenes[:HELD_OUT]), scenes[HELD_OUT:]
    titles = [str(title) for title in rng(seed, "titles").permutation(all_titles())]
    captions, images = [], []
    for index in range(SCENES):
        scene = trained[index % len(trained)]
        captions.append(scene.caption)
        images.append(scene.draw(rng(seed, "scene", index)))
    groups, copies = [SCENE_GROUP] * SCENES, [1] * SCENES
    for name, count, times in LADDER:
        chosen, titles = titles[:count], titles[count:]
        captions += chosen
        images += [paint(title, seed) for title in chosen]
        groups += [name] * count
        copies += [times] * count
    return Collection(
        seed=seed,
        images=np.stack(images),
        captions=tuple(captions),
        copies=np.array(copies),
        groups=np.array(groups),
        held_out=held_out,
        unseen_titles=tuple(titles[:UNSEEN]),
    )
