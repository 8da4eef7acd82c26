"""The run of the rail: every score at every step of a few prompts, and what is predicted there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.core import BadInput, Field, Result
from engine.core.context import Context
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline, asked_prompts
from engine.labs.diffusion.config.scores import ScoresConfig
from engine.labs.diffusion.detect.recording import Recording, record
from engine.labs.diffusion.detect.where import coordinate_map, pixel_map
from engine.labs.diffusion.evaluation import training_pictures
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.pictures.shrink import shrunk
from engine.labs.diffusion.prompts import PromptSet
from engine.labs.diffusion.sampler import Step

MOST_ORDINARY = 24
MOST_SIDE = 64
"""Pictures that are larger are shown as means of blocks of their pixels."""
NOISE_RANGE = 3.0
"""Noise from minus to plus this many standard deviations is drawn from black to white."""
RAIL = ("wen", "update", "entropy")
_PICTURE = ("prompt", "step", "row", "column", "channel")


def scores(config: ScoresConfig, context: Context) -> Result:
    """Scores, previews, both predictions and their difference at every step.

    Fields (prompt, step): "wen", "update", "entropy", with "ordinary_" before those of the
    ordinary prompts; with known pictures "ssim" to the prompt's own and "ssim_nearest" to the
    nearest training picture, whose place in "training" is "nearest". Pictures (prompt, step, row,
    column, channel): "previews", "prompted" and "plain" as clean pictures, "prompted_noise" and
    "plain_noise" as noise; "where" (prompt, step, row, column) is the norm of their difference.
    """
    pipeline = asked_pipeline(config)
    wanted = _chosen(asked_prompts(pipeline, config, "prompts", context.read_input), config)
    rivals = asked_prompts(pipeline, config, "ordinary", context.read_input)
    ordinary = rivals.prompts[:MOST_ORDINARY]
    total = len(wanted.prompts) + len(ordinary)
    seen = _Seen(pipeline)
    shown = record(
        pipeline,
        wanted.prompts,
        seed=config.seed,
        count=config.steps,
        guidance=config.guidance,
        pictures=False,
        edges=False,
        watch=seen.keep,
        progress=lambda done, _: context.progress(done, total),
    )
    band = record(
        pipeline,
        ordinary,
        seed=config.seed,
        count=config.steps,
        guidance=config.guidance,
        pictures=False,
        edges=False,
        progress=lambda done, _: context.progress(len(wanted.prompts) + done, total),
    )
    fields = {**_rail(shown, ""), **_rail(band, "ordinary_"), **seen.fields()}
    training: list[dict[str, object]] = []
    if wanted.targets is not None:
        fields["target"] = Field(shrunk(wanted.targets, MOST_SIDE), ("prompt", *_PICTURE[2:]))
        fields["ssim"] = Field(_to_targets(seen.previews(), wanted.targets), ("prompt", "step"))
    if pipeline.data_seed is not None:
        nearest, training = _nearest(pipeline, seen.previews())
        fields |= nearest
    return Result(
        fields,
        {name: float(fields[name].array[:, 0].mean()) for name in RAIL},
        {
            "model": pipeline.name,
            "prompts": list(wanted.prompts),
            "set": wanted.name,
            "trained": [int(at) >= 0 for at in wanted.positions],
            "ordinary": list(ordinary),
            "ordinary_set": rivals.name,
            "timesteps": seen.timesteps,
            "training": training,
            "pixels": pipeline.vae is None,
        },
    )


def _chosen(found: PromptSet, config: ScoresConfig) -> PromptSet:
    part = found.part(config.shown, config.skip)
    if not part.prompts:
        raise BadInput("skip", f"must be below {len(found.prompts)}, the number of prompts")
    return part


class _Seen:
    """What one batch of prompts shows step by step."""

    def __init__(self, pipeline: Pipeline):
        self._pipeline = pipeline
        self._previews: list[np.ndarray] = []
        self._drawn: dict[str, list[np.ndarray]] = {
            name: [] for name in ("prompted", "plain", "prompted_noise", "plain_noise", "where")
        }
        self.timesteps: list[int] = []

    def keep(self, step: Step) -> None:
        pipeline, drawn = self._pipeline, self._drawn
        self.timesteps.append(step.timestep)
        self._previews.append(pipeline.decode(step.preview).numpy())
        for name in ("prompted", "plain"):
            clean: Tensor = getattr(step, name)
            drawn[name].append(shrunk(pipeline.decode(clean).numpy(), MOST_SIDE))
            drawn[f"{name}_noise"].append(
                shrunk(noise_picture(pipeline, step.noise(clean)), MOST_SIDE)
            )
        drawn["where"].append(pixel_map(pipeline, coordinate_map(step)).numpy())

    def previews(self) -> np.ndarray:
        """Full size, uint8 (prompts, steps, height, width, 3)."""
        return np.stack(self._previews, axis=1)

    def fields(self) -> dict[str, Field]:
        found = {
            name: Field(_kept(name, np.stack(parts, axis=1)), _PICTURE)
            for name, parts in self._drawn.items()
            if name != "where"
        }
        found["previews"] = Field(
            in_levels(np.stack([shrunk(one, MOST_SIDE) for one in self._previews], axis=1)),
            _PICTURE,
        )
        where = np.stack(self._drawn["where"], axis=1).astype(np.float16)
        return {**found, "where": Field(where, _PICTURE[:4])}


def _kept(name: str, pictures: np.ndarray) -> np.ndarray:
    """Clean pictures as they are, since their difference is drawn; noise in 64 levels."""
    return in_levels(pictures) if name.endswith("_noise") else pictures


def noise_picture(pipeline: Pipeline, noise: Tensor) -> np.ndarray:
    """Noise as a picture uint8 (n, height, width, 3): grey is zero.

    Of a latent picture the first three channels are drawn, or the only one three times.
    """
    if pipeline.vae is None:
        noise = torch.nn.functional.pixel_shuffle(noise, pipeline.patch)
    if noise.shape[1] < 3:
        noise = noise[:, :1].expand(-1, 3, -1, -1)
    scaled = 127.5 + 127.5 * noise[:, :3] / NOISE_RANGE
    return scaled.round().clamp(0, 255).to(torch.uint8).movedim(1, -1).numpy()


def _rail(recording: Recording, prefix: str) -> dict[str, Field]:
    unit = {"entropy": "nat"}
    row = "ordinary" if prefix else "prompt"
    return {
        f"{prefix}{name}": Field(getattr(recording, name), (row, "step"), unit.get(name, "1"))
        for name in RAIL
    }


def _to_targets(previews: np.ndarray, targets: np.ndarray) -> np.ndarray:
    found = [copying.ssim(previews[:, at], targets) for at in range(previews.shape[1])]
    return np.stack(found, axis=1).astype(np.float32)


def _nearest(
    pipeline: Pipeline, previews: np.ndarray
) -> tuple[dict[str, Field], list[dict[str, object]]]:
    """The nearest training picture of every preview, and what is known about those that occur."""
    assert pipeline.data_seed is not None
    data, training = build_collection(pipeline.data_seed), training_pictures(pipeline.data_seed)
    flat = previews.reshape(-1, *previews.shape[2:])
    at = training.neighbours(flat).nearest
    similar = copying.ssim(flat, training.images[at]).reshape(previews.shape[:2])
    found, place = np.unique(at, return_inverse=True)
    fields = {
        "ssim_nearest": Field(similar.astype(np.float32), ("prompt", "step")),
        "nearest": Field(place.reshape(previews.shape[:2]).astype(np.int32), ("prompt", "step")),
        "training": Field(training.images[found], ("found", *_PICTURE[2:])),
    }
    copies = data.copies if pipeline.copies else np.ones_like(data.copies)
    return fields, [
        {"caption": data.captions[one], "copies": int(copies[one])} for one in found.tolist()
    ]
