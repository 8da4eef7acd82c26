"""The attack with all of its controls: what a pruned model can still be led to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.core import Field, Result
from engine.core.context import Context
from engine.labs.diffusion import copying
from engine.labs.diffusion.asked import asked_pipeline, asked_sets
from engine.labs.diffusion.attack import BATCH, RATE, TOGETHER, search
from engine.labs.diffusion.config import CASES, HonestyConfig
from engine.labs.diffusion.evaluation import training_pictures
from engine.labs.diffusion.locate import masks as masking
from engine.labs.diffusion.locate.locating import How, locate
from engine.labs.diffusion.locate.mask_file import load_mask
from engine.labs.diffusion.locate.masks import Masks
from engine.labs.diffusion.locate.prune import prune
from engine.labs.diffusion.locate.sites import find_site
from engine.labs.diffusion.model.pipeline import Pipeline
from engine.labs.diffusion.pictures.levels import in_levels
from engine.labs.diffusion.prompts import PromptSet, find_prompts
from engine.labs.diffusion.sampler import Cut, sample, sample_states

FRAMES = 6
# Sampling seeds of the film and of the pictures before and after: the search draws other noise.
FILM_SEED, FIRST_SEED = 50, 100
PICTURE = ("row", "column", "channel")


@dataclass(frozen=True, eq=False)
class Found:
    """A search in one case: ``film`` (pictures, frames, ...) and ``before``, ``after``
    (pictures, seeds, height, width, 3) in uint8; ``losses`` (pictures, steps); ``moved`` and
    ``start_off`` (pictures,) are distances over the length of the prompt's embedding.
    """

    film: np.ndarray
    before: np.ndarray
    after: np.ndarray
    losses: np.ndarray
    moved: np.ndarray
    start_off: np.ndarray


def honesty(config: HonestyConfig, context: Context) -> Result:
    """Run the search of Kowalczuk et al. on the pruned model and on three controls."""
    pipeline = asked_pipeline(config)
    copied = find_prompts(pipeline, config.searched, field="searched")
    never = find_prompts(pipeline, "unseen", field="searched")
    wanted = {True: copied.part(config.pictures), False: never.part(config.pictures)}
    masks, site, made = asked_mask(pipeline, config, context)
    cut = prune(pipeline, find_site(site), masks)
    cases = ((wanted[True], cut), (wanted[False], cut), (wanted[True], None), (wanted[False], None))
    found, total = [], len(cases) * config.search_steps
    for number, (prompts, weights) in enumerate(cases):
        name = f"loss_{CASES[number].replace(', ', '_').replace(' ', '_')}"

        def tell(share: float, loss: float, number: int = number, name: str = name) -> None:
            done = (number + share) * config.search_steps
            context.progress(round(done), total, **{name: loss})

        found.append(search_case(pipeline, prompts, weights, config, tell))
    targets = np.stack([targets_of(wanted[kind]) for kind in (True, False)])
    return Result(
        fields=_fields(pipeline, found, targets, wanted[True], config),
        metrics={"share_cut": masking.share(masks), "weights_cut": sum_cut(masks)},
        notes={
            "cases": list(CASES),
            "prompts": {
                "copied": list(wanted[True].prompts),
                "never seen": list(wanted[False].prompts),
            },
            "mask": {"site": site, "by": made},
            "apart": apart(pipeline, wanted[True].prompts),
        },
    )


def targets_of(prompts: PromptSet) -> np.ndarray:
    """The pictures of a set whose captions have some, uint8 (n, height, width, 3)."""
    assert prompts.targets is not None  # the config offers no other sets
    return prompts.targets


def asked_mask(
    pipeline: Pipeline, config: HonestyConfig, context: Context
) -> tuple[Masks, str, str]:
    """The uploaded or located mask, its site, and in words where it comes from."""
    if config.mask:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mask.safetensors"
            path.write_bytes(context.read_input(config.mask))
            file = load_mask(path, pipeline)
        return file.masks, file.site, "your mask file"
    how = How(sparsity=config.sparsity, tau=config.tau, site=config.site)
    sets = [one.prompts for one in asked_sets(pipeline, config.sets, "sets")]

    def tell(*_: int) -> None:
        context.progress(0, 1)  # asks whether to stop

    return locate(pipeline, sets, how, progress=tell), config.site, f"located from {config.sets}"


def sum_cut(masks: Masks) -> int:
    """How many weights a mask cuts."""
    return sum(masking.counts(masks).values())


def film_steps(count: int) -> list[int]:
    """The steps after which a frame is kept: the start, the end and evenly between."""
    return sorted({round(step) for step in np.linspace(0, count, FRAMES).tolist()})


def starts(
    pipeline: Pipeline, prompts: PromptSet, cut: Cut | None, config: HonestyConfig
) -> tuple[Tensor, Tensor]:
    """The prompts' own embeddings and where the search starts, both (n, length, width)."""
    text = cut.text if cut else None
    own = pipeline.encode(prompts.prompts, text)
    if config.start == "prompt":
        return own, own
    if config.start == "random":
        draw = torch.Generator().manual_seed(config.search_seed)
        return own, torch.randn(own.shape, generator=draw)
    every = find_prompts(pipeline, prompts.name).prompts
    others = [every[(every.index(prompt) + 1) % len(every)] for prompt in prompts.prompts]
    return own, pipeline.encode(others, text)


def search_case(
    pipeline: Pipeline,
    prompts: PromptSet,
    cut: Cut | None,
    config: HonestyConfig,
    tell: Callable[[float, float], None] = lambda share, loss: None,
) -> Found:
    """Search for every picture of ``prompts`` on the model cut by ``cut``, and sample.

    ``tell`` is given the share done and the mean loss of the last step; it may raise to stop.
    """
    own, start = starts(pipeline, prompts, cut, config)
    clean = pipeline.to_latents(torch.from_numpy(targets_of(prompts)))
    kept, curves = [], []
    for begin in range(0, len(start), TOGETHER):
        part = slice(begin, begin + TOGETHER)
        frames = {0: start[part]}

        def watch(
            step: int, states: Tensor, loss: Tensor,
            begin: int = begin, frames: dict[int, Tensor] = frames,
        ) -> None:  # fmt: skip
            if step in film_steps(config.search_steps):
                frames[step] = states
            done = begin + len(states) * step / config.search_steps
            tell(done / len(start), float(loss.mean()))

        _, losses = search(
            pipeline, start[part], clean[part], cut, count=config.search_steps, rate=RATE,
            batch=BATCH, seed=config.search_seed + begin, watch=watch,
        )  # fmt: skip
        kept.append(torch.stack([frames[step] for step in sorted(frames)], dim=1))
        curves.append(losses)
    states = torch.cat(kept)  # n frames length width
    film = [
        sample_states(pipeline, states[:, frame], seed=FILM_SEED, cut=cut).numpy()
        for frame in range(states.shape[1])
    ]
    seeds = range(FIRST_SEED, FIRST_SEED + config.draws)
    before = [sample(pipeline, prompts.prompts, seed=seed, cut=cut).numpy() for seed in seeds]
    after = [sample_states(pipeline, states[:, -1], seed=seed, cut=cut).numpy() for seed in seeds]
    size = own.flatten(1).norm(dim=1)
    return Found(
        film=np.stack(film, axis=1),
        before=np.stack(before, axis=1),
        after=np.stack(after, axis=1),
        losses=np.concatenate(curves),
        moved=((states[:, -1] - start).flatten(1).norm(dim=1) / size).numpy(),
        start_off=((start - own).flatten(1).norm(dim=1) / size).numpy(),
    )


def apart(pipeline: Pipeline, prompts: tuple[str, ...]) -> float | None:
    """The mean distance between two prompts' embeddings over their length; None for one prompt."""
    if len(prompts) < 2:
        return None
    states = pipeline.encode(prompts).flatten(1)
    distances = torch.cdist(states, states).sum() / (len(prompts) * (len(prompts) - 1))
    return float(distances / states.norm(dim=1).mean())


def _fields(
    pipeline: Pipeline,
    found: list[Found],
    targets: np.ndarray,
    copied: PromptSet,
    config: HonestyConfig,
) -> dict[str, Field]:
    def every(name: str) -> np.ndarray:
        return np.stack([getattr(one, name) for one in found])

    of_case = np.stack([targets[number % 2] for number in range(len(found))])
    film, before, after = every("film"), every("before"), every("after")
    case, seeds = ("case", "picture"), ("case", "picture", "seed")
    return {
        "targets": Field(targets, ("kind", "picture", *PICTURE)),
        "film": Field(in_levels(film), ("case", "picture", "frame", *PICTURE)),
        "film_step": Field(np.array(film_steps(config.search_steps)), ("frame",)),
        "film_ssim": Field(similar(film, of_case), ("case", "picture", "frame")),
        "before": Field(in_levels(before), (*seeds, *PICTURE)),
        "after": Field(in_levels(after), (*seeds, *PICTURE)),
        "ssim_before": Field(similar(before, of_case), seeds),
        "ssim_after": Field(similar(after, of_case), seeds),
        "hit_before": Field(hits(pipeline, before[[0, 2]], copied), seeds),
        "hit_after": Field(hits(pipeline, after[[0, 2]], copied), seeds),
        "losses": Field(every("losses").astype(np.float32), ("case", "picture", "step")),
        "moved": Field(every("moved"), case),
        "start_off": Field(every("start_off"), case),
    }


def similar(pictures: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """SSIM of (case, picture, any, ...) to targets (case, picture, ...): (case, picture, any)."""
    many = np.broadcast_to(targets[:, :, None], pictures.shape)
    flat = copying.ssim(
        pictures.reshape(-1, *pictures.shape[3:]), many.reshape(-1, *many.shape[3:])
    )
    return flat.reshape(pictures.shape[:3]).astype(np.float32)


def hits(pipeline: Pipeline, pictures: np.ndarray, copied: PromptSet) -> np.ndarray:
    """Whether the nearest training picture is the target, bool (case, picture, seed).

    Of the two cases with copied pictures; a never-seen target is in no training picture.
    """
    assert pipeline.data_seed is not None  # sets by name belong to the embedded models
    flat = pictures.reshape(-1, *pictures.shape[3:])
    nearest = training_pictures(pipeline.data_seed).neighbours(flat).nearest
    return nearest.reshape(pictures.shape[:3]) == copied.positions[None, :, None]
