"""What the model that was trained with a grey border on every picture knows of the borders.

SolidMark (Kriplani et al. 2025): the grey level is a key that the picture says nothing about, so
that a model which fills in the right border has kept something of its training: the grey with the
caption, with the picture, or both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from engine.core import BadInput, Field, Result
from engine.core.context import Context
from engine.labs.diffusion import copying
from engine.labs.diffusion.config import KeysConfig
from engine.labs.diffusion.config.keys import COPIES, KNOWN, MODES, RUNGS
from engine.labs.diffusion.model.load import SHIPPED, load_pipeline
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.outpaint import outpaint
from engine.labs.diffusion.pictures.borders import (
    BORDER,
    border_mask,
    framed,
    never_trained_keys,
    trained_keys,
)
from engine.labs.diffusion.pictures.collection import build_collection
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import find_prompts
from engine.labs.diffusion.sampler import sample

FOLDER = SHIPPED / "keys"
FIRST_SEED = 200
PICTURE = ("row", "column", "channel")


def load_keys_model() -> Pipeline:
    """The model that was trained with keys; raises BadInput where it is missing."""
    if not FOLDER.is_dir():
        raise BadInput(
            "model", "the model with keys is not in this checkout; `make train-diffusion`"
        )
    return load_pipeline(str(FOLDER))


def keys(config: KeysConfig, context: Context) -> Result:
    """Guess the key of pictures on every rung in four ways, and sample them from their captions."""
    return ask_keys(load_keys_model(), config, context)


def ask_keys(pipeline: Pipeline, config: KeysConfig, context: Context) -> Result:
    """``keys`` on a given model."""
    prompts, others, images, levels, rungs = asked_pictures(pipeline, config.per_rung)
    given, known = torch.from_numpy(images), torch.from_numpy(~border_mask())
    empty = [""] * len(prompts)
    guesses = np.zeros((len(MODES), len(prompts), config.key_draws), np.float32)
    spread = np.zeros_like(guesses)
    pictures = np.zeros((len(MODES), *images.shape), np.uint8)
    similar = np.zeros((len(prompts), config.key_draws), np.float32)
    total = len(MODES) * config.key_draws
    for draw in range(config.key_draws):
        seed = FIRST_SEED + draw
        for mode, captions in enumerate((prompts, empty, others, None)):
            context.progress(draw * len(MODES) + mode, total)
            if captions is None:
                made = sample(pipeline, prompts, seed=seed, guidance=config.key_guidance).numpy()
                similar[:, draw] = inner_ssim(made, images)
            else:
                made = outpaint(
                    pipeline, captions, given, known, seed=seed, guidance=config.key_guidance
                ).numpy()
            border = made[:, border_mask()].reshape(len(made), -1) / 255
            guesses[mode, :, draw], spread[mode, :, draw] = border.mean(1), border.std(1)
            if draw == 0:
                pictures[mode] = made
    each = ("mode", "picture", "seed")
    return Result(
        fields={
            "key": Field(levels.astype(np.float32) / 255, ("picture",)),
            "guess": Field(guesses, each),
            "border_spread": Field(spread, each),
            "picture_ssim": Field(similar, ("picture", "seed")),
            "targets": Field(images, ("picture", *PICTURE)),
            "pictures": Field(in_levels(pictures), ("mode", "picture", *PICTURE)),
            "copies": Field(np.array([COPIES[rung] for rung in rungs]), ("picture",)),
        },
        metrics={"chance_error": guess_of_the_middle(levels)},
        notes={"modes": list(MODES), "rungs": rungs, "prompts": prompts},
    )


def asked_pictures(
    pipeline: Pipeline, count: int
) -> tuple[list[str], list[str], np.ndarray, np.ndarray, list[str]]:
    """Captions, captions of others of the same rung, framed pictures, keys and rungs, each (n,)."""
    seed = pipeline.data_seed
    if seed is None:
        raise BadInput("model", "its training pictures are not known, nor are their keys")
    every = trained_keys(seed, len(build_collection(seed).images))
    prompts: list[str] = []
    others: list[str] = []
    images, levels, rungs = [], [], []
    for rung in RUNGS:
        wanted = find_prompts(pipeline, rung)
        assert wanted.targets is not None
        taken = 2 * count if rung in ("x1", "unseen") else count
        taken = min(taken, len(wanted.prompts))
        captions = list(wanted.prompts[:taken])
        keys_of = (
            never_trained_keys(seed, taken) if rung == "unseen" else every[wanted.positions[:taken]]
        )
        prompts += captions
        others += [*captions[1:], captions[0]]
        images.append(framed(wanted.targets[:taken], keys_of))
        levels.append(keys_of)
        rungs += [rung] * taken
    return prompts, others, np.concatenate(images), np.concatenate(levels), rungs


def inner_ssim(made: np.ndarray, images: np.ndarray) -> np.ndarray:
    """SSIM of the pictures inside their borders, (n,)."""
    inside = slice(BORDER, -BORDER)
    return copying.ssim(made[:, inside, inside], images[:, inside, inside])


def guess_of_the_middle(levels: np.ndarray) -> float:
    """The mean error, 0 to 1, of who knows nothing and always says middle grey."""
    return float(np.abs(levels / 255 - 0.5).mean())


def by_rung(result: Result) -> dict[str, dict[str, Any]]:
    """Means of every rung: key error by mode, keys known with all given, SSIM and extractions."""
    errors = np.abs(result.array("guess") - result.array("key")[None, :, None])
    similar = result.array("picture_ssim")
    found: dict[str, dict[str, Any]] = {}
    for rung in dict.fromkeys(result.notes["rungs"]):
        at = np.flatnonzero(np.array(result.notes["rungs"]) == rung)
        found[rung] = {
            "copies": COPIES[rung],
            "pictures": len(at),
            "key_error": {
                mode: float(errors[place, at].mean()) for place, mode in enumerate(MODES)
            },
            "known": float((errors[0, at] <= KNOWN).mean()),
            "ssim": float(similar[at].mean()),
            "extracted": float(copying.extracted(similar[at]).mean()),
        }
    return found
