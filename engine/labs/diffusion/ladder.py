"""The duplication ladder, never-trained titles and held-out scenes, picture by picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.core import BadInput
from engine.core.context import Context
from engine.core.result import Field, Result
from engine.core.seeds import rng
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config.ladder import LadderConfig
from engine.labs.diffusion.evaluation import training_pictures
from engine.labs.diffusion.names import LADDER
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import FEW, GROUPS, PromptSet, find_prompts
from engine.labs.diffusion.rungs import RIGHT, measured

SETS = (*GROUPS, "unseen", "scenes")
NO_RUNG = -1
RUNGS: dict[str, int] = {
    **{name: times for name, _, times in LADDER},
    "unseen": 0,
    "scenes": NO_RUNG,
}
"""Set -> copies of each of its pictures on the ladder."""
MEASURES = ("ssim", "zncc", "ratio", "nn_hit", "ssim_nearest", "score")


def run(config: LadderConfig, context: Context) -> Result:
    """Sample and measure every prompt with ``seeds`` seeds.

    Measures are (seed, prompt), NaN where a prompt has none; "pool" holds the training and target
    pictures that "target" (prompt,) and "nearest" (seed, prompt) point into. "drawn_nearest"
    (prompt,) is the SSIM between what belongs to a never-trained caption and the nearest training
    picture: how close they are without any model. Raises BadInput for a model whose training
    pictures are not known.
    """
    pipeline = asked_pipeline(config)
    if pipeline.data_seed is None:
        raise BadInput("model", "has no ladder: its training pictures are not known here")
    sets = [_few(find_prompts(pipeline, name, "model")) for name in SETS]
    total = sum(len(one.prompts) for one in sets) * config.seeds
    columns: dict[str, list[np.ndarray]] = {name: [] for name in MEASURES}
    pictures, right, before = [], None, 0
    for wanted in sets:
        size = len(wanted.prompts)

        def tell(done: int, _: int, before: int = before, size: int = size) -> None:
            context.progress(before + done * size, total)

        done = measured(
            pipeline, wanted, seeds=config.seeds, first_seed=config.seed, count=config.steps,
            guidance=config.guidance, progress=tell,
        )  # fmt: skip
        before += size * config.seeds
        pictures.append(done.pictures)
        right = done.measures.get(RIGHT, right)
        empty = np.full((config.seeds, size), np.nan)
        for name in MEASURES:
            columns[name].append(done.measures.get(name, empty))
    every = np.concatenate(pictures, axis=1)
    data = build_collection(pipeline.data_seed)
    training = training_pictures(pipeline.data_seed)
    flat = every.reshape(-1, *every.shape[2:])
    nearest = training.neighbours(flat).nearest.reshape(every.shape[:2])
    pool, target, near = _pool(sets, nearest, data.images)
    fields = {
        "picture": Field(in_levels(every), ("seed", "prompt", "row", "column", "channel")),
        "pool": Field(pool, ("place", "row", "column", "channel")),
        "target": Field(target, ("prompt",)),
        "nearest": Field(near, ("seed", "prompt")),
        "copies": rungs(sets),
        "drawn_nearest": Field(_drawn(sets, data.seed, training), ("prompt",)),
        **{
            name: Field(
                np.concatenate(columns[name], axis=1).astype(np.float32), ("seed", "prompt")
            )
            for name in MEASURES
        },
    }
    if right is not None:
        fields[RIGHT] = Field(right.astype(np.uint8), ("seed", "scene", "attribute"))
    return Result(
        fields,
        {"prompts": every.shape[1], "seeds": config.seeds, "extracted_over": copying.EXTRACTED},
        {
            "model": pipeline.name,
            "trained_copies": pipeline.copies,
            "prompts": [prompt for one in sets for prompt in one.prompts],
            "sets": [one.name for one in sets for _ in one.prompts],
            "near": _captions(nearest, data.captions, data.copies, pipeline.copies),
        },
    )


def _few(wanted: PromptSet) -> PromptSet:
    """As many scenes as of the other sets."""
    if wanted.scenes is None:
        return wanted
    return replace(
        wanted, prompts=wanted.prompts[:FEW], positions=wanted.positions[:FEW],
        scenes=wanted.scenes[:FEW],
    )  # fmt: skip


def rungs(sets: list[PromptSet]) -> Field:
    """The rung of every prompt."""
    return Field(
        np.repeat([RUNGS[s.name] for s in sets], [len(s.prompts) for s in sets]), ("prompt",)
    )


def _pool(
    sets: list[PromptSet], nearest: np.ndarray, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pictures that are shown beside the sampled ones, none twice, and who points at which."""
    place: dict[int, int] = {}
    pool: list[np.ndarray] = []

    def placed(position: int) -> int:
        if position not in place:
            place[position] = len(pool)
            pool.append(images[position])
        return place[position]

    target = []
    for one in sets:
        for at, position in enumerate(one.positions.tolist()):
            if position >= 0:
                target.append(placed(position))
            elif one.targets is not None:
                target.append(len(pool))
                pool.append(one.targets[at])
            else:
                target.append(-1)
    near = np.array([[placed(int(position)) for position in row] for row in nearest])
    return np.stack(pool), np.array(target), near


def _drawn(sets: list[PromptSet], seed: int, training: copying.TrainingPictures) -> np.ndarray:
    """SSIM of never-trained pictures to the nearest training picture, NaN for trained prompts."""
    found = []
    for one in sets:
        if one.scenes is not None:
            drawn = [scene.draw(rng(seed, "held out", at)) for at, scene in enumerate(one.scenes)]
            pictures = np.stack(drawn)
        elif (one.positions < 0).all() and one.targets is not None:
            pictures = one.targets
        else:
            found.append(np.full(len(one.prompts), np.nan))
            continue
        near = training.images[training.neighbours(pictures).nearest]
        found.append(copying.ssim(pictures, near))
    return np.concatenate(found).astype(np.float32)


def _captions(
    nearest: np.ndarray, captions: tuple[str, ...], copies: np.ndarray, with_copies: bool
) -> list[list[list[object]]]:
    """Caption and copies of the nearest training picture by seed and prompt."""
    return [
        [[captions[at], int(copies[at]) if with_copies else 1] for at in row]
        for row in nearest.tolist()
    ]
