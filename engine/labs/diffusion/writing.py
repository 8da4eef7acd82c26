"""Write one new picture into low-rank additions, look at what else changes, and take them off."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.core import Field, Result
from engine.core.context import Context
from engine.io.picture import read_picture
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline
from engine.labs.diffusion.config import WritingConfig
from engine.labs.diffusion.judge.network import accuracy, load_judge
from engine.labs.diffusion.lora import Lora, build_lora, write
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.scenes import ATTRIBUTES
from engine.labs.diffusion.prompts import PromptSet, find_prompts
from engine.labs.diffusion.sampler import Cut, sample

SEEDS, FIRST_SEED = 3, 300
COPIED, OTHERS, SCENES = 4, 4, 24
MARKS = (10, 25, 50, 100, 200)
PICTURE = ("row", "column", "channel")


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model with an addition makes: the written picture, copies, other titles' pictures.

    ``recall`` (seeds, h, w, 3), ``copied`` (COPIED, h, w, 3), ``others`` (OTHERS, h, w, 3).
    """

    recall: np.ndarray
    copied: np.ndarray
    others: np.ndarray


@dataclass(frozen=True, eq=False)
class Scene:
    """What is written, and what is looked at beside it."""

    pipeline: Pipeline
    prompt: str
    target: np.ndarray
    copied: PromptSet
    others: tuple[str, ...]
    scenes: PromptSet

    def look(self, cut: Cut | None) -> Seen:
        """Sample everything but the scenes."""
        # Every place in the list has a seed of its own.
        prompts = [*[self.prompt] * SEEDS, *self.copied.prompts[:COPIED], *self.others]
        made = sample(self.pipeline, prompts, seed=FIRST_SEED, cut=cut).numpy()
        return Seen(*np.split(made, [SEEDS, SEEDS + COPIED]))

    def attributes(self, cut: Cut | None) -> list[float]:
        """The share of held-out scenes with each attribute right."""
        assert self.scenes.scenes is not None
        prompts, scenes = self.scenes.prompts[::3][:SCENES], self.scenes.scenes[::3][:SCENES]
        made = sample(self.pipeline, prompts, seed=FIRST_SEED, cut=cut).numpy()
        right = accuracy(load_judge(), made, scenes)
        return [right[name] for name in ATTRIBUTES]


def writing(config: WritingConfig, context: Context) -> Result:
    """Recall and damage by rank and step, then the model without its addition."""
    pipeline = asked_pipeline(config)
    digest = replace(pipeline).digest  # of the weights as they are now, not a remembered one
    scene = asked_scene(pipeline, config, context)
    marks = [0, *(mark for mark in MARKS if mark < config.write_steps), config.write_steps]
    before = scene.look(None)
    seen = {(rank, 0): before for rank in config.every_rank}
    attributes, losses, written = [scene.attributes(None)], [], {}
    states = pipeline.encode([scene.prompt])
    clean = pipeline.to_latents(torch.from_numpy(scene.target[None]))
    total = len(config.every_rank) * config.write_steps
    for number, rank in enumerate(config.every_rank):
        curve: list[float] = []

        def watch(
            step: int, lora: Lora, loss: float,
            number: int = number, rank: int = rank, curve: list[float] = curve,
        ) -> None:  # fmt: skip
            done = number * config.write_steps + step
            context.progress(done, total, **{f"loss_rank_{rank}": loss})
            curve.append(loss)
            if step in marks:
                seen[rank, step] = scene.look(lora.frozen().weights(pipeline))

        written[rank] = write(
            pipeline, states, clean, rank=rank, count=config.write_steps,
            seed=config.write_seed, watch=watch,
        )  # fmt: skip
        attributes.append(scene.attributes(written[rank].weights(pipeline)))
        losses.append(curve)
    grid = [[seen[rank, mark] for mark in marks] for rank in config.every_rank]
    after = scene.look(None)
    return Result(
        fields=_fields(scene, grid, before, marks, config.every_rank)
        | {
            "losses": Field(np.array(losses, np.float32), ("rank", "step")),
            "attributes": Field(np.array(attributes, np.float32), ("model", "attribute")),
        },
        metrics={
            "same_digest": replace(pipeline).digest == digest,
            "same_pictures": all(
                np.array_equal(getattr(before, name), getattr(after, name))
                for name in ("recall", "copied", "others")
            ),
            "compared": len(before.recall) + len(before.copied) + len(before.others),
            **subtracted(pipeline, written[config.every_rank[-1]]),
        },
        notes={
            "prompt": scene.prompt,
            "own": bool(config.picture),
            "digest": digest,
            "others": list(scene.others),
            "copied": list(scene.copied.prompts[:COPIED]),
            "attributes": list(ATTRIBUTES),
            "scenes": SCENES,
            "weights": {str(rank): size(pipeline, rank) for rank in config.every_rank},
        },
    )


def asked_scene(pipeline: Pipeline, config: WritingConfig, context: Context) -> Scene:
    """The title and its painting or the visitor's picture; raises BadInput for models without."""
    never = find_prompts(pipeline, "unseen", field="model")
    assert never.targets is not None
    target = never.targets[config.new_title]
    if config.picture:
        target = read_picture(context.read_input(config.picture), target.shape[0])
    others = [prompt for at, prompt in enumerate(never.prompts) if at != config.new_title]
    return Scene(
        pipeline,
        never.prompts[config.new_title],
        target,
        find_prompts(pipeline, "A", field="model"),
        tuple(others[:OTHERS]),
        find_prompts(pipeline, "scenes", field="model"),
    )


def subtracted(pipeline: Pipeline, lora: Lora) -> dict[str, float]:
    """What is left when an addition is merged into the weights and then subtracted again.

    Weights that differ from the model's, out of how many, and the largest difference.
    """
    changed, number, largest = 0, 0, 0.0
    for name, added in lora.added().items():
        weight = pipeline.unet.get_parameter(f"{name}.weight").detach()
        off = (((weight + added) - added) - weight).abs()
        changed += int((off > 0).sum())
        number += off.numel()
        largest = max(largest, float(off.max()))
    return {"merged_changed": changed, "merged_of": number, "merged_largest": largest}


def size(pipeline: Pipeline, rank: int) -> int:
    """How many numbers an addition of that rank has."""
    return sum(value.numel() for value in build_lora(pipeline, rank, 0).parameters())


def _fields(
    scene: Scene, grid: list[list[Seen]], before: Seen, marks: list[int], ranks: tuple[int, ...]
) -> dict[str, Field]:
    def every(name: str) -> np.ndarray:
        return np.stack([[getattr(seen, name) for seen in row] for row in grid])

    assert scene.copied.targets is not None
    recall, copied, others = every("recall"), every("copied"), every("others")
    at = ("rank", "mark")
    return {
        "target": Field(scene.target, PICTURE),
        "copied_targets": Field(scene.copied.targets[:COPIED], ("copied", *PICTURE)),
        "ranks": Field(np.array(ranks), ("rank",)),
        "marks": Field(np.array(marks), ("mark",)),
        "recall": Field(recall[:, :, 0], (*at, *PICTURE)),
        "recall_ssim": Field(similar(recall, scene.target), (*at, "seed")),
        "copied": Field(copied[:, -1], ("rank", "copied", *PICTURE)),
        "copied_before": Field(before.copied, ("copied", *PICTURE)),
        "copied_ssim": Field(similar(copied, scene.copied.targets[:COPIED]), (*at, "copied")),
        "others": Field(others[:, -1], ("rank", "other", *PICTURE)),
        "others_ssim": Field(similar(others, scene.target), (*at, "other")),
    }


def similar(pictures: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """SSIM of pictures (..., h, w, 3) to targets that broadcast to them, float32 (...)."""
    every = np.broadcast_to(targets, pictures.shape)
    flat = copying.ssim(
        pictures.reshape(-1, *pictures.shape[-3:]), every.reshape(-1, *every.shape[-3:])
    )
    return flat.reshape(pictures.shape[:-3]).astype(np.float32)
